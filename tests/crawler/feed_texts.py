"""Feeds written for the tests, and reading them."""

from __future__ import annotations

from datetime import UTC, datetime

from crawler.discover import Found, SourceKind, discover

AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
URL = "https://news.example/feeds/all.xml"
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:media="http://search.yahoo.com/mrss/"'
)


def read(body: str | bytes, *, charset: str | None = None, kind: SourceKind | None = SourceKind.FEED) -> Found:
    body = body.encode() if isinstance(body, str) else body
    return discover(body, url=URL, source="agency", charset=charset, kind=kind, at=AT)


def rss(*items: str, head: str = "<title>Agency</title>") -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0" {NAMESPACES}><channel>{head}{inside}</channel></rss>'


def item(n: int = 1, more: str = "") -> str:
    return f"<title>Story {n}</title><link>https://news.example/story-{n}</link>{more}"
