"""Labelled documents to train and measure on, and the copies that teach robustness.

A file has one JSON object a line, plain or xz: `id, source, title, text, lang, label` ("espionage" or "other"), and
optionally `label_kind, hard_negative, borderline, date`. Other keys are left alone.
"""

from __future__ import annotations

import json
import lzma
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

POSITIVE = "espionage"
LABELS = (POSITIVE, "other")

_SIDEBARS, _UNTITLED, _TITLES, _TEASERS = 0.28, 0.06, 0.06, 0.2  # share of the documents that are copied so
_HEADLINES = (5, 25)
_ABOVE = 1 / 3  # of the sidebars
_BEFORE_SIDEBAR = 4_000  # characters of text, so that what is below is still read
_TEASER = (120, 600)  # characters
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


class CorpusError(ValueError):
    """A line of a corpus is no labelled document. Says the file, the line and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text with its label. `borderline` rows are left out of headline figures."""

    id: str
    source: str
    title: str
    text: str
    language: str | None
    espionage: bool
    label_kind: str = "hand"
    hard_negative: bool = False
    borderline: bool = False
    year: str | None = None


def read_corpora(paths: Sequence[Path]) -> list[Document]:
    """All documents of .jsonl and .jsonl.xz files, in their order."""
    return [document for path in paths for document in _read(path)]


def copies(documents: Sequence[Document], *, seed: int) -> list[Document]:
    """Copies as pages come: with a sidebar of other stories, without their title, or with little of the text."""
    random = Random(seed)  # noqa: S311 - a shuffle, not a secret
    headlines = _headlines(documents)
    made = [_copy(document, headlines[document.language], random) for document in documents]
    return [copy for copy in made if copy is not None]


def with_sidebar(document: Document, headlines: Sequence[str], random: Random) -> Document:
    """The document as a page reads whose extraction kept the list of other stories, above or below."""
    sidebar = "\n".join(random.choice(headlines) for _ in range(random.randint(*_HEADLINES)))
    parts = (sidebar, document.text) if random.random() < _ABOVE else (document.text[:_BEFORE_SIDEBAR], sidebar)
    return replace(document, text="\n".join(parts))


def all_with_sidebars(documents: Sequence[Document], *, seed: int) -> list[Document]:
    """Every document with a sidebar of other stories' titles in its language."""
    random = Random(seed)  # noqa: S311 - a shuffle, not a secret
    headlines = _headlines(documents)
    return [
        with_sidebar(document, headlines[document.language], random) if headlines[document.language] else document
        for document in documents
    ]


def _headlines(documents: Sequence[Document]) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = defaultdict(list)
    for document in documents:
        if document.title:
            found[document.language].append(document.title)
    return found


def _copy(document: Document, headlines: Sequence[str], random: Random) -> Document | None:
    kind, size = random.random(), random.randint(*_TEASER)
    if kind < _SIDEBARS:
        return with_sidebar(document, headlines, random) if headlines else None
    if kind < _SIDEBARS + _UNTITLED:
        return replace(document, title="") if document.text else None
    if kind < _SIDEBARS + _UNTITLED + _TITLES:
        return replace(document, text="") if document.title else None
    if kind < _SIDEBARS + _UNTITLED + _TITLES + _TEASERS and len(document.text) > 2 * size:
        return replace(document, text=document.text[:size].rsplit(" ", 1)[0])
    return None


def _read(path: Path) -> Iterator[Document]:
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _document(line, f"{path}:{number}")


def _year(date: str) -> str | None:
    """The year, in whatever order the date is written."""
    found = _YEAR.search(date)
    return found[0] if found else None


def _document(line: str, where: str) -> Document:
    try:
        row: dict[str, Any] = json.loads(line)
        if row["label"] not in LABELS:
            raise CorpusError(f"{where}: label {row['label']!r} is none of {', '.join(LABELS)}")
        return Document(
            id=row["id"],
            source=row["source"],
            title=row["title"] or "",
            text=row["text"] or "",
            language=row["lang"],
            espionage=row["label"] == POSITIVE,
            label_kind=row.get("label_kind", "hand"),
            hard_negative=bool(row.get("hard_negative")),
            borderline=bool(row.get("borderline")),
            year=_year(str(row.get("date") or "")),
        )
    except json.JSONDecodeError as error:
        raise CorpusError(f"{where}: not JSON: {error}") from error
    except KeyError as error:
        raise CorpusError(f"{where}: the document lacks {error}") from error
