"""The whole way on real input: the founding articles, and a hundred news pages. Needs the shared corpora."""

from __future__ import annotations

import gzip
import html
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from crawler.urls import url_key
from storage.records import LinkState
from tests.web import Site, rss

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk

NOW = datetime.now(UTC).replace(microsecond=0)
HOSTS = 10
PAGES = 100
ENDED = set(LinkState) - {LinkState.DISCOVERED, LinkState.LEASED}


def wrapped(text: str) -> tuple[str, str]:
    """A founding article as a page of a news site: headline, body, and the furniture around them."""
    lines = [line for line in text.splitlines() if line.strip()]
    start = next(number for number, line in enumerate(lines) if len(line.split()) > 2)
    title = lines[start]
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in [*lines[:start], *lines[start + 1 :]])
    page = (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{html.escape(title)}</title></head>"
        f"<body><header><a href='/'>Home</a></header><main><article><h1>{html.escape(title)}</h1>{paragraphs}"
        "</article></main><footer>All rights reserved</footer></body></html>"
    )
    return title, page


def test_both_founding_articles_are_clean_flagged_and_in_the_digest(desk: Desk, site: Site, shared: Path) -> None:
    desk.configure(site)
    items = []
    for number, path in enumerate(sorted((shared / "seeds").glob("*.txt"))):
        title, page = wrapped(path.read_text(encoding="utf-8"))
        items.append((title, site.add(f"/seed-{number}", page), NOW))
    desk.sources(seeds=site.add("/feed.xml", rss((html.escape(t), u, at) for t, u, at in items)))
    result = desk.crawl()
    assert result.code == 0, result.err
    assert len(result.json["flagged"]) == len(items) == 2
    digest = desk.run("digest", "preview").out
    for _, url, _ in items:
        stored = desk.history(url_key(url)).stored
        assert stored is not None
        assert "|" not in stored.article.title
        assert not stored.article.text.startswith("close")
        assert "rights reserved" not in stored.article.text
        assert url in digest


@pytest.fixture
def sites() -> object:
    opened = [Site() for _ in range(HOSTS)]
    for site in opened:
        site.__enter__()
    yield opened
    for site in opened:
        site.__exit__(None, None, None)


def test_a_hundred_real_pages_each_end_in_one_state(desk: Desk, sites: list[Site], shared: Path) -> None:
    folder = shared / "pages" / "fundus-a"
    truth = [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()][:PAGES]
    feeds: list[list[tuple[str, str, datetime]]] = [[] for _ in sites]
    for number, page in enumerate(truth):
        site = sites[number % HOSTS]
        body = gzip.decompress((folder / "pages" / f"{page['id']}.html.gz").read_bytes())
        url = site.add(f"/{number}{urlsplit(page['url']).path}", body, Content_Type="text/html")
        feeds[number % HOSTS].append((html.escape(page.get("title") or "Untitled"), url, NOW))
    desk.configure(*sites)
    desk.sources(
        **{
            f"host_{n}": site.add("/feed.xml", rss(feed))
            for n, (site, feed) in enumerate(zip(sites, feeds, strict=True))
        }
    )
    result = desk.crawl()
    assert result.code == 0, result.err
    urls = [url for feed in feeds for _, url, _ in feed]
    histories = [desk.history(url_key(url)) for url in urls]
    assert len(histories) == PAGES
    assert {history.state for history in histories} <= ENDED
    articles = [history.stored.article for history in histories if history.stored]
    assert all(article.text.strip() and article.title.strip() for article in articles)
    assert len(articles) >= 95
    before = [len(site.paths()) for site in sites]
    desk.crawl()
    later = [path for site, seen in zip(sites, before, strict=True) for path in site.paths()[seen:]]
    assert later == ["/feed.xml"] * HOSTS
