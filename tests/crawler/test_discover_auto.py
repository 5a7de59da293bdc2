"""Which source is found behind an address, and why: decided on values, no network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import Found, SourceKind
from crawler.discover.auto import (
    MAX_LOOKS,
    Discovery,
    Look,
    Via,
    Worth,
    choose,
    feeds_to_try,
    newest_link,
    next_place,
    with_child,
    worth,
)
from crawler.follow import SEARCHED_AGAIN_AFTER, followed, given_up, searched, unworthy
from crawler.urls import url_key
from storage.records import Link

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOME = "https://www.example.org/"
SECTION = "https://www.example.org/security/"


def links(count: int, *, site: str = "https://example.org", at: datetime | None = NOW) -> tuple[Link, ...]:
    urls = [f"{site}/story-{number}" for number in range(count)]
    return tuple(Link(key=url_key(url), url=url, source="probe", published=at) for url in urls)


def page(url: str = HOME, *feeds: str, count: int = 3) -> Look:
    found = Found(kind=SourceKind.SECTION, links=links(count, at=None), feeds=feeds)
    return Look(url=url, via=Via.ASKED, found=found)


def feed(url: str, count: int = 3, *, via: Via = Via.ANNOUNCED, title: str = "", **how: object) -> Look:
    offered = links(count, **how)  # type: ignore[arg-type]
    return Look(url=url, via=via, found=Found(kind=SourceKind.FEED, links=offered, title=title or None))


def sitemap(url: str, *, at: datetime | None, via: Via = Via.ROBOTS) -> Look:
    return Look(url=url, via=via, found=Found(kind=SourceKind.SITEMAP, links=links(3, at=at)))


def missing(url: str, via: Via = Via.COMMON) -> Look:
    return Look(url=url, via=via, trouble="HTTP 404", answered=False)


def places(start: Look, *sitemaps: str) -> list[str]:
    """Where a search goes that finds nothing."""
    looks: list[Look] = []
    while place := next_place(start, sitemaps, looks, at=NOW):
        looks.append(missing(place.url, place.via))
    return [look.url for look in looks]


def reasons(discovery: Discovery) -> dict[str, str]:
    return {other.url: other.why_not for other in discovery.alternatives}


@pytest.mark.parametrize("kind", [SourceKind.FEED, SourceKind.SITEMAP, SourceKind.SITEMAP_INDEX])
def test_a_feed_or_sitemap_is_its_own_best_source(kind: SourceKind) -> None:
    asked = Look(url=SECTION, via=Via.ASKED, found=Found(kind=kind, links=links(2)))
    assert next_place(asked, ("https://example.org/news.xml",), (), at=NOW) is None
    discovery = choose(asked, (), at=NOW)
    assert (discovery.url, discovery.kind) == (SECTION, kind)
    assert discovery.why == f"The address itself is a {str(kind).replace('-', ' ')} with 2 links."


def test_announced_feeds_are_looked_at_before_anything_is_guessed() -> None:
    start = page(HOME, "https://example.org/a.xml", "https://example.org/b.xml")
    assert places(start)[:3] == ["https://example.org/a.xml", "https://example.org/b.xml", f"{HOME}feed"]


def test_after_a_good_feed_nothing_more_is_asked() -> None:
    start = page(HOME, "https://example.org/feed")
    assert next_place(start, (), [feed("https://example.org/feed")], at=NOW) is None


def test_news_sitemaps_of_robots_come_before_common_places_and_others_only_for_want_of_links() -> None:
    news, whole = "https://example.org/news-map.xml", "https://example.org/map.xml"
    tried = places(page(), whole, news)
    assert tried[0] == news
    assert whole not in tried
    assert whole in places(page(count=0), whole, news)


def test_a_section_is_asked_for_a_feed_of_its_own_first() -> None:
    assert places(page(SECTION))[:2] == [f"{SECTION}feed", f"{HOME}feed"]


def test_a_page_that_did_not_answer_is_the_end_of_it() -> None:
    gone = missing(HOME, Via.ASKED)
    assert places(gone, "https://example.org/news.xml") == []
    discovery = choose(gone, (), at=NOW)
    assert (discovery.found, discovery.reached, discovery.why) == (None, False, "HTTP 404")


def test_the_feed_nearest_to_the_page_wins() -> None:
    whole, own, tag = (f"https://example.org/{path}feed" for path in ("", "security/", "security/tag/cats/"))
    looks = [feed(whole, 40), feed(own, 10), feed(tag, 90)]
    assert choose(page(SECTION, whole, own, tag), looks, at=NOW).url == own
    discovery = choose(page(HOME, whole, own, tag), looks, at=NOW)
    assert discovery.url == whole
    assert reasons(discovery)[own] == "is further from the page's subject"


def test_of_equally_near_feeds_the_fuller_wins() -> None:
    short, long = feed("https://example.org/rss", 5), feed("https://example.org/atom.xml", 30)
    assert choose(page(), [short, long], at=NOW).url == long.url


def test_a_feed_of_comments_is_never_a_source() -> None:
    comments = "https://example.org/comments/feed"
    assert feeds_to_try(HOME, Found(kind=SourceKind.SECTION, links=(), feeds=(comments,))) == ()
    assert worth(feed("https://example.org/x.xml", title="Comments on: A story"), HOME, at=NOW) is Worth.NOTHING
    discovery = choose(page(HOME, comments), [], at=NOW)
    assert discovery.kind is SourceKind.SECTION
    assert reasons(discovery)[comments] == "carries comments, not articles"
    opinion = "https://example.org/commentisfree/rss"
    assert feeds_to_try(HOME, Found(kind=SourceKind.SECTION, links=(), feeds=(opinion,))) == (opinion,)


def test_a_feed_that_leads_elsewhere_loses_to_the_page_and_beats_nothing() -> None:
    elsewhere = feed("https://example.org/links.xml", site="https://other.example")
    discovery = choose(page(), [elsewhere], at=NOW)
    assert discovery.kind is SourceKind.SECTION
    assert reasons(discovery)[elsewhere.url] == "links to other sites"
    assert choose(page(count=0), [elsewhere], at=NOW).url == elsewhere.url


def test_a_feed_that_fell_silent_loses_to_the_page() -> None:
    old = feed("https://example.org/feed", at=NOW - timedelta(days=400))
    discovery = choose(page(), [old], at=NOW)
    assert discovery.kind is SourceKind.SECTION
    assert reasons(discovery)[old.url] == "has had nothing new since 2025-10-18"


def test_a_news_sitemap_beats_the_page_and_a_plain_one_does_not() -> None:
    news, plain = sitemap("https://example.org/news.xml", at=NOW), sitemap("https://example.org/map.xml", at=None)
    assert choose(page(), [news], at=NOW).why == "robots.txt names this sitemap with 3 links."
    discovery = choose(page(), [plain], at=NOW)
    assert discovery.kind is SourceKind.SECTION
    assert reasons(discovery)[plain.url] == "lists pages of any age, without dates of publication"
    assert choose(page(count=0), [plain], at=NOW).url == plain.url


def test_an_error_page_in_a_common_place_is_no_source() -> None:
    soft = Look(url=f"{HOME}feed", via=Via.COMMON, found=Found(kind=SourceKind.SECTION, links=links(9)))
    discovery = choose(page(count=0), [soft], at=NOW)
    assert (discovery.found, discovery.reached) == (None, True)
    assert reasons(discovery)[soft.url] == "is an HTML page"


def test_an_index_is_worth_what_its_newest_sitemap_is() -> None:
    children = ("https://example.org/1.xml",)
    index = Look(
        url="https://example.org/index.xml",
        via=Via.ROBOTS,
        found=Found(kind=SourceKind.SITEMAP_INDEX, links=(), children=children),
    )
    assert worth(index, HOME, at=NOW) is Worth.NOTHING
    together = with_child(index, Found(kind=SourceKind.SITEMAP, links=links(2)))
    assert worth(together, HOME, at=NOW) is Worth.NEWS_SITEMAP
    assert with_child(index, Found(kind=SourceKind.SECTION, links=links(2))).found == index.found


def test_the_newest_link_is_the_dated_one() -> None:
    old, new, undated = links(3)[0], *links(2, site="https://b.example", at=NOW + timedelta(hours=1))
    found = Found(kind=SourceKind.FEED, links=(old, new, undated))
    assert newest_link(found) == new
    assert newest_link(Found(kind=SourceKind.FEED, links=())) is None


LOOKS = st.builds(
    lambda url, kind, count, at, site: Look(
        url=url, via=Via.ANNOUNCED, found=Found(kind=kind, links=links(count, at=at, site=site))
    ),
    url=st.sampled_from([f"{HOME}{path}" for path in ("feed", "security/rss", "map.xml", "comments/feed", "x")]),
    kind=st.sampled_from(list(SourceKind)),
    count=st.integers(0, 3),
    at=st.sampled_from([None, NOW, NOW - timedelta(days=900)]),
    site=st.sampled_from(["https://example.org", "https://other.example"]),
)


@given(
    looks=st.lists(LOOKS, max_size=6, unique_by=lambda look: look.url),
    feeds=st.lists(st.text(max_size=20).map(lambda path: f"https://example.org/{path}"), max_size=9),
    sitemaps=st.lists(st.sampled_from(["https://example.org/news.xml", "junk", ""]), max_size=3),
)
def test_a_search_ends_and_accounts_for_every_look(looks: list[Look], feeds: list[str], sitemaps: list[str]) -> None:
    start = page(HOME, *feeds)
    seen = list(looks)
    while place := next_place(start, sitemaps, seen, at=NOW):
        seen.append(missing(place.url, place.via))
    assert len(seen) <= MAX_LOOKS
    discovery = choose(start, seen, at=NOW)
    accounted = [discovery.url, *(other.url for other in discovery.alternatives)]
    assert {look.url for look in seen} | set(feeds) <= set(accounted)
    assert all(other.why_not for other in discovery.alternatives)
    best = worth(next(look for look in (start, *seen) if look.url == discovery.url), HOME, at=NOW)
    assert all(worth(look, HOME, at=NOW) <= best for look in seen)


def test_feeds_are_searched_for_at_first_and_then_once_a_week() -> None:
    nothing = unworthy({"https://example.org/feed": "HTTP 404"}, at=NOW)
    assert nothing.why == "https://example.org/feed: HTTP 404"
    assert searched(None, at=NOW)
    assert not searched(nothing, at=NOW + SEARCHED_AGAIN_AFTER - timedelta(seconds=1))
    assert searched(nothing, at=NOW + SEARCHED_AGAIN_AFTER)
    assert searched(nothing, at=NOW - timedelta(days=1)), "a clock that went back"
    gone = given_up(followed("https://example.org/feed", why=f"announced by {HOME}", at=NOW), at=NOW)
    assert (gone.url, gone.why) == (None, "https://example.org/feed failed several times in a row")
