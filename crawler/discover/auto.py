"""Where a source is best read: the address itself, a feed its page announces, a sitemap, a common place.

Pure decisions: `next_place` says where to look next and when to stop, `choose` what was the best and why. A shell
fetches; `crawler.spiders.probe` does for a person, `crawler.spiders.news` for a source without a `kind`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from crawler.discover.kinds import Found, SourceKind
from crawler.discover.sections import same_site
from crawler.urls import absolute_url, host_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from storage.records import Link

MAX_LOOKS = 12  # requests to other places than the one that was named
MAX_ANNOUNCED = 4  # some pages announce a feed for each of their tags
MAX_SITEMAPS = 2
ABANDONED_AFTER = timedelta(days=365)
FEED_PLACES = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml")
NEWS_SITEMAP_PLACES = ("/news-sitemap.xml", "/sitemap-news.xml")
SITEMAP_PLACES = ("/sitemap.xml", "/sitemap_index.xml")
ROBOTS_TXT = "/robots.txt"

_EVER = datetime.min.replace(tzinfo=UTC)
_COMMENTS = re.compile(r"(?:^|[/_.?&=-])comments(?:[/_.?&=-]|$)", re.IGNORECASE)
_COMMENTS_TITLE = re.compile(r"comments (?:on|for)\b|comments feed", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_FORMAT_WORDS = frozenset("atom default feed feeds full html index json php posts rdf rss rss2 xml".split())


class Via(StrEnum):
    """How an address came to be looked at."""

    ASKED = "asked"
    ANNOUNCED = "announced"  # <link rel="alternate"> of the page
    ROBOTS = "robots.txt"  # a Sitemap line
    COMMON = "common place"


class Worth(IntEnum):
    """What a look is worth as a source, best last."""

    NOTHING = 0
    UNDATED = 1  # a sitemap that lists pages of any age
    ELSEWHERE = 2  # a feed of other sites' articles
    ABANDONED = 3
    PAGE = 4
    NEWS_SITEMAP = 5
    FEED = 6


@dataclass(frozen=True, kw_only=True)
class Place:
    """An address to look at."""

    url: str
    via: Via


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one place answered: what it offers, or in words why it offers nothing."""

    url: str  # as it was asked for
    via: Via
    found: Found | None = None
    trouble: str = ""
    answered: bool = True  # with something to read, whatever that was


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """A place that was looked at and not chosen."""

    url: str
    via: Via
    kind: SourceKind | None
    links: int
    why_not: str


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """The best source behind an address; without one `found` is None and `why` says what was wrong."""

    url: str
    kind: SourceKind | None
    why: str  # one sentence
    found: Found | None
    alternatives: tuple[Alternative, ...] = ()
    reached: bool = True  # the address that was named gave an answer to read


def next_place(page: Look, sitemaps: Sequence[str], looks: Sequence[Look], *, at: datetime) -> Place | None:
    """Where to look after `page` and `looks`, or None when there is no need or no hope.

    `sitemaps` are those that robots.txt names, as it spells them: what is no URL is passed over. The feeds of the page
    are compared with each other; of the rest the first good one ends the search.
    """
    if page.found is None or page.found.kind is not SourceKind.SECTION or len(looks) >= MAX_LOOKS:
        return None
    looked = {look.url for look in (page, *looks)}
    announced = [url for url in feeds_to_try(page.url, page.found) if url not in looked]
    if announced:
        return Place(url=announced[0], via=Via.ANNOUNCED)
    if any(worth(look, page.url, at=at) > Worth.PAGE for look in looks):
        return None
    places = _places(page, page.found, _at(urljoin(page.url, ROBOTS_TXT), sitemaps))
    return next((place for place in places if place.url not in looked), None)


