from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from crawler.discover import Drop, Found, MalformedFeedError, NotAFeedError, SourceKind, discover

AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
URL = "https://www.news.example/security/"

PAGE = """<!doctype html><html><head><title>Security | The Daily Example</title>
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
<link rel="alternate" type="application/rss+xml" href="/security/feed">
<link rel="ALTERNATE feed" type="application/atom+xml; charset=utf-8" href="https://www.news.example/atom">
<link rel="alternate" hreflang="de" href="/de/"><link rel="stylesheet" href="/x.css" type="text/css">
</head><body class="has-sidebar menu-open">
<header><nav><a href="/world/">World</a>
<a href="/2026/11/01/our-new-app-is-here-at-last">Our new app is here at last</a></nav></header>
<div class="main-menu"><a href="/2026/10/30/how-to-read-us-in-the-menu">How to read us in the menu</a></div>
<main>
  <article><header><a href="/2026/11/21/ministry-mail"><img src="m.jpg" alt=""></a>
    <h2><a href="/2026/11/21/ministry-mail">Intruders read ministry mail for months</a></h2></header>
    <a href="/author/ana-prado-and-li-wei">By Ana Prado and Li Wei</a>
    <a href="/tag/cyber-espionage-in-europe">Espionage in Europe</a>
    <a href="/2026/11/21/ministry-mail#comments">12 comments</a></article>
  <a class="card" href="https://news.example/security/telecom-implant-found-in-four-countries">
    <h3>Telecom implant found in four countries</h3><p>Investigators say that it was there for two years.</p></a>
  <a href="/security/story-4711023.html">黑客入侵外交部网络窃取邮件多年</a>
  <a href="/security/page/2">Next page</a>
  <a href="/category/politics-and-foreign-affairs">Politics and foreign affairs</a>
  <a href="https://partner.example/2026/11/20/a-story-on-another-site">A story on another site entirely</a>
  <a href="javascript:void(0)">More stories like this one</a>
  <a href="#top">Back to the top of this page</a>
  <a href="/2026/11/20/report-on-router-implants.pdf">Download our report on router implants</a>
</main>
<aside><a href="/2026/11/19/most-read-story-of-the-week">Most read story of the week</a></aside>
<footer><a href="/privacy-policy">Privacy policy and your choices here</a></footer>
</body></html>"""


def read(body: str | bytes, url: str = URL, kind: SourceKind | None = SourceKind.SECTION) -> Found:
    body = body.encode() if isinstance(body, str) else body
    return discover(body, url=url, source="daily", kind=kind, at=AT)


def test_articles_are_told_from_navigation_in_document_order() -> None:
    found = read(PAGE)
    assert [(link.url, link.title) for link in found.links] == [
        ("https://www.news.example/2026/11/21/ministry-mail", "Intruders read ministry mail for months"),
        (
            "https://news.example/security/telecom-implant-found-in-four-countries",
            "Telecom implant found in four countries",
        ),
        ("https://www.news.example/security/story-4711023.html", "黑客入侵外交部网络窃取邮件多年"),
    ]
    assert found.title == "Security | The Daily Example"


def test_everything_left_out_is_counted_by_name() -> None:
    assert read(PAGE).dropped == {
        Drop.NAVIGATION: 4,
        Drop.NOT_AN_ARTICLE: 6,
        Drop.OFF_SITE: 1,
        Drop.NOT_HTTP: 1,
    }


def test_a_page_claims_no_dates() -> None:
    assert all(link.published is None for link in read(PAGE).links)


@pytest.mark.parametrize(
    ("page", "article"),
    [
        ("https://edition.news.example/world", "https://www.news.example/2026/11/21/a-headline-in-words"),
        ("https://www.example.co.uk/", "https://news.example.co.uk/2026/11/21/a-headline-in-words"),
    ],
)
def test_other_hosts_of_the_same_site_are_on_site(page: str, article: str) -> None:
    body = f"<html><body><a href='{article}'>Ministry says that spies read its mail</a></body></html>"
    assert len(read(body, url=page).links) == 1


@pytest.mark.parametrize(
    ("page", "article"),
    [
        ("https://one.co.uk/", "https://other.co.uk/2026/11/21/a-headline-in-words"),
        ("https://ana.github.io/", "https://wei.github.io/2026/11/21/a-headline-in-words"),
    ],
)
def test_a_public_suffix_is_no_site(page: str, article: str) -> None:
    body = f"<html><body><a href='{article}'>Ministry says that spies read its mail</a></body></html>"
    assert read(body, url=page).dropped == {Drop.OFF_SITE: 1}


def test_a_site_without_dates_and_slugs_is_known_by_its_folder() -> None:
    headlines = ["Ministry says that spies read its mail", "Four arrested over spying on the parliament"] * 3
    anchors = "".join(f"<li><a href='/n/x{n}'>{text} {n}</a></li>" for n, text in enumerate(headlines))
    assert (
        len(
            read(
                f"<html><body><ul>{anchors}</ul><a href='/n2/y'>Terms that apply to our readers here</a></body></html>"
            ).links
        )
        == 6
    )


def test_a_base_element_is_honoured() -> None:
    head = "<head><base href='https://www.news.example/2026/'></head>"
    body = f"<html>{head}<body><a href='11/21/a-headline'>Ministry says that spies read its mail</a></body></html>"
    assert read(body).links[0].url == "https://www.news.example/2026/11/21/a-headline"


def test_markup_in_a_headline_stays_text() -> None:
    body = "<html><body><a href='/2026/11/21/x'>How &lt;script&gt; tags gave spies a way in</a></body></html>"
    assert read(body).links[0].title == "How <script> tags gave spies a way in"


def test_feeds_of_a_page_are_named_in_order_and_comments_last() -> None:
    assert read(PAGE).feeds == (
        "https://www.news.example/security/feed",
        "https://www.news.example/atom",
        "https://www.news.example/comments/feed",
    )


def test_a_page_is_a_section_when_nobody_says_otherwise() -> None:
    assert read(PAGE, kind=None).kind is SourceKind.SECTION
    assert discover(b"plain words", url=URL, source="daily", content_type="text/html", at=AT).links == ()


def test_a_feed_is_no_section() -> None:
    with pytest.raises(NotAFeedError, match="expected a section, got a feed"):
        read("<rss><channel/></rss>")


def test_an_empty_page_is_malformed() -> None:
    with pytest.raises(MalformedFeedError):
        read("")


@pytest.mark.parametrize(
    "inside",
    [
        "<div>" * 50_000 + "<a href='/2026/11/21/x-y-z'>x</a>",
        "<a href='/2026/11/21/a-story-like-any-other'>x</a>" * 50_000,
        "<a href='/1'><h3>" * 30_000,
        f"<a href='/{'-' * 200_000}'>x</a>",
        f"<a href='/x' class='{'nav ' * 50_000}'>{'word ' * 100_000}</a>",
        f"<div class='{' ' * 200_000}'><a href='/x'>x</a></div>",
    ],
)
def test_a_hostile_page_costs_little_time(inside: str) -> None:
    start = time.process_time()
    read(f"<html><body>{inside}</body></html>")
    assert time.process_time() - start < 5
