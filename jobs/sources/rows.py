"""What an import offers, line by line, before it is known whether it can be used; and the same for an export."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.text import clean_line
from storage.records import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from crawler.sources import Source

MAX_TAG = 40
COLUMNS = (
    "name",
    "url",
    "kind",
    "every",
    "language",
    "tags",
    "why",
    "expect_per_day",
    "render",
    "keep_flagged",
    "keep_rejected",
    "excerpt",
    "family",
)
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One source as another program wrote it down. `place` says where it stands in the file."""

    place: str
    url: str
    name: str = ""
    kind: str | None = None
    every: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    why: str = ""
    expect_per_day: float | str | None = None  # as it stands there when it is no number
    render: bool | str = False  # likewise
    keep_flagged: str | None = None
    keep_rejected: str | None = None
    excerpt: int | str | None = None  # likewise
    family: str | None = None
    wrong: str = ""  # why nothing can be made of it, where the file itself says so


def tags_of(words: Iterable[str]) -> tuple[str, ...]:
    """The words as tags, each once."""
    return tuple(dict.fromkeys(tag for word in words if (tag := clean_line(word, limit=MAX_TAG))))


def row_of(place: str, said: Mapping[str, str]) -> Row:
    """The source that these cells say, each under its key."""
    return Row(
        place=place,
        name=said.get("name", ""),
        url=said.get("url", ""),
        kind=said.get("kind") or None,
        every=said.get("every") or None,
        language=said.get("language") or None,
        tags=tags_of(re.split(r"[;,|]", said.get("tags", ""))),
        why=said.get("why", ""),
        expect_per_day=_number(said.get("expect_per_day", "")),
        render=_fact(said.get("render", "")),
        keep_flagged=said.get("keep_flagged") or None,
        keep_rejected=said.get("keep_rejected") or None,
        excerpt=_whole(said.get("excerpt", "")),
        family=said.get("family") or None,
    )


def cells_of(source: Source) -> dict[str, str]:
    """What `row_of` reads: a cell for each of `COLUMNS`, empty where nothing was said."""
    cells = {
        "name": source.name,
        "url": source.url,
        "kind": source.kind or "",
        "every": _span(source.every),
        "language": source.language or "",
        "tags": ";".join(source.tags),
        "why": source.why,
        "expect_per_day": "" if source.expect_per_day is None else f"{source.expect_per_day:g}",
        "render": "true" if source.render else "",
        "keep_flagged": _span(source.keep_flagged),
        "keep_rejected": _span(source.keep_rejected),
        "excerpt": "" if source.excerpt is None else str(source.excerpt),
        "family": source.family or "",
    }
    return {key: clean_line(cells[key], limit=3000) for key in COLUMNS}


def _number(cell: str) -> float | str | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return cell


def _whole(cell: str) -> int | str | None:
    return int(cell) if cell.isascii() and cell.isdecimal() else cell or None


def _fact(cell: str) -> bool | str:
    return {"": False, "false": False, "true": True}.get(cell.lower(), cell)


def _span(span: timedelta | None) -> str:
    if span is None or span >= FOREVER:
        return "" if span is None else "forever"
    seconds = int(span.total_seconds())
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"