def choose(page: Look, looks: Sequence[Look], *, at: datetime) -> Discovery:
    """The best of everything that was looked at. A feed or sitemap that was asked for is always the best."""
    if page.found is None:
        return Discovery(url=page.url, kind=None, why=page.trouble, found=None, reached=page.answered)
    if page.found.kind is not SourceKind.SECTION:
        why = f"The address itself is a {_named(page.found)}."
        return Discovery(url=page.url, kind=page.found.kind, why=why, found=page.found)
    ranked = sorted((page, *looks), key=lambda look: _rank(look, page.url, at), reverse=True)
    best, rest = ranked[0], ranked[1:]
    if best.found is None or worth(best, page.url, at=at) is Worth.NOTHING:
        return Discovery(
            url=page.url,
            kind=None,
            why="The page links to no article, and no feed or sitemap was found.",
            found=None,
            alternatives=_alternatives(ranked, None, page, at),
        )
    return Discovery(
        url=best.url,
        kind=best.found.kind,
        why=_why(best, worth(best, page.url, at=at)),
        found=best.found,
        alternatives=_alternatives(rest, best, page, at),
    )


def feeds_to_try(page: str, found: Found) -> tuple[str, ...]:
    """The feeds that the page announces, those nearest to its own subject first, and none of comments."""
    feeds = [url for url in found.feeds if _readable(url) and not _COMMENTS.search(url)]
    return tuple(sorted(feeds, key=lambda url: _kinship(page, url), reverse=True)[:MAX_ANNOUNCED])


def worth(look: Look, page: str, *, at: datetime) -> Worth:
    """What a look is worth as a source for `page`."""
    found = look.found
    if found is None or not found.links or _of_comments(look):
        return Worth.NOTHING
    if found.kind is SourceKind.SECTION:
        return Worth.PAGE if look.url == page else Worth.NOTHING
    if not _on_site(found, page):
        return Worth.ELSEWHERE
    newest = _newest(found)
    if newest is not None and at - newest > ABANDONED_AFTER:
        return Worth.ABANDONED
    if found.kind is SourceKind.FEED:
        return Worth.FEED
    return Worth.NEWS_SITEMAP if newest is not None else Worth.UNDATED


def newest_link(found: Found) -> Link | None:
    """The link that was published last; the first one where nothing is dated."""
    return max(found.links, key=lambda link: link.published or _EVER, default=None)


def why_not(look: Look, page: str, *, at: datetime, best: Look | None = None) -> str:
    """What speaks against a look, next to the `best` one if there is one."""
    if look.found is None:
        return look.trouble
    if _of_comments(look):
        return "carries comments, not articles"
    value = worth(look, page, at=at)
    if value is Worth.NOTHING:
        other_page = look.found.kind is SourceKind.SECTION and look.url != page
        return "is an HTML page" if other_page else "offers no link"
    if best is not None and value is worth(best, page, at=at):
        nearer = _kinship(page, best.url) > _kinship(page, look.url)
        return "is further from the page's subject" if nearer else "offers no more links"
    newest = _newest(look.found)
    return {
        Worth.UNDATED: "lists pages of any age, without dates of publication",
        Worth.ELSEWHERE: "links to other sites",
        Worth.ABANDONED: f"has had nothing new since {newest:%Y-%m-%d}" if newest else "",
        Worth.PAGE: "a page tells less: no dates, no summaries",
        Worth.NEWS_SITEMAP: "a feed tells more: summaries, authors",
    }[value]


def with_child(index: Look, child: Found) -> Look:
    """A sitemap index together with what one of its sitemaps offers."""
    assert index.found is not None
    links = () if child.kind is SourceKind.SECTION else child.links  # not an error page's
    return replace(index, found=replace(index.found, links=links))


def _places(page: Look, found: Found, sitemaps: Sequence[str]) -> Iterator[Place]:
    news = [url for url in sitemaps if "news" in urlsplit(url).path.lower()]
    yield from _all(news[:MAX_SITEMAPS], Via.ROBOTS)
    path = urlsplit(page.url).path.rstrip("/")
    own = (f"{path}{FEED_PLACES[0]}",) if path and "." not in path.rpartition("/")[2] else ()
    yield from _all(_at(page.url, (*own, *FEED_PLACES, *NEWS_SITEMAP_PLACES)), Via.COMMON)
    if not found.links:  # else the page is the better source anyway
        yield from _all([url for url in sitemaps if url not in news][:MAX_SITEMAPS], Via.ROBOTS)
        yield from _all(_at(page.url, SITEMAP_PLACES), Via.COMMON)


