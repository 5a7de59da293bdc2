"""A source: where we look. Data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler import schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from storage.records import SourceState

LONGEST_SITEMAP = 50 * 1024 * 1024  # bytes, unpacked: the limit of the sitemap protocol
USUAL = 16 * 1024 * 1024  # bytes of any other answer


class SourceKind(StrEnum):
    """How a source lists its articles."""

    FEED = "feed"  # RSS, RDF, Atom, JSON Feed
    SITEMAP = "sitemap"
    SITEMAP_INDEX = "sitemap-index"
    SECTION = "section"  # an HTML page that links to articles
    ARCHIVE = "archive"  # WARC files on this machine, with the articles themselves


@dataclass(frozen=True, kw_only=True)
class Source:
    """One table of `sources.toml`. Without `kind` it is told from what the URL answers."""

    name: str
    url: str
    kind: SourceKind | None = None
    every: timedelta | None = None  # found out from what it offers unless given
    language: str | None = None
    expect_per_day: float | None = None
    render: bool = False  # its pages need a browser; what it is polled at never does
    tags: tuple[str, ...] = ()
    why: str = ""
    keep_flagged: timedelta | None = None  # how long its text may be kept; None is as for every source
    keep_rejected: timedelta | None = None
    excerpt: int | None = None  # characters of its text that may be shown to others
    family: str | None = None  # its publisher, by a name that the publisher's other sources have too


def longest(url: str, kind: SourceKind | None, *, most: int) -> int:
    """How many bytes are read of what a source of this kind answers at a URL, where `most` holds for every answer.

    A sitemap may be as long as its protocol allows, unless the operator wants less than usual of everything.
    """
    sitemap = kind in {SourceKind.SITEMAP, SourceKind.SITEMAP_INDEX}
    may_be = sitemap or (kind is None and "sitemap" in urlsplit(url).path.lower())
    return max(most, LONGEST_SITEMAP) if may_be and most >= USUAL else most


def due(sources: Iterable[Source], states: Mapping[str, SourceState], *, at: datetime) -> list[Source]:
    """The sources whose time has come, those never polled among them."""
    return [source for source in sources if _due(source, states.get(source.name), at)]


def _due(source: Source, state: SourceState | None, at: datetime) -> bool:
    if state is None or state.url != source.url:
        return True
    return schedule.due(state.rhythm, at=at, every=source.every)
