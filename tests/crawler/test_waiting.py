"""What a crawl leaves for the next one: nothing is lost by waiting, and every link says what it waits for."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from crawler.urls import url_key
from storage.database import Database
from storage.records import LinkState
from tests.web import Answer, Site, rss, story

if TYPE_CHECKING:
    from tests.newsdesk import Desk

NOW = datetime.now(UTC).replace(microsecond=0)
BUSY = Answer(b"slow", 429, {"Retry-After": "3600"})


def publish(site: Site, count: int, *, name: str = "/feed.xml") -> str:
    for n in range(count):
        body = f"The gardeners of house number {n} open the gate on Sunday, and the roses are out. " * 6
        site.add(f"/story-{n}", story(f"The garden of house number {n} opens on Sunday", body))
    items = [(f"The garden of house number {n} opens on Sunday", f"{site.url}/story-{n}", NOW) for n in range(count)]
    return site.add(name, rss(items), Content_Type="application/rss+xml")


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    try:
        with database.write() as session:
            result = session.execute(text(query))
            return [tuple(row) for row in result] if result.returns_rows else []  # type: ignore[attr-defined]
    finally:
        database.close()


def fast_forward(desk: Desk) -> None:
    """Let every time that something waits for be over."""
    rows(desk, "update links set retry_at = '2026-01-01 00:00:00.000000' where retry_at is not null")
    rows(desk, "update hosts set parked_until = '2026-01-01 00:00:00.000000'")


class Rationed(dict[str, Answer]):
    """Pages of a server that answers 429 after a few stories."""

    left = 0

    def get(self, path: str, default: Any = None) -> Any:
        if path.startswith("/story"):
            self.left -= 1
            if self.left < 0:
                return BUSY
        return super().get(path, default)


def test_a_host_that_lets_itself_be_asked_seldom_loses_no_link(site: Site, desk: Desk) -> None:
    site.pages = pages = Rationed(site.pages)
    desk.configure(site)
    desk.sources(example=publish(site, 9))
    for left in (6, 4):
        pages.left = 2
        assert desk.crawl().json["counts"]["pages.failed.host is left alone"] == left
        fast_forward(desk)
    asked = sum(path.startswith("/story") for path in site.paths())
    assert rows(desk, "select sum(attempts) from links") == [(asked,)], "what is not asked for is no attempt"
    pages.left = 9
    desk.crawl()
    assert rows(desk, "select distinct state from links") == [("rejected",)]


def test_the_turns_of_a_parked_host_cost_no_pause(site: Site, desk: Desk) -> None:
    site.pages = Rationed(site.pages)
    desk.configure(site, delay=1)
    desk.sources(example=publish(site, 12))
    begun = time.monotonic()
    desk.crawl()
    assert time.monotonic() - begun < 8, "two pauses, and not eleven"
    assert site.paths() == ["/feed.xml", "/story-0"]


def test_a_slow_source_has_its_time_and_the_rest_waits(site: Site, desk: Desk) -> None:
    desk.configure(site, delay=0.7, patience="1s")
    desk.sources(example=publish(site, 12))
    counts = desk.crawl().json["counts"]
    waiting = 12 - counts["pages.settled"]
    assert 0 < counts["pages.settled"] == counts["pages.requested"] < 5
    assert counts["links.waiting"] == counts["links.waiting.longer than [fetch] patience"] == waiting
    told = rows(
        desk, "select count(*) from links where state = 'discovered' and reason = 'longer than [fetch] patience'"
    )
    assert told == [(waiting,)]
    assert desk.crawl(due=True).json["counts"]["pages.settled"] > 0, "the next crawl goes on"
    assert len(site.paths()) == len(set(site.paths())), "and asks for nothing twice"


def test_a_slow_index_of_sitemaps_leaves_time_for_pages(site: Site, desk: Desk) -> None:
    """The parts are asked for before the pages that they name: what they took is no time of these."""
    names = '<?xml version="1.0"?><{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{1}</{0}>'
    now = datetime.now(UTC).isoformat()
    for part in range(3):
        pages = "".join(f"<url><loc>{site.url}/{part}-{n}</loc><lastmod>{now}</lastmod></url>" for n in range(2))
        site.add(f"/part-{part}.xml", names.format("urlset", pages), Content_Type="application/xml")
    parts = "".join(f"<sitemap><loc>{site.url}/part-{part}.xml</loc></sitemap>" for part in range(3))
    desk.configure(site, delay=0.5, patience="1s")
    desk.sources(index=site.add("/index.xml", names.format("sitemapindex", parts), Content_Type="application/xml"))
    counts = desk.crawl().json["counts"]
    assert counts["links.new"] == 6
    assert counts["pages.settled"] >= 2
    assert counts["links.waiting"] == 6 - counts["pages.settled"]


def test_a_renamed_source_takes_over_what_waits(site: Site, desk: Desk) -> None:
    desk.configure(site)
    url = publish(site, 5)
    desk.sources(old=url)
    desk.crawl("--max-pages", "2")
    desk.sources(new=url)
    counts = desk.crawl().json["counts"]
    assert (counts["links.new"], counts["pages.settled"]) == (0, 3)
    assert desk.history(url_key(f"{site.url}/story-4")).link.source == "new"


def test_what_a_removed_source_left_waiting_is_told(site: Site, desk: Desk) -> None:
    desk.configure(site)
    desk.sources(old=publish(site, 5))
    desk.crawl("--max-pages", "2")
    desk.sources(other=site.add("/other.xml", rss([]), Content_Type="application/rss+xml"))
    counts = desk.crawl().json["counts"]
    assert counts["links.waiting"] == counts["links.waiting.its source is not in sources.toml any more"] == 3
    rows(desk, "update sources set state = '{}' where name = 'old'")
    assert " · 3 links wait · " in desk.run("crawl", "--all", "-v").out
    assert desk.history(url_key(f"{site.url}/story-4")).reason == "its source is not in sources.toml any more"


def test_a_dead_spelling_in_one_feed_does_not_hide_the_article_of_another(site: Site, desk: Desk) -> None:
    own = publish(site, 1)
    dead = f"{site.url}/story-0/amp"
    listed = rss([("The garden of house number 0 opens on Sunday", dead, NOW)])
    desk.configure(site)
    desk.sources(aggregator=site.add("/all.xml", listed, Content_Type="application/rss+xml"))
    assert desk.crawl().json["counts"]["pages.gone.HTTP 404"] == 1
    with (desk.folder / "sources.toml").open("a") as file:
        file.write(f'[own]\nurl = "{own}"\n')
    assert desk.crawl().json["counts"]["pages.rejected"] == 1
    history = desk.history(url_key(dead))
    assert (history.link.url, history.link.source, history.attempts) == (f"{site.url}/story-0", "own", 2)


def test_a_feed_that_has_moved_for_good_is_told_with_the_cure(site: Site, desk: Desk) -> None:
    site.add("/old.xml", status=301, Location="/feed.xml")
    publish(site, 1)
    desk.configure(site)
    desk.sources(example=f"{site.url}/old.xml")
    told = f"moved permanently to {site.url}/feed.xml: write that as its url in sources.toml"
    assert desk.crawl().json["sources"][0]["detail"] == ""
    rows(desk, "update sources set state = json_set(state, '$.moves', 3)")
    assert [desk.crawl().json["sources"][0]["detail"] for _ in range(2)] == ["", told]
    assert f"\nexample: {told}" in desk.run("sources", "list").out
    site.pages["/old.xml"] = Answer(b"", 302, {"Location": "/feed.xml"})
    assert desk.crawl().json["sources"][0]["detail"] == ""


def test_a_host_without_rules_keeps_its_links_waiting(site: Site, desk: Desk) -> None:
    with Site("127.0.6.1") as silent:
        silent.add("/robots.txt", status=503)
        items = [("The garden opens on Sunday", f"{silent.url}/story-1", NOW - timedelta(hours=1))]
        desk.configure(site, silent)
        desk.sources(example=site.add("/feed.xml", rss(items), Content_Type="application/rss+xml"))
        for _ in range(2):
            desk.crawl()
            fast_forward(desk)
        history = desk.history(url_key(f"{silent.url}/story-1"))
    assert (history.state, history.attempts) == (LinkState.FAILED, 0)
    assert history.reason.startswith(("robots.txt unreachable: ", "host is left alone"))
    assert history.retry_at is not None
