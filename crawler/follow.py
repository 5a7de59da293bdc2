"""Through which feed or news sitemap a source without a `kind` is polled, once one was found behind its page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from storage.records import SourceFeed

if TYPE_CHECKING:
    from datetime import datetime

SEARCHED_AGAIN_AFTER = timedelta(days=7)


def searched(known: SourceFeed | None, *, at: datetime) -> bool:
    """Whether a better source than the page is looked for now: the first time, and then once a week."""
    return known is None or at - known.at >= SEARCHED_AGAIN_AFTER or known.at > at


def followed(url: str, *, why: str, at: datetime) -> SourceFeed:
    """The page's feed or news sitemap is good, and polled in its place from now on."""
    return SourceFeed(url=url, why=why, at=at)


def unworthy(tried: dict[str, str], *, at: datetime) -> SourceFeed:
    """No feed is good, each for its reason: the page itself is the source."""
    return SourceFeed(url=None, why="; ".join(f"{url}: {why}" for url, why in tried.items()), at=at)


def given_up(known: SourceFeed, *, at: datetime) -> SourceFeed:
    """The feed has failed too often: back to the page."""
    return SourceFeed(url=None, why=f"{known.url} failed several times in a row", at=at)
