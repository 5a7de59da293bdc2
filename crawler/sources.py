"""A source: where we look. Data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from crawler.discover import SourceKind


@dataclass(frozen=True, kw_only=True)
class Source:
    """One table of `sources.toml`. Without `kind` it is told from what the URL answers."""

    name: str
    url: str
    kind: SourceKind | None = None
    every: timedelta | None = None  # polled by every crawl unless given
    language: str | None = None
    expect_per_day: float | None = None
    tags: tuple[str, ...] = ()
    why: str = ""


def due(sources: Iterable[Source], last: Mapping[str, datetime], *, at: datetime) -> list[Source]:
    """The sources whose interval has passed since their last poll. A clock that went back makes all of them due."""
    return [source for source in sources if _due(source, last.get(source.name), at)]


def _due(source: Source, last: datetime | None, at: datetime) -> bool:
    return source.every is None or last is None or last > at or at - last >= source.every
