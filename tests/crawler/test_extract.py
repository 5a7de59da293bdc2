from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import NotAnArticleError, UnextractableError
from crawler.extract import extract
from crawler.page import Page
from storage.records import Article, DateSource, Link

NOW = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://www.example.org/2024/05/17/ministry-network-was-read"
PARAGRAPHS = [
    "The ministry said on Monday that its network had been read by strangers for most of the year.",
    "Nobody noticed until a clerk found a second copy of her own calendar on a printer in the hall.",
    "Investigators believe that the intruders work for a government, and that they were after the budget talks.",
]
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def page(body: str | bytes, *, head: str = "", url: str = URL, link: Link | None = None) -> Page:
    if isinstance(body, str):
        body = f"<html><head><title>A long year in the ministry</title>{head}</head><body>{body}</body></html>".encode()
    return Page(url=url, body=body, fetched_at=NOW, link=link)


def link(**told: object) -> Link:
    return Link(key="k", url=URL, source="s", **told)  # type: ignore[arg-type]


def extracted(body: str, **about: object) -> Article:
    return extract(page(f"<article><h1>A long year in the ministry</h1>{body}</article>", **about))  # type: ignore[arg-type]


def test_paragraphs_survive_as_lines() -> None:
    assert extracted(BODY).text.split("\n") == PARAGRAPHS


def test_the_link_goes_before_the_page() -> None:
    told = link(
        title="The title of the feed",
        published=datetime(2024, 5, 16, tzinfo=UTC),
        authors=("By Ada Bell",),
        summary="Of the feed.",
    )
    head = '<meta property="og:title" content="Another"><meta name="author" content="C D">'
    article = extracted(BODY, link=told, head=head)
    assert (article.title, article.published, article.date_source) == (told.title, told.published, DateSource.FEED)
    assert (article.authors, article.summary) == (("Ada Bell",), "Of the feed.")


@pytest.mark.parametrize(
    ("head", "published", "source"),
    [
        ('<meta name="date" content="2024-05-17T23:30:00-05:00">', "2024-05-18T04:30:00+00:00", DateSource.META),
        ('<meta name="date" content="Fri, 17 May 2024 10:00:00 GMT">', "2024-05-17T10:00:00+00:00", DateSource.META),
        ('<meta name="pubdate" content="2024年5月17日">', "2024-05-17T00:00:00+00:00", DateSource.META),
        ('<meta name="date" content="2031-01-01">', "2024-05-17T00:00:00+00:00", DateSource.URL),
        ('<meta name="date" content="1970-01-01">', "2024-05-17T00:00:00+00:00", DateSource.URL),
        ('<meta name="date" content="2024-99-99">', "2024-05-17T00:00:00+00:00", DateSource.URL),
    ],
)
def test_a_date_says_where_it_comes_from(head: str, published: str, source: DateSource) -> None:
    article = extracted(BODY, head=head)
    assert article.published is not None
    assert (article.published.isoformat(), article.date_source) == (published, source)


def test_the_date_of_the_last_change_is_not_the_date_of_publication() -> None:
    head = '<script type="application/ld+json">{"@type":"Article","dateModified":"2025-01-01"}</script>'
    assert extracted(BODY, head=head).date_source is DateSource.URL


@pytest.mark.parametrize(
    ("title", "site"),
    [
        ("Spies in the lift of a cable firm | Example Times", ""),
        ("Spies in the lift of a cable firm - Example Times", "Example Times"),
        ("Example Times: Spies in the lift of a cable firm", "Example Times"),
        ("Spies in the lift of a cable firm – example.org", ""),
        ("Spies in the lift of a cable firm_例文网", "例文网"),
    ],
)
def test_the_outlet_is_cut_from_the_title(title: str, site: str) -> None:
    head = f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="{site}">'
    assert extracted(BODY, head=head).title == "Spies in the lift of a cable firm"


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ada Bell and Cem Demir", ("Ada Bell", "Cem Demir")),
        ("Von Ada Bell, Redakteurin", ("Ada Bell",)),
        ("Ada Bell (ada@example.org), Staff Writer", ("Ada Bell",)),
        ("https://example.org/ada", ()),
        ("admin", ()),
    ],
)
def test_authors_are_people(byline: str, names: tuple[str, ...]) -> None:
    assert extracted(BODY, head=f'<meta name="author" content="{byline}">').authors == names


@pytest.mark.parametrize("href", ["javascript:alert(1)", "https://user:pass@example.org/", "ftp://example.org/a"])
def test_a_canonical_url_is_one_that_may_be_fetched(href: str) -> None:
    assert extracted(BODY, head=f'<link rel="canonical" href="{href}">').canonical_url is None


