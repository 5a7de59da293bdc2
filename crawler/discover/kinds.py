"""What a source can be, and what one response of it offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from crawler.sources import SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from storage.records import Link

__all__ = ["Drop", "Found", "SourceKind"]


class Drop(StrEnum):
    """Why something that a source offers is not among the links."""

    NO_LINK = "no-link"  # an item that links to nothing
    NOT_HTTP = "not-http"  # javascript:, mailto:, a host that cannot be, a user in the URL, too long
    DUPLICATE = "duplicate"  # the same page again
    OVER_CAP = "over-cap"  # older than the newest ones we take
    OVER_SIZE = "over-size"  # the rest of a body past the size we read; counted once, its links are unknown
    UNREADABLE = "unreadable"  # the markup is too broken
    STALE = "stale"  # a sitemap of an index that has not changed for days
    OFF_SITE = "off-site"
    NAVIGATION = "navigation"  # in a menu, a footer, a side column
    NOT_AN_ARTICLE = "not-an-article"  # its URL and its words are those of a section, a tag, a service page


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one response of a source offers: links in its order, and a count of everything that was left out."""

    kind: SourceKind
    links: tuple[Link, ...]
    children: tuple[str, ...] = ()  # sitemaps to look into, newest first
    feeds: tuple[str, ...] = ()  # that a page announces, in its order, feeds of comments last
    next_page: str | None = None  # of a section page: where it says that it goes on, on its own host
    dropped: Mapping[str, int] = field(default_factory=dict)  # a `Drop` -> how many
    title: str | None = None  # of the feed or page
    period: timedelta | None = None  # how often the feed asks to be looked at
    dates_refused: int = 0  # links whose date was unreadable, before 1995 or in the future; they are kept, undated
