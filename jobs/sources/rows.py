"""What an import offers, line by line, before it is known whether it can be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TAG = 40


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


def tags_of(words: Iterable[str]) -> tuple[str, ...]:
    """The words as tags, each once."""
    return tuple(dict.fromkeys(tag for word in words if (tag := clean_line(word, limit=MAX_TAG))))
