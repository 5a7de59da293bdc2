"""A Content-Encoding is believed where it is true, and where it is not the body is read as it is."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.middlewares.refusal import RefusedError
from crawler.middlewares.unpack import unpacked
from crawler.urls import url_key
from storage.records import LinkState
from tests.web import rss, story

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

PAGE = story("The rose garden is open again", "The roses are out early this year, and the gate stands open. " * 9)


def plain(body: bytes, *labels: str) -> bytes:
    return unpacked(body, [label.encode() for label in labels], max_bytes=1_000_000)


LIES = ["identity", "none", "UTF-8", "binary", "8bit", "", "gzip", "x-gzip", "deflate", "br", "zstd", "gzip, identity"]


@pytest.mark.parametrize("label", LIES)
def test_what_was_not_packed_is_read_as_it_is(label: str) -> None:
    for text in (
        PAGE,
        "User-agent: *\nDisallow: /x\n",
        "<rss><channel></channel></rss>",
        "Sitemap: https://a.example/s",
    ):
        assert plain(text.encode(), label) == text.encode()


@pytest.mark.parametrize(
    "labels", [["gzip"], ["x-gzip"], ["GZIP"], ["gzip, identity"], ["none", "gzip"], ["gzip, gzip"]]
)
def test_what_was_packed_is_unpacked_whatever_else_the_label_says(labels: list[str]) -> None:
    assert plain(gzip.compress(PAGE.encode()), *labels) == PAGE.encode()


def test_what_is_packed_and_broken_is_nothing() -> None:
    with pytest.raises(RefusedError, match="broken compression"):
        plain(b"\x1f\x8b\x08 not gzip after all", "gzip")
    with pytest.raises(RefusedError, match="packed more than twice"):
        plain(PAGE.encode(), "gzip", "gzip, gzip")


@given(st.text(st.characters(categories=["L", "N", "P", "Z"]), max_size=900))
def test_a_text_comes_through_each_true_label(text: str) -> None:
    body = text.encode()
    assert plain(gzip.compress(body), "gzip") == body
    assert plain(zlib.compress(body), "deflate") == body
    assert plain(brotli.compress(body, quality=1), "br") == body


def test_a_false_label_costs_neither_a_host_nor_a_source_nor_an_article(site: Site, desk: Desk) -> None:
    site.add("/robots.txt", "User-agent: *\nDisallow: /x\n", Content_Type="text/plain", Content_Encoding="identity")
    url = site.add("/garden", PAGE, Content_Encoding="gzip")
    feed = rss([("The rose garden", url, datetime.now(UTC)), ("X", f"{site.url}/x", datetime.now(UTC))])
    desk.configure(site)
    desk.sources(example=site.add("/feed.xml", feed, Content_Type="application/rss+xml", Content_Encoding="UTF-8"))
    assert desk.crawl().code == 0
    assert desk.history(url_key(url)).state is LinkState.REJECTED
    assert desk.history(url_key(f"{site.url}/x")).reason == "robots.txt disallows it"
