"""Sitemaps as they should not be: what can be read is read, and what cannot is counted."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import Drop, Found, MalformedFeedError, SourceKind, discover
from crawler.discover.decoding import gunzip
from crawler.sources import LONGEST_SITEMAP, USUAL, longest

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
OPENING = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
SITE = "https://news.example"


def read(body: str | bytes, kind: SourceKind | None = SourceKind.SITEMAP) -> Found:
    body = body.encode() if isinstance(body, str) else body
    return discover(body, url=f"{SITE}/sitemap.xml", source="agency", kind=kind, at=AT)


def entries(*numbers: int, query: str = "") -> str:
    return "".join(f"<url><loc>{SITE}/{number}{query}</loc></url>" for number in numbers)


def whole(*parts: str) -> str:
    return f"{OPENING}{''.join(parts)}</urlset>"


def told(found: Found) -> int:
    return len(found.links) + sum(found.dropped.values())


def test_a_bare_ampersand_is_part_of_the_address() -> None:
    found = read(whole(f"<url><loc>{SITE}/s.php?id=0&lang=en&copy=2&amp;x=1</loc></url>", entries(1)))
    assert [link.url for link in found.links] == [f"{SITE}/s.php?id=0&lang=en&copy=2&x=1", f"{SITE}/1"]
    assert found.dropped == {}
    index = f"<sitemapindex><sitemap><loc>{SITE}/s.php?a=1&b=2</loc></sitemap></sitemapindex>"
    assert read(index, None).children == (f"{SITE}/s.php?a=1&b=2",)


@pytest.mark.parametrize(
    ("body", "links", "dropped"),
    [
        (whole(entries(*range(10)), "<url><loc>https://news.example/b<</loc></url>", entries(*range(20, 30))), 21, {}),
        (
            whole(entries(*range(10)), f"<url><loc>{SITE}/b<bad</loc></url>", entries(*range(20, 30))),
            20,
            {Drop.NO_LINK: 1},
        ),
        (whole(entries(*range(10))) + whole(entries(*range(10, 20))), 20, {}),
        (whole(entries(*range(10)), "</urlset></url>", entries(*range(10, 20))), 20, {}),
        (OPENING + entries(*range(10)), 10, {Drop.UNREADABLE: 1}),
        (OPENING + entries(*range(10)) + f"<url><loc>{SITE}/1", 10, {Drop.UNREADABLE: 1}),
        (whole("<!--", entries(1, 2), "-->", entries(3), "<url><loc>/4&nbsp;</loc></url>"), 2, {}),
    ],
    ids=["stray <", "torn address", "two documents", "closed too early", "no end", "cut through", "comments"],
)
def test_damage_is_passed_over_and_told(body: str, links: int, dropped: dict[str, int]) -> None:
    found = read(body)
    assert len(found.links) == links
    assert found.dropped == dropped


@given(cut=st.integers(min_value=len(OPENING) + len(entries(0)), max_value=len(whole(entries(*range(10))))))
def test_wherever_a_sitemap_ends_no_address_is_made_up(cut: int) -> None:
    body = whole(entries(*range(10)))
    found = read(body[:cut])
    assert {link.url for link in found.links} <= {f"{SITE}/{number}" for number in range(10)}
    assert cut == len(body) or found.dropped == {Drop.UNREADABLE: 1}


def test_damage_in_an_index_is_told_too() -> None:
    found = read(f"<sitemapindex><sitemap><loc>{SITE}/1.xml</loc></sitemap><sitemap><loc>{SITE}/2.x", None)
    assert found.children == (f"{SITE}/1.xml",)
    assert found.dropped == {Drop.UNREADABLE: 1}


def test_a_sitemap_that_ends_before_its_first_entry_is_malformed() -> None:
    with pytest.raises(MalformedFeedError, match="not one of its 1 entries can be read"):
        read(f"{OPENING}<url><loc>{SITE}/1")


def test_gzip_of_several_members_is_read_to_its_end() -> None:
    body = whole(entries(*range(100))).encode()
    packed = gzip.compress(body[:400]) + gzip.compress(body[400:900]) + gzip.compress(body[900:])
    assert len(read(packed).links) == 100
    assert len(read(packed + b"\0\0 garbage").links) == 100


def test_gzip_that_is_cut_off_says_so() -> None:
    packed = gzip.compress(whole(entries(*range(100))).encode())
    found = read(packed[:-40])
    assert 0 < len(found.links) < 100
    assert found.dropped == {Drop.UNREADABLE: 1}
    assert read(packed[:-4]).dropped == {Drop.UNREADABLE: 1}


@given(parts=st.lists(st.binary(max_size=300), min_size=1, max_size=5), limit=st.integers(min_value=0, max_value=2000))
def test_gzip_gives_no_byte_beyond_its_limit(parts: list[bytes], limit: int) -> None:
    body = b"".join(parts)
    unpacked = gunzip(b"".join(gzip.compress(part) for part in parts), limit)
    assert unpacked.body == body[:limit]
    assert unpacked.over == (len(body) > limit)
    assert not unpacked.broken


def test_a_list_of_one_url_a_line_is_a_sitemap() -> None:
    body = f"\ufeff{SITE}/a?x=1&y=2\r\n\r\n{SITE}/b \r\nnot an address\r\n{SITE}/a?x=1&y=2"
    assert [link.url for link in read(body.replace("not", f"{SITE}/c\nnot")).links][-1] == f"{SITE}/c"
    found = discover(
        f"{SITE}/1\n{SITE}/2\n".encode(), url=f"{SITE}/urls.txt", source="agency", content_type="text/plain", at=AT
    )
    assert found.kind is SourceKind.SITEMAP
    assert [link.url for link in found.links] == [f"{SITE}/1", f"{SITE}/2"]
    long = "".join(f"{SITE}/{number}\n" for number in range(50)) + "no address\n" + f"{SITE}/1\n"
    assert read(long, None).dropped == {Drop.NOT_HTTP: 1, Drop.DUPLICATE: 1}


def test_a_sitemap_may_be_as_long_as_its_protocol_allows() -> None:
    for kind in (SourceKind.SITEMAP, SourceKind.SITEMAP_INDEX):
        assert longest(f"{SITE}/map", kind, most=USUAL) == LONGEST_SITEMAP
    assert longest(f"{SITE}/Sitemap.xml.gz", None, most=USUAL) == LONGEST_SITEMAP
    assert longest(f"{SITE}/sitemap-feed", SourceKind.FEED, most=USUAL) == USUAL
    assert longest(f"{SITE}/", None, most=USUAL) == USUAL
    assert longest(f"{SITE}/map", SourceKind.SITEMAP, most=2 * LONGEST_SITEMAP) == 2 * LONGEST_SITEMAP
    assert longest(f"{SITE}/map", SourceKind.SITEMAP, most=USUAL - 1) == USUAL - 1, "an operator who wants less"


def test_a_crawl_reads_a_sitemap_that_is_longer_than_any_other_answer(site: Site, desk: Desk) -> None:
    filler = f"<note>{'x' * (USUAL // 2)}</note>"
    for path, etag in (("/sitemap.xml", "one"), ("/sitemap.xml", "two")):
        body = whole(f"<url><loc>{site.url}/{etag}</loc>{filler}</url>", filler, filler)
        site.add(path, body, Content_Type="application/xml", ETag=f'"{etag}"')
        desk.configure(site)
        desk.sources(example=f"{site.url}{path}")
        result = desk.crawl("--max-pages", "0")
        assert (result.json["sources"][0]["state"], result.json["sources"][0]["new"]) == ("ok", 1), result.err
    desk.configure(site, max_bytes=1_000_000)
    site.add("/sitemap.xml", body, Content_Type="application/xml")
    assert desk.crawl().json["sources"][0]["detail"].startswith("larger than the size limit")
