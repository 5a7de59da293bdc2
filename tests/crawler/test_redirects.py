"""What a page's own refresh may do, and what not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.urls import url_key
from storage.records import LinkState
from tests.web import rss, story

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

GARDEN = story("The rose garden is open again", "The roses are out early this year, and the gate stands open. " * 9)


def refresh(url: str) -> str:
    return f"<html><head><meta http-equiv='refresh' content='0; url={url}'></head></html>"


def feed(site: Site, *paths: str) -> str:
    items = [(f"Story {path}", site.url + path, datetime.now(UTC)) for path in paths]
    return site.add("/feed.xml", rss(items), Content_Type="application/rss+xml")


def test_the_error_page_of_what_is_gone_leads_nowhere(site: Site, desk: Desk) -> None:
    site.add("/gone", refresh("/"), status=404)
    site.add("/moved", refresh("/garden"))
    site.add("/garden", GARDEN)
    desk.configure(site)
    desk.sources(example=feed(site, "/gone", "/moved"))
    desk.crawl()
    assert sorted(site.paths()) == ["/feed.xml", "/garden", "/gone", "/moved"]
    gone, moved = (desk.history(url_key(site.url + path)) for path in ("/gone", "/moved"))
    assert (gone.state, gone.reason) == (LinkState.GONE, "HTTP 404")
    assert moved.state is LinkState.REJECTED, "a page that is there may"


def test_a_missing_robots_txt_is_missing_wherever_its_error_page_leads(site: Site, desk: Desk) -> None:
    site.add("/robots.txt", refresh("/404.html"), status=404)
    site.add("/404.html", refresh("/robots.txt"), status=404)
    site.add("/garden", GARDEN)
    desk.configure(site)
    desk.sources(example=feed(site, "/garden"))
    assert desk.crawl().code == 0
    assert site.paths() == ["/feed.xml", "/garden"]
