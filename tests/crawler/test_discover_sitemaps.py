from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from crawler.discover import Drop, Found, MalformedFeedError, NotAFeedError, SourceKind, discover

AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
IMAGE = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'


def read(body: str | bytes, kind: SourceKind | None = SourceKind.SITEMAP) -> Found:
    body = body.encode() if isinstance(body, str) else body
    return discover(body, url="https://news.example/sitemap.xml", source="agency", kind=kind, at=AT)


def urlset(*entries: str) -> str:
    inside = "".join(f"<url>{entry}</url>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {SITEMAP} {NEWS} {IMAGE}>{inside}</urlset>'


def index(*children: tuple[str, str]) -> str:
    inside = "".join(
        f"<sitemap><loc>https://news.example/{name}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</sitemap>"
        for name, day in children
    )
    return f"<sitemapindex {SITEMAP}>{inside}</sitemapindex>"


def test_a_news_sitemap_dates_and_titles_its_links() -> None:
    found = read(
        urlset(
            "<loc> https://news.example/1 </loc><lastmod>2026-11-22</lastmod>"
            "<news:news><news:publication><news:name>Agency</news:name></news:publication>"
            "<news:publication_date>2026-11-21T20:00:00+01:00</news:publication_date>"
            "<news:title>Spies &amp; &lt;lies&gt;</news:title></news:news>"
            "<image:image><image:loc>https://news.example/1.jpg</image:loc><image:title>Photo</image:title></image:image>"
        )
    )
    (link,) = found.links
    assert found.kind is SourceKind.SITEMAP
    assert link.url == "https://news.example/1"
    assert link.title == "Spies & <lies>"
    assert link.published == datetime(2026, 11, 21, 19, tzinfo=UTC)


def test_a_modification_is_no_publication() -> None:
    found = read(urlset("<loc>https://news.example/1</loc><lastmod>2026-11-22</lastmod>"))
    assert found.links[0].published is None
    assert found.dates_refused == 0


def test_only_the_newest_pages_are_taken_and_the_rest_is_counted() -> None:
    day = datetime(2020, 1, 1, tzinfo=UTC)
    entries = (
        f"<loc>https://news.example/{n}</loc><lastmod>{(day + timedelta(hours=n)).isoformat()}</lastmod>"
        for n in range(5_003)
    )
    found = read(urlset(*entries))
    assert len(found.links) == 5_000
    assert found.links[0].url == "https://news.example/3"
    assert found.dropped == {Drop.OVER_CAP: 3}


def test_what_cannot_be_fetched_is_dropped_and_counted() -> None:
    found = read(
        urlset("<loc>ftp://news.example/1</loc>", "<lastmod>2026-11-22</lastmod>", "<loc>/2</loc>", "<loc>/2/</loc>")
    )
    assert [link.url for link in found.links] == ["https://news.example/2"]
    assert found.dropped == {Drop.NOT_HTTP: 1, Drop.NO_LINK: 1, Drop.DUPLICATE: 1}


def test_an_index_gives_its_children_newest_first_and_leaves_out_the_stale() -> None:
    found = read(
        index(
            ("2026-09.xml", "2026-09-30"),
            ("2026-11.xml", "2026-11-21"),
            ("2026-10.xml", "2026-11-16"),
            ("old.xml", "2009"),
        )
    )
    assert found.kind is SourceKind.SITEMAP_INDEX
    assert found.children == ("https://news.example/2026-11.xml", "https://news.example/2026-10.xml")
    assert found.links == ()
    assert found.dropped == {Drop.STALE: 2}


def test_a_quiet_site_keeps_its_newest_sitemap() -> None:
    found = read(index(("a.xml", "2026-01-01"), ("b.xml", "2026-03-01")))
    assert found.children == ("https://news.example/b.xml",)
    assert found.dropped == {Drop.STALE: 1}


def test_undated_children_come_after_dated_ones_by_the_numbers_in_their_names() -> None:
    found = read(index(("posts-2.xml", ""), ("posts-10.xml", ""), ("news.xml", "2026-11-22"), ("posts-9.xml", "")))
    assert [child.rpartition("/")[2] for child in found.children] == [
        "news.xml",
        "posts-10.xml",
        "posts-9.xml",
        "posts-2.xml",
    ]


def test_children_beyond_the_cap_are_counted() -> None:
    found = read(index(*((f"{n}.xml", "2026-11-22") for n in range(60)), ("1.xml", "")))
    assert len(found.children) == 50
    assert found.dropped == {Drop.OVER_CAP: 10, Drop.DUPLICATE: 1}


def test_a_gzipped_sitemap_is_unpacked_and_a_truncated_one_gives_what_came() -> None:
    packed = gzip.compress(urlset(*(f"<loc>https://news.example/{n}</loc>" for n in range(1000))).encode())
    assert len(read(packed).links) == 1000
    assert 0 < len(read(packed[: len(packed) // 2]).links) < 1000


def test_a_sitemap_is_told_from_a_feed() -> None:
    assert read(urlset(), kind=None).kind is SourceKind.SITEMAP
    assert read(index(), kind=None).kind is SourceKind.SITEMAP_INDEX
    with pytest.raises(NotAFeedError, match="got a feed"):
        read("<rss><channel/></rss>")


def test_entities_are_neither_expanded_nor_fetched() -> None:
    doctype = '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "/y">]>'
    found = read(doctype + urlset("<loc>https://news.example/&x;</loc>", "<loc>https://news.example/1</loc>"))
    assert "https://news.example/1" in {link.url for link in found.links}
    assert all("y" not in link.url.rpartition("/")[2] for link in found.links)


def test_damage_costs_only_what_is_damaged() -> None:
    body = urlset("<loc>https://news.example/1?a=1&b=2</loc>", "<loc>https://news.example/2</loc>").replace(
        "</urlset>", ""
    )
    assert "https://news.example/2" in {link.url for link in read(body).links}


def test_a_sitemap_without_a_namespace_is_read() -> None:
    assert len(read("<urlset><url><loc>https://news.example/1</loc></url></urlset>").links) == 1


@pytest.mark.parametrize("body", [b"", b"\x1f\x8b\x08\x00"])
def test_nothing_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedFeedError):
        read(body)