def test_a_title_cannot_break_out_of_its_line() -> None:
    head = "<title>A story<script>alert(1)</script>\r\nBcc: everybody\u2028here</title>"
    article = extract(page(f"<html><head>{head}</head><body><article>{BODY}</article></body></html>".encode()))
    assert len(article.title.splitlines()) == 1
    assert "<" not in article.title


@pytest.mark.parametrize(
    ("encoding", "meta"),
    [
        ("utf-8", "utf-8"),
        ("windows-1251", "windows-1251"),
        ("windows-1251", "utf-8"),
        ("koi8-r", "koi8-r"),
        ("utf-16", ""),
    ],
)
def test_a_wrong_charset_does_not_garble_the_text(encoding: str, meta: str) -> None:
    text = "Министерство сообщило, что его сеть почти год читали посторонние. Никто этого не заметил."
    source = f'<html><head><meta charset="{meta}"><title>Сеть министерства</title></head><body>{f"<p>{text}</p>" * 6}'
    article = extract(page(source.encode(encoding)))
    assert (article.text.split("\n")[0], article.language) == (text, "ru")


@pytest.mark.parametrize(
    ("kind", "title", "body", "url"),
    [
        ("error", "404 - Page not found", "<p>The page you asked for is not here.</p>", URL),
        ("login", "Sign in", '<form><input type="password"></form><p>Use the address you registered with us.</p>', URL),
        ("consent", "Before you continue", "<p>We and our partners store cookies on your device.</p>", URL),
        ("empty", "A long year in the ministry", "<p>Loading</p>", URL),
        (
            "video",
            "A long year in the ministry",
            "<p>Watch the harbour ministry explain it all in two minutes.</p>",
            "https://example.org/video/ministry",
        ),
    ],
)
def test_what_is_no_article_is_named(kind: str, title: str, body: str, url: str) -> None:
    source = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    with pytest.raises(NotAnArticleError) as refused:
        extract(page(source.encode(), url=url))
    assert refused.value.kind == kind


def test_a_paywall_that_leaves_a_line_is_no_article() -> None:
    head = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":"False"}</script>'
    with pytest.raises(NotAnArticleError, match="paywall"):
        extracted(f"<p>{PARAGRAPHS[0]}</p>", head=head)


@pytest.mark.parametrize("path", ["/", "/category/politics/", "/news/"])
def test_a_list_of_stories_is_no_article(path: str) -> None:
    story = "<article><h2><a href='/story/{0}'>Story number {0} has a headline of its own</a></h2><p>{1}</p></article>"
    stories = "".join(story.format(at, "A short teaser.") for at in range(20))
    with pytest.raises(NotAnArticleError, match="listing"):
        extract(page(f"<main>{stories}</main>", url=f"https://example.org{path}"))


def hostile() -> dict[str, bytes]:
    start = "<html><head><title>Report</title></head><body>" + BODY
    updates = ",".join(f'{{"@type":"BlogPosting","headline":"{n}","articleBody":"{"x " * 200}"}}' for n in range(1700))
    live = f'<script type="application/ld+json">{{"@type":"LiveBlogPosting","liveBlogUpdate":[{updates}]}}</script>'
    return {
        "a hundred thousand nested divs": (start + "<div>" * 100_000).encode(),
        "five megabytes of spans": (start + "<span>a</span>" * 360_000).encode(),
        "as many spans as are parsed": (start + "<span>a</span>" * 19_000).encode(),
        "fifty megabytes": (start + BODY * 160_000).encode(),
        "a wide cell": (start + "<table><tr><td colspan=9000000000000000>a</td></tr></table>").encode(),
        "a page of NULs": (start.encode() + b"\0" * 100_000),
        "every byte": bytes(range(256)) * 1_000,
        "nothing": b"",
        "a live blog": (start.replace("</head>", live + "</head>")).encode(),
        "open scripts": (start + "<script " * 300_000).encode(),
        "many attributes": (start + "<div " + " ".join(f"a{n}=1" for n in range(100_000)) + ">").encode(),
        "deep JSON": start.replace(
            "</head>", f"<script type='application/ld+json'>{'[' * 100_000}</script></head>"
        ).encode(),
        "angle brackets": b"<" * 1_000_000,
        "nested side blocks": (start + "<div class=related>" * 240 + "word " * 200_000).encode(),
    }


@pytest.mark.parametrize("name", sorted(hostile()))
def test_a_hostile_page_ends_in_time_and_in_a_named_way(name: str) -> None:
    began = time.process_time()
    with suppress(NotAnArticleError, UnextractableError):
        assert extract(page(hostile()[name])).text
    assert time.process_time() - began < timedelta(seconds=10).total_seconds()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400) | st.text(alphabet="<>/abp &;=\"'!-[]\n", max_size=400).map(str.encode))
def test_any_bytes_end_in_an_article_or_a_named_error(body: bytes) -> None:
    try:
        article = extract(page(body))
    except (NotAnArticleError, UnextractableError):
        return
    assert article.title
    assert article.text
