"""A source that is a page is polled through the feed it announces: the real crawl, a real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from scrapy import Spider
from scrapy.crawler import Crawler

from crawler.spiders.ask import NO_URL, ask
from storage.database import Database
from storage.polls import Polls
from storage.records import Poll, PollState
from storage.runs import Runs
from storage.sources import PATIENCE, Sources
from tests.web import rss, story

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

NOW = datetime.now(UTC)
TEXT = (
    "The municipal rose garden opens its gates on Sunday, and the gardeners promise that roses will be out soon. " * 4
)


def home(*feeds: str, story: str) -> str:
    named = "".join(f"<link rel='alternate' type='application/rss+xml' href='{feed}'>" for feed in feeds)
    headline = "A headline of many words that only the page links to"
    return f"<html><head>{named}</head><body><main><h2><a href='{story}'>{headline}</a></h2></main></body></html>"


def asked(site: Site) -> set[str]:
    paths = set(site.paths())
    site.requests.clear()
    return paths


def test_a_page_is_polled_through_the_feed_it_announces(site: Site, desk: Desk) -> None:
    site.add("/good/", home("/comments/feed", "/good/feed", story="/2026/11/22/only-on-the-page"))
    site.add("/good/feed", rss([("In the feed", f"{site.url}/in-the-feed", NOW)]))
    site.add("/poor/", home("/poor/feed", story="/2026/11/22/poor-but-honest-page"))
    site.add("/fixed/", home("/good/feed", story="/2026/11/22/fixed-as-a-section"))
    for path in ("/in-the-feed", "/2026/11/22/only-on-the-page", "/2026/11/22/poor-but-honest-page"):
        site.add(path, story(f"Roses at {path}", TEXT, TEXT, TEXT))
    desk.configure(site)
    desk.sources(good=f"{site.url}/good/", poor=f"{site.url}/poor/", fixed=f"{site.url}/fixed/")
    with (desk.folder / "sources.toml").open("a") as file:
        file.write('kind = "section"\n')
    named = ("--source", "good", "--source", "poor", "--source", "fixed")

    result = desk.crawl(*named)
    assert result.code == 0, result.err
    assert {source["source"]: source["found"] for source in result.json["sources"]} == dict.fromkeys(
        ("good", "poor", "fixed"), 1
    )
    assert result.json["counts"]["feeds.followed"] == 1
    first = asked(site)
    assert first >= {"/good/", "/good/feed", "/in-the-feed", "/poor/", "/poor/feed", "/2026/11/22/fixed-as-a-section"}
    assert not first & {"/comments/feed", "/2026/11/22/only-on-the-page"}

    site.add("/poor/", home("/poor/feed", story="/2026/11/22/another-poor-but-honest-page"))
    assert desk.crawl(*named).code == 0
    second = asked(site)
    assert second >= {"/good/feed", "/poor/"}
    assert not second & {"/good/", "/poor/feed"}, "a feed that was found is gone to; a bad one is not asked every time"

    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    run = Runs(database).start("crawl", version="1", at=NOW)
    for minutes in range(PATIENCE):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        poll = Poll(source="good", url=f"{site.url}/good/feed", at=at, state=PollState.HTTP_ERROR)
        Polls(database).record(poll, run=run)
    assert desk.crawl("--source", "good").code == 0
    third = asked(site)
    assert third >= {"/good/", "/2026/11/22/only-on-the-page"}
    assert "/good/feed" not in third
    given_up = Sources(database).feed("good", f"{site.url}/good/")
    database.close()
    assert given_up is not None
    assert given_up.why == f"{site.url}/good/feed failed several times in a row"


def test_a_feed_that_turns_into_a_page_is_a_failure(site: Site, desk: Desk) -> None:
    site.add("/", home("/feed", story="/2026/11/22/only-on-the-page"))
    site.add("/feed", rss([("In the feed", f"{site.url}/in-the-feed", NOW)]))
    desk.configure(site)
    desk.sources(example=f"{site.url}/")
    desk.crawl("--dry-run")
    assert desk.crawl("--source", "example").code == 0
    site.add("/feed", story("We have moved", TEXT))
    result = desk.crawl("--source", "example")
    assert [source["state"] for source in result.json["sources"]] == ["not-a-feed"]
    assert result.code == 69


def news_sitemap(site: Site, *paths: str) -> str:
    entries = "".join(
        f"<url><loc>{site.url}{path}</loc><news:news><news:publication_date>{NOW.isoformat()}</news:publication_date>"
        f"<news:title>Roses</news:title></news:news></url>"
        for path in paths
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{entries}</urlset>'
    )


def test_a_page_is_polled_through_the_news_sitemap_that_robots_txt_names(site: Site, desk: Desk) -> None:
    site.add("/robots.txt", f"Sitemap: {site.url}/news-sitemap.xml\n", Content_Type="text/plain")
    site.add("/", "<html><body><div id='app'>Hello</div></body></html>")
    site.add("/news-sitemap.xml", news_sitemap(site, "/roses"), Content_Type="application/xml")
    site.add("/roses", story("Roses", TEXT, TEXT, TEXT))
    desk.configure(site)
    desk.sources(example=f"{site.url}/")
    first = desk.crawl()
    assert (first.code, first.json["sources"][0]["found"]) == (0, 1), first.err
    assert asked(site) == {"/", "/news-sitemap.xml", "/roses"}
    (listed,) = desk.run("sources", "list", "--json").json
    assert listed["feed"] == f"{site.url}/news-sitemap.xml"
    assert "sitemap, found" in desk.run("sources", "list").out
    assert desk.crawl().code == 0
    assert asked(site) == {"/news-sitemap.xml"}
    site.add("/news-sitemap.xml", story("We have moved", TEXT))
    assert [source["state"] for source in desk.crawl().json["sources"]] == ["not-a-feed"]


@pytest.mark.parametrize("odd", ["/news.xml", "", "https://[your-domain]/sitemap.xml", "http://a.example\\[b/"])
def test_what_is_no_url_is_not_asked_for(odd: str) -> None:
    assert asyncio.run(ask(Crawler(Spider), odd)) is NO_URL


def test_an_odd_sitemap_line_costs_a_source_nothing(site: Site, desk: Desk) -> None:
    lines = "Sitemap: https://[your-domain]/news.xml", "Sitemap: http://", "Sitemap: /news-map.xml"
    site.add("/robots.txt", "\n".join(lines), Content_Type="text/plain")
    site.add("/app/", "<html><body><div id='app'>Hello</div></body></html>")
    site.add("/news-map.xml", news_sitemap(site, "/roses"), Content_Type="application/xml")
    site.add("/roses", story("Roses", TEXT, TEXT, TEXT))
    desk.configure(site)
    desk.sources(app=f"{site.url}/app/")
    result = desk.crawl()
    assert (result.code, result.json["troubles"], result.json["counts"]["links.new"]) == (0, {}, 1), result.err
    assert asked(site) == {"/app/", "/news-map.xml", "/roses"}
    tested = desk.run("sources", "test", f"{site.url}/app/")
    assert (tested.code, "/news-map.xml" in tested.out) == (0, True), tested.err


def test_an_index_is_followed_for_what_its_newest_sitemap_holds(site: Site, desk: Desk) -> None:
    site.add("/robots.txt", f"Sitemap: {site.url}/news.xml\n", Content_Type="text/plain")
    site.add("/", "<html><body><div id='app'>Hello</div></body></html>")
    index = f"<sitemapindex><sitemap><loc>{site.url}/part.xml</loc></sitemap></sitemapindex>"
    site.add("/news.xml", index, Content_Type="application/xml")
    site.add("/part.xml", news_sitemap(site, "/roses"), Content_Type="application/xml")
    site.add("/roses", story("Roses", TEXT, TEXT, TEXT))
    desk.configure(site)
    desk.sources(example=f"{site.url}/")
    result = desk.crawl()
    assert (result.code, result.json["counts"]["pages.settled"]) == (0, 1), result.err


def test_a_page_without_links_is_searched_around_once_and_the_trouble_names_the_cure(site: Site, desk: Desk) -> None:
    site.add("/", "<html><body><div id='app'>Hello</div></body></html>")
    old = f"<urlset><url><loc>{site.url}/about</loc></url></urlset>"
    site.add("/sitemap.xml", old, Content_Type="application/xml")
    desk.configure(site)
    desk.sources(example=f"{site.url}/")
    first = desk.crawl()
    assert first.code == 69
    assert (
        f"source example: no-links: no link on it looks like an article's; `spywire sources test {site.url}/`"
        in first.err
    )
    assert asked(site) >= {"/", "/feed", "/sitemap.xml"}, "a sitemap of pages of any age is not followed"
    assert desk.crawl().code == 69
    assert asked(site) == {"/"}


def test_no_address_is_guessed_for_a_page_that_links_to_articles(site: Site, desk: Desk) -> None:
    site.add("/", home(story="/2026/11/22/only-on-the-page"))
    site.add("/2026/11/22/only-on-the-page", story("Roses", TEXT, TEXT, TEXT))
    desk.configure(site)
    desk.sources(example=f"{site.url}/")
    assert desk.crawl().code == 0
    assert asked(site) == {"/", "/2026/11/22/only-on-the-page"}
