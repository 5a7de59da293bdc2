"""From what a source offers to links: resolved, identified, dated, counted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crawler.discover.dates import first_plausible
from crawler.discover.kinds import Drop
from crawler.discover.markup import plain
from crawler.urls import url_and_key
from storage.records import Link

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LINKS = 5_000  # of one response, the newest
MAX_READ = 100_000  # twice what a sitemap may hold; beyond it a response is only counted
SUMMARY_LENGTH = 2_000  # code points
_NAME_LENGTH = 200  # of an author
_UNDATED = datetime.min.replace(tzinfo=UTC)


class Offer(NamedTuple):
    """One item as its source wrote it. `dates` are in the order of trust, `title` and `summary` may hold HTML."""

    href: str | None
    base: str  # what `href` is relative to
    title: str = ""
    dates: tuple[str, ...] = ()
    summary: str = ""
    authors: tuple[str, ...] = ()
    modified: str = ""  # says which items are the newest where `dates` do not


class Gathered(NamedTuple):
    """The links, in the order of the source, and what was left out."""

    links: tuple[Link, ...]
    dropped: Counter[str]
    dates_refused: int


def gather(offers: Iterable[Offer], *, source: str, at: datetime, cap: int = MAX_LINKS) -> Gathered:
    """Links of the `cap` newest offers, in the order of the source. Undated ones go first where the cap bites."""
    dropped: Counter[str] = Counter()
    unique = _newest(_unique(offers, dropped), cap, dropped, at)
    links: list[Link] = []
    refused = 0
    for key, (url, (_, _, title, dates, summary, authors, _)) in unique.items():
        published = first_plausible(dates, at=at)
        refused += published is None and any(dates)
        text = plain(summary, limit=SUMMARY_LENGTH)
        links.append(Link(key, url, source, plain(title) or None, published, text or None, _names(authors)))
    return Gathered(tuple(links), dropped, refused)


def _unique(offers: Iterable[Offer], dropped: Counter[str]) -> dict[str, tuple[str, Offer]]:
    unique: dict[str, tuple[str, Offer]] = {}
    for offer in offers:
        if not offer.href:
            dropped[Drop.NO_LINK] += 1
        elif (known := url_and_key(offer.base, offer.href)) is None:
            dropped[Drop.NOT_HTTP] += 1
        elif (key := known[1]) in unique:
            dropped[Drop.DUPLICATE] += 1
        elif len(unique) >= MAX_READ:
            dropped[Drop.OVER_CAP] += 1
        else:
            unique[key] = (known[0], offer)
    return unique


def _newest(
    unique: dict[str, tuple[str, Offer]], cap: int, dropped: Counter[str], at: datetime
) -> dict[str, tuple[str, Offer]]:
    if len(unique) <= cap:
        return unique
    dropped[Drop.OVER_CAP] += len(unique) - cap
    kept = set(sorted(unique, key=lambda key: _recency(unique[key][1], at), reverse=True)[:cap])
    return {key: value for key, value in unique.items() if key in kept}


def _recency(offer: Offer, at: datetime) -> datetime:
    return first_plausible((*offer.dates, offer.modified), at=at) or _UNDATED


@lru_cache(maxsize=256)  # the same people write again and again
def _names(authors: tuple[str, ...]) -> tuple[str, ...]:
    names = [plain(author, limit=_NAME_LENGTH) for author in authors]
    return tuple(dict.fromkeys(name for name in names if name))
