"""A section page is followed to the next ones while they bring news: the decision, and the real crawl."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import Found, SourceKind, discover
from crawler.discover.paging import MOST_PAGES, Leafed, Turn, turn
from storage.records import Link
from tests.web import story

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

NOW = datetime.now(UTC)
TEXT = "The municipal rose garden opens its gates on Sunday, and the gardeners promise roses to every visitor. " * 4
PAGE = "https://news.example/news"
ANEW = Leafed(first=True)
KNOWN = Leafed(first=False)


def page_of(*numbers: int) -> Found:
    links = (Link(key=f"{number}", url=f"https://news.example/{number}", source="news") for number in numbers)
    return Found(kind=SourceKind.SECTION, links=tuple(links))


def test_at_first_a_page_is_followed_while_it_brings_anything_new() -> None:
    assert turn(ANEW.after(page_of(1, 2), PAGE, new=1), "2") is Turn.FOLLOWED
    assert turn(ANEW.after(page_of(1, 2), PAGE, new=0), "2") is Turn.LEFT
    assert turn(ANEW.after(page_of(1, 2), PAGE, new=2), None) is Turn.LEFT


def test_later_only_a_page_that_holds_nothing_known_is_followed() -> None:
    assert turn(KNOWN.after(page_of(1, 2), PAGE, new=2), "2") is Turn.FOLLOWED
    assert turn(KNOWN.after(page_of(1, 2), PAGE, new=1), "2") is Turn.LEFT
    assert turn(KNOWN.after(page_of(), PAGE, new=0), "2") is Turn.LEFT


def test_what_every_page_shows_again_does_not_end_a_gap() -> None:
    second = KNOWN.after(page_of(1, 2, 9), PAGE, new=3).after(page_of(3, 4, 9), "2", new=2)
    assert turn(second, "3") is Turn.FOLLOWED
    assert turn(second.after(page_of(5, 9), "3", new=0), "4") is Turn.LEFT


def test_the_sixth_page_is_cut_off() -> None:
    leafed = ANEW
    for number in range(MOST_PAGES):
        assert turn(leafed.after(page_of(number), f"{number}", new=1), "next") is (
            Turn.FOLLOWED if number < MOST_PAGES - 1 else Turn.CUT
        )
        leafed = leafed.after(page_of(number), f"{number}", new=1)


@given(upcoming=st.lists(st.sampled_from("abcdefgh"), min_size=20, max_size=20), first=st.booleans())
def test_whatever_pages_point_to_none_is_asked_twice_and_at_most_five_are(upcoming: list[str], *, first: bool) -> None:
    leafed, asked, keys = Leafed(first=first).after(page_of(0), "a", new=1), ["a"], count(1)
    for url in upcoming:
        if turn(leafed, url) is not Turn.FOLLOWED:
            break
        asked.append(url)
        leafed = leafed.after(page_of(next(keys)), url, new=1)
    assert len(asked) == len(set(asked)) <= MOST_PAGES


@pytest.mark.parametrize(
    ("named", "upcoming"),
    [
        ("<link rel='next' href='/news?page=2'>", f"{PAGE}?page=2"),
        ("<a rel='nofollow NEXT' href='?page=2'>Older</a>", f"{PAGE}?page=2"),
        ("<a rel='next' href='https://other.example/2'>x</a><a rel='next' href='/news/2'>y</a>", f"{PAGE}/2"),
        ("<a rel='next' href='https://news.example:8443/2'>x</a>", None),
        ("<a rel='next' href='#carousel'>x</a><a rel='next' href='javascript:more()'>y</a><a rel='next'>z</a>", None),
        ("<a rel='prev' href='/news?page=0'>Newer</a>", None),
    ],
)
def test_a_page_says_where_it_goes_on(named: str, upcoming: str | None) -> None:
    body = f"<html><body><main><h2><a href='/2026/11/22/a-headline'>A headline</a></h2>{named}</main></body></html>"
    found = discover(body.encode(), url=PAGE, source="news", kind=SourceKind.SECTION, at=NOW)
    assert found.next_page == upcoming


def listing(site: Site, page: int, upcoming: str | None, *, start: int | None = None) -> None:
    """Page `page` of /news: two headlines, and where it goes on."""
    first = 2 * page if start is None else start
    heads = "".join(
        f"<h2><a href='/2026/11/22/rose-garden-report-number-{n}-today'>Report number {n} of the rose garden</a></h2>"
        for n in (first, first + 1)
    )
    more = f"<a rel='next' href='{upcoming}'>Older</a>" if upcoming else ""
    site.add(f"/news?page={page}" if page else "/news", f"<html><body><main>{heads}{more}</main></body></html>")


def asked(site: Site) -> list[str]:
    paths = [path for path in site.paths() if path.startswith("/news")]
    site.requests.clear()
    return paths


def test_a_crawl_leafs_at_first_and_after_a_gap_and_no_further(site: Site, desk: Desk) -> None:
    for number in range(20):
        site.add(f"/2026/11/22/rose-garden-report-number-{number}-today", story(f"Roses {number}", TEXT, TEXT, TEXT))
    for page in range(3):
        listing(site, page, f"/news?page={page + 1}" if page < 2 else None)
    desk.configure(site)
    desk.sources(news=f"{site.url}/news")
    with (desk.folder / "sources.toml").open("a") as file:
        file.write('kind = "section"\n')

    first = desk.crawl()
    assert first.code == 0, first.err
    assert asked(site) == ["/news", "/news?page=1", "/news?page=2"]
    assert (first.json["sources"][0]["found"], first.json["counts"]["paging.followed"]) == (6, 2)

    listing(site, 0, "/news?page=1", start=1)  # one link new, one known
    assert desk.crawl().code == 0
    assert asked(site) == ["/news"]

    listing(site, 0, "/news?page=1", start=10)  # nothing known: a gap
    listing(site, 1, "/news?page=2", start=2)
    later = desk.crawl()
    assert asked(site) == ["/news", "/news?page=1"]
    assert later.json["sources"][0]["new"] == 2


def test_a_crawl_cuts_paging_off_goes_in_no_circle_and_leaves_its_host_for_nobody(site: Site, desk: Desk) -> None:
    for page in range(8):
        listing(site, page, f"/news?page={page + 1}")
    desk.configure(site, pages_per_source=1)
    desk.sources(news=f"{site.url}/news")
    counts = desk.crawl().json["counts"]
    assert asked(site) == ["/news", *(f"/news?page={page}" for page in range(1, MOST_PAGES))]
    assert (counts["paging.followed"], counts["paging.cut"]) == (MOST_PAGES - 1, 1)

    listing(site, 0, "/news?page=1", start=100)
    listing(site, 1, "/news", start=102)
    assert desk.crawl().code == 0
    assert asked(site) == ["/news", "/news?page=1"]

    listing(site, 0, "/news?page=1", start=110)
    site.add("/news?page=1", status=302, Location=f"{site.url}/news")
    assert desk.crawl().code == 0
    assert asked(site) == ["/news", "/news?page=1", "/news"]

    listing(site, 0, "/news?page=9", start=120)
    gone = desk.crawl()
    assert (gone.code, gone.json["sources"][0]["state"]) == (0, "ok"), "a page that is gone is no failure of its source"
    assert gone.json["counts"]["paging.failed"] == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_crawl_that_ends_while_it_leafs_leaves_all_pages_to_the_next(
    site: Site, desk: Desk, how: signal.Signals
) -> None:
    for page in range(3):
        listing(site, page, f"/news?page={page + 1}" if page < 2 else None)
    desk.configure(site, delay=0.5)
    desk.sources(news=f"{site.url}/news")
    with desk.started("crawl", "--json") as process:
        deadline = time.monotonic() + 30
        while "/news?page=1" not in site.paths() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(how)
        code, (out, _) = process.wait(30), process.said()
    assert code == (143 if how is signal.SIGTERM else -how)
    assert b"paging.failed" not in out, "that it was not asked for says nothing about the page"
    assert asked(site) == ["/news", "/news?page=1"]

    desk.configure(site, pages_per_source=1)
    result = desk.crawl(due=True)
    assert asked(site) == ["/news", "/news?page=1", "/news?page=2"]
    assert result.json["sources"][0]["new"] == 6


@pytest.mark.parametrize("page", [0, 1, 2])
def test_wherever_a_database_fails_no_page_is_lost_and_the_newest_comes_first(
    site: Site, desk: Desk, page: int
) -> None:
    for number in range(3):
        listing(site, number, f"/news?page={number + 1}" if number < 2 else None)
    desk.configure(site, pages_per_source=1)
    desk.sources(news=site.add("/elsewhere", ""))
    desk.crawl()
    desk.sources(news=f"{site.url}/news")
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as database:
        url = f"{site.url}/news?page={page}" if page else f"{site.url}/news"
        database.execute(
            f"create trigger full before insert on polls when new.url = '{url}' begin select raise(abort, 'full'); end"
        )
    assert desk.crawl().code == 74
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as database:
        database.execute("drop trigger full")
    assert desk.crawl().code == 0
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as database:
        urls = [url for (url,) in database.execute("select url from links order by id")]
    reports = [f"{site.url}/2026/11/22/rose-garden-report-number-{number}-today" for number in range(6)]
    assert urls == reports, "in the order of the pages: what is newest is fetched first"