def _all(urls: Iterable[str], via: Via) -> Iterator[Place]:
    return (Place(url=url, via=via) for url in urls)


def _at(base: str, named: Iterable[str]) -> list[str]:
    return [url for one in named if (url := absolute_url(base, one)) and _readable(url)]


def _readable(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:  # `absolute_url` takes a backslash for the end of a host, as browsers do; this does not
        return False
    return True


def _rank(look: Look, page: str, at: datetime) -> tuple[int, int, int, int]:
    links = len(look.found.links) if look.found else 0
    return worth(look, page, at=at), *_kinship(page, look.url), links


def _kinship(page: str, feed: str) -> tuple[int, int]:
    """The words of the page's path that the feed's address repeats, and (less is better) those it adds."""
    wanted, got = _words(page), _words(feed)
    return len(wanted & got), -len(got - wanted)


def _words(url: str) -> set[str]:
    parts = urlsplit(url)
    return {word.lower() for word in _WORD.findall(f"{parts.path} {parts.query}")} - _FORMAT_WORDS


def _of_comments(look: Look) -> bool:
    title = (look.found.title if look.found else "") or ""
    return look.via is not Via.ASKED and bool(_COMMENTS.search(look.url) or _COMMENTS_TITLE.match(title))


def _on_site(found: Found, page: str) -> bool:
    """At least half of the links stay on the site of the page."""
    host = host_of(page)
    return 2 * sum(same_site(host_of(link.url), host) for link in found.links) >= len(found.links)


def _newest(found: Found) -> datetime | None:
    newest = newest_link(found)
    return newest.published if newest else None


def _named(found: Found) -> str:
    kind = "sitemap index" if found.kind is SourceKind.SITEMAP_INDEX else str(found.kind)
    if found.kind is SourceKind.SITEMAP_INDEX and not found.links:
        return f"{kind} of {_counted(len(found.children), 'recent sitemap')}"
    return f"{kind} with {_counted(len(found.links), 'link')}"


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _why(best: Look, value: Worth) -> str:
    assert best.found is not None
    if value is Worth.PAGE:
        linked = _counted(len(best.found.links), "article")
        return f"The page links to {linked} itself, and no living feed or news sitemap of the site was found."
    origin = {
        Via.ANNOUNCED: "The page announces this",
        Via.ROBOTS: "robots.txt names this",
        Via.COMMON: "Nothing better is announced, and this common place holds a",
    }[best.via]
    but = {
        Worth.UNDATED: ", without dates of publication; the page itself links to no article",
        Worth.ELSEWHERE: ", to other sites' articles; the page itself links to none of its own",
        Worth.ABANDONED: ", though nothing new for a year; the page itself links to no article",
    }.get(value, "")
    return f"{origin} {_named(best.found)}{but}."


def _alternatives(looks: Sequence[Look], best: Look | None, page: Look, at: datetime) -> tuple[Alternative, ...]:
    looked = {look.url for look in (page, best, *looks) if look}
    left = [url for url in (page.found.feeds if page.found else ()) if url not in looked]
    return (*(_alternative(look, best, page, at) for look in looks), *map(_left_out, left))


def _left_out(url: str) -> Alternative:
    why = "carries comments, not articles" if _COMMENTS.search(url) else "not looked at: other feeds are nearer"
    return Alternative(url=url, via=Via.ANNOUNCED, kind=None, links=0, why_not=why)


def _alternative(look: Look, best: Look | None, page: Look, at: datetime) -> Alternative:
    return Alternative(
        url=look.url,
        via=look.via,
        kind=look.found.kind if look.found else None,
        links=len(look.found.links) if look.found else 0,
        why_not=why_not(look, page.url, at=at, best=best),
    )
