"""What a page says of its article beside the text: headline, authors, image, tags, paywall, dateline."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import extract
from crawler.page import Page
from storage.records import Article, Dateline
from tests.crawler.dateline_texts import OPENINGS

NOW = datetime(2026, 11, 4, tzinfo=UTC)
URL = "https://www.quayherald.example/2026/11/03/ministry-network-was-read"
BODY = "".join(
    f"<p>{paragraph}</p>"
    for paragraph in (
        "The ministry said on Monday that its network had been read by strangers for most of the year.",
        "Nobody noticed until a clerk found a second copy of her own calendar on a printer in the hall.",
        "Investigators believe that the intruders work for a government, and that they were after the budget talks.",
    )
)
HEADLINE = "Strangers read the ministry for a year"
LURE = "Ministry network: what we know of the strangers and the printer"


def read(body: str = BODY, *, head: str = "", h1: str | None = HEADLINE, before: str = "") -> Article:
    heading = f"<h1>{h1}</h1>" if h1 is not None else ""
    html = f"<html><head>{head}</head><body>{before}<article>{heading}{body}</article></body></html>"
    return extract(Page(url=URL, body=html.encode(), fetched_at=NOW))


def json_ld(kind: str = "NewsArticle", **told: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": kind, **told})}</script>'


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


@pytest.mark.parametrize(
    ("head", "h1", "title"),
    [
        (f"<title>{LURE}</title>{meta('og:title', LURE)}", HEADLINE, HEADLINE),  # what readers see
        (f"<title>{LURE}</title>{json_ld('BlogPosting', headline=LURE)}", HEADLINE, HEADLINE),
        (f"<title>{LURE}</title>{json_ld(headline=HEADLINE)}", LURE, HEADLINE),  # a newsroom's own
        (f"<title>{LURE} - Quay Herald</title>{meta('og:title', HEADLINE)}", LURE, HEADLINE),  # written by hand
        (f"<title>{HEADLINE}</title>", "Quay Herald", HEADLINE),  # an outlet is no headline
        (f"<title>{HEADLINE} | Ada's Notes</title>", "Ada's Notes", HEADLINE),
        (f"<title>{HEADLINE}</title>", HEADLINE.upper(), HEADLINE),
        (f"<title>{HEADLINE}</title>", f"<span>World</span> {HEADLINE}", HEADLINE),  # a kicker
        (f"<title>{HEADLINE}</title>", f"<small>Exclusive:</small>{HEADLINE}", HEADLINE),
        (f"<title>{HEADLINE}</title>{json_ld(headline='Strangers read the...')}", None, HEADLINE),
        (json_ld(headline="The &amp;#8220;read&amp;#8221; ministry"), None, "The “read” ministry"),  # escaped twice
        (f"<title>■ {HEADLINE}</title>", None, HEADLINE),
        ("<title>Strangers read the min&shy;istry for a year</title>", None, HEADLINE),
        (f"<title>{LURE} :: Quay Herald</title>", None, LURE),
        (f"<title>quayherald.example | {LURE}</title>", None, LURE),
        (f"<title>{LURE} – Quay Herald Online</title>", None, LURE),
        ("<title>Home</title>", HEADLINE, HEADLINE),  # a single heading of many words
    ],
)
def test_the_headline_is_chosen_among_all_that_a_page_calls_it(head: str, h1: str | None, title: str) -> None:
    assert read(head=head, h1=h1).title == title


def test_a_heading_of_the_second_level_tells_where_the_first_is_the_sites() -> None:
    article = read(
        f"<h2>{HEADLINE}</h2>{BODY}", head=f"<title>{HEADLINE} ~ Notebook of Ada</title>", h1="Notebook of Ada"
    )
    assert article.title == HEADLINE


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ('<p class="byline">By <a href="/author/ada-bell">Ada Bell</a></p>', ("Ada Bell",)),
        (
            '<p class="byline"><span>By</span> <span>Ada Bell</span><span>Harbour Correspondent</span></p>',
            ("Ada Bell",),
        ),
        ("<p>by <a href='/x'>ada bell</a></p>", ("ada bell",)),
        ("<small>WRITTEN BY</small><p><strong>Ada Bell</strong></p>", ("Ada Bell",)),
        ("<p><strong>Autor:</strong> Ada Bell</p>", ("Ada Bell",)),
        ("<h3>Written by Ada Bell</h3>", ("Ada Bell",)),
        ('<div class="author">This post was written by Ada Bell, Head of Locks</div>', ("Ada Bell",)),
        ('<div itemprop="author" itemscope><meta itemprop="name" content="Ada Bell"></div>', ("Ada Bell",)),
        ('<p class="byline">The Quay Team</p>', ("The Quay Team",)),
        ("<p>By the time the clerk came, the Ministry had gone.</p>", ()),
        ('<p class="byline">Created on 3 Nov 2026 14:05</p>', ()),
        ("<a class='author-link'>The Herald's Standards</a><p class='byline'>Ada Bell</p>", ("Ada Bell",)),
        ('<a class="author" href="/login">Create account</a>', ()),
    ],
)
def test_a_byline_is_read_where_it_is_shown(shown: str, names: tuple[str, ...]) -> None:
    assert read(f"{shown}{BODY}").authors == names


def test_the_byline_behind_the_headline_goes_before_that_of_another_story() -> None:
    other = '<div><a rel="author" href="/author/cem">Cem Demir</a></div>'
    assert read(f'<a rel="author" href="/author/ada">Ada Bell</a>{BODY}', before=other).authors == ("Ada Bell",)


def test_publishing_systems_tell_twitter_who_wrote_it() -> None:
    head = meta("twitter:label1", "Written by") + meta("twitter:data1", "Ada Bell") + meta("twitter:data2", "2 minutes")
    assert read(head=head).authors == ("Ada Bell",)


@pytest.mark.parametrize(
    ("shown", "names"),
    [
        ("<p><em>… and nobody noticed</em></p><p><strong>Ada Bell/Cem Demir</strong></p>", ("Ada Bell", "Cem Demir")),
        ('<p>von <a href="/autoren/ada-bell">Ada Bell</a></p>', ("Ada Bell",)),
        ("<p><b>Our Verdict At Last</b> is out</p>", ("Quay Herald",)),
        ("<p><b>What the clerk saw</b></p>", ("Quay Herald",)),
        ("<p><b>Executive Summary</b></p>", ("Quay Herald",)),
        ("<p><b>Budget Talks</b></p>", ("Quay Herald",)),  # the text speaks of budget talks
        (f"{BODY}<p><b>Harbour Street</b></p>", ("Quay Herald",)),  # a heading in the text
        ('<p>Seen with <a href="/author/ada-bell">Ada Bell</a></p>', ("Quay Herald",)),
    ],
)
def test_where_a_system_names_only_its_house_the_newsroom_signs_in_its_own_way(
    shown: str, names: tuple[str, ...]
) -> None:
    head = meta("og:site_name", "Quay Herald") + meta("author", "Quay Herald")
    assert read(f"{shown}{BODY}", head=head).authors == names


def test_what_stands_behind_a_name_is_not_part_of_it() -> None:
    head = meta("og:site_name", "Quay Herald")
    shown = '<p class="byline">By ADA BELL and CEM DEMIR Quay Herald</p>'
    assert read(shown + BODY, head=head).authors == ("ADA BELL", "CEM DEMIR")
    shown = '<p class="byline">By ADA BELL Reuters <span class="byline">ADA BELL</span></p>'
    assert read(shown + BODY, head=head).authors == ("ADA BELL",)


def test_an_outlet_and_its_town_are_nobody() -> None:
    head = meta("og:site_name", "Quay Herald") + meta("author", "Quay Herald, Port Ada, Republic")
    assert read(head=head).authors == ("Quay Herald, Port Ada, Republic",)


@pytest.mark.parametrize(
    ("head", "image"),
    [
        (json_ld(image="https://img.example.org/a.jpg"), "https://img.example.org/a.jpg"),
        (json_ld(image=[{"@type": "ImageObject", "url": "/a.jpg"}]), "https://www.quayherald.example/a.jpg"),
        (json_ld(image={"contentUrl": "//img.example.org/a.jpg"}), "https://img.example.org/a.jpg"),
        (meta("og:image", "a.jpg"), "https://www.quayherald.example/2026/11/03/a.jpg"),
        (meta("twitter:image:src", "https://img.example.org/a.jpg"), "https://img.example.org/a.jpg"),
        (meta("og:image", "/img/logo.png") + meta("twitter:image", "/a.jpg"), "https://www.quayherald.example/a.jpg"),
        (meta("og:image", "data:image/png;base64,AAAA"), None),
        (meta("og:image", "javascript:alert(1)"), None),
        (meta("og:image", "https://user:pass@img.example.org/a.jpg"), None),
        (meta("og:image", "https://img.example.org/" + "a" * 5000), None),
        (json_ld(image={"url": {"@id": 7}}), None),
        ("", None),
    ],
)
def test_the_lead_image_is_a_url_that_may_be_fetched(head: str, image: str | None) -> None:
    assert read(head=head).image == image


@pytest.mark.parametrize(
    ("head", "tags"),
    [
        (json_ld(keywords="Locks, Harbours,locks"), ("Locks", "Harbours")),
        (json_ld(keywords=["Locks", {"@type": "DefinedTerm", "name": "Harbours"}]), ("Locks", "Harbours")),
        (json_ld(keywords=["Locks"]) + meta("article:tag", "Harbours"), ("Locks", "Harbours")),
        (meta("news_keywords", "Locks; Harbours") + meta("keywords", "news, quay"), ("Locks", "Harbours")),
        (meta("keywords", "海关、窃密，港口"), ("海关", "窃密", "港口")),
        (meta("article:tag", "A sentence that somebody took for a tag and that goes on for ever"), ()),
        (meta("article:tag", "type:story") + meta("article:tag", "2026") + meta("article:tag", "#Locks"), ("Locks",)),
        (json_ld(keywords=[f"lock {c}" for c in ascii_lowercase]), tuple(f"lock {c}" for c in ascii_lowercase[:20])),
        (json_ld(keywords=7), ()),
    ],
)
def test_tags_are_short_clean_and_each_there_once(head: str, tags: tuple[str, ...]) -> None:
    assert read(head=head).tags == tags


@pytest.mark.parametrize(
    ("head", "paywalled"),
    [
        (json_ld(isAccessibleForFree=False), True),
        (json_ld(isAccessibleForFree="False"), True),
        (json_ld(isAccessibleForFree="https://schema.org/False"), True),
        (json_ld(hasPart={"@type": "WebPageElement", "isAccessibleForFree": "false"}), True),
        (json_ld(hasPart=[{"isAccessibleForFree": True}, {"isAccessibleForFree": False}]), True),
        (json_ld(isAccessibleForFree=True, hasPart=[{"isAccessibleForFree": False}]), False),
        (json_ld(isAccessibleForFree="True") + meta("article:content_tier", "metered"), False),
        (meta("article:content_tier", "locked"), True),
        (meta("og:article:content_tier", "Metered"), True),
        (meta("article:content_tier", "free"), False),
        (meta("isAccessibleForFree", "false"), True),
        (json_ld(hasPart="everything"), False),
        ("", False),
    ],
)
def test_a_page_tells_whether_it_is_to_be_paid_for(head: str, paywalled: bool) -> None:  # noqa: FBT001 - a column of the table
    assert read(BODY * 4, head=head).paywalled is paywalled


@pytest.mark.parametrize("opening", [text.replace("\u3000", " ") for text, *_ in OPENINGS])
def test_the_text_keeps_its_dateline(opening: str) -> None:
    lines = f"{opening} The ministry said on Monday that its network had been read by strangers for a year.".split("\n")
    published = meta("article:published_time", "2026-11-04T08:00:00Z")
    article = read("".join(f"<p>{line}</p>" for line in lines) + BODY, head=published)
    assert article.text.split("\n")[: len(lines)] == lines
    assert article.dateline is not None


def test_a_credit_that_is_cut_as_boilerplate_is_still_the_agency() -> None:
    article = read(f"{BODY}<p>(Reporting by Ada Bell; Editing by Cem Demir)</p>")
    assert article.dateline == Dateline(agency="Reuters")


def test_an_agency_in_the_byline_is_the_agency() -> None:
    head = json_ld(author=[{"@type": "Person", "name": "Ada Bell"}, {"@type": "Organization", "name": "AFP"}])
    article = read(head=head)
    assert article.authors == ("Ada Bell", "AFP")
    assert article.dateline == Dateline(agency="AFP")


KEYS = st.sampled_from(["@id", "name", "url", "isAccessibleForFree"])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TOLD = ("headline", "image", "keywords", "hasPart", "author", "isAccessibleForFree")


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(TOLD, JSON)))
def test_whatever_json_ld_says_the_article_is_sound(told: dict[str, Any]) -> None:
    article = read(BODY * 4, head=json_ld(**told))
    assert article.title
    assert article.image is None or article.image.startswith(("http://", "https://"))
    assert all(0 < len(tag) <= 60 for tag in article.tags)
    assert len({tag.casefold() for tag in article.tags}) == len(article.tags) <= 20
