from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from jobs.digest.columns import columns
from jobs.digest.compose import compose
from jobs.digest.render import Form, render
from jobs.digest.render.html import LARGEST
from jobs.digest.render.markdown import escaped
from jobs.digest.render.text import WIDTH
from storage.records import Article, DateSource, Decision, PollState, SourcePoll, StoredArticle, Tally
from tests.jobs.digest_day import COMPOSED, UNTIL, activity, flagged, held, stored, stories

if TYPE_CHECKING:
    from jobs.digest.edition import Edition

BESIDE = Path(__file__).parent

HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)> & \"quotes\" 'single' {{ 7*7 }} {% raw %}",
    "Ministry\r\nBcc: everyone@x.example\r\n\r\n<b>body</b>",
    "line\u2028separator\u2029and\u0085next",
    "invoice\u202egnp.exe \u2066isolated",
    "A" * 10_000,
    "漢字" * 5_000,
    "😀👩\u200d👩\u200d👧❤\ufe0f" * 300,
    "=cmd()|'/c calc'!A1",
    "# [click](javascript:alert(1)) ![pixel](http://evil.example/p.png) *b* `c` @here www.evil.example http://a.example",
    "1. - + | table | <http://evil.example> ~~x~~ &lt;",
    "z" + "\u0351\u0352\u0353\u0354" * 40,
    "خبر عاجل: تجسس على وزارة الخارجية (12)",
    "\ud800\x00\x1b[2J",
    "",
]
ADDRESSES = [
    "javascript:alert(document.domain)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "https://bank.example@evil.example/a(b)[c]<d>\"'`",
    "https://x.example/" + "a" * 50_000,
    "",
]


def edition(**changes: object) -> Edition:
    whole = compose(flagged(), held(), activity(), stories=stories(), model="m-20261101", at=COMPOSED)
    return replace(whole, **changes)  # type: ignore[arg-type]


def hostile_edition() -> Edition:
    articles = [
        stored(
            number,
            title=title,
            text=f"{title}. Sentence number {number} is long enough to be quoted in full.\n{title}",
            url=ADDRESSES[number % len(ADDRESSES)],
            outlet=HOSTILE[number - 3] or None,
            authors=(title, title),
            language=title or None,
            why=title,
        )
        for number, title in enumerate(HOSTILE)
    ]
    doubtful = [replace(a, verdict=replace(a.verdict, decision=Decision.HOLD)) for a in articles[9:]]
    polls = [
        SourcePoll(source=f"{name}{number}", at=UNTIL, state=PollState.MALFORMED, detail=name)
        for number, name in enumerate(HOSTILE)
    ]
    tallies = tuple(replace(tally, reason=HOSTILE[n % len(HOSTILE)]) for n, tally in enumerate(activity().tallies))
    seen = replace(activity(), sources=tuple(polls), tallies=tallies)
    return compose(articles[:9], doubtful, seen, model=HOSTILE[0], at=COMPOSED, title=HOSTILE[1])


def test_the_plain_edition_reads_as_it_was_laid_out() -> None:
    assert render(edition(), Form.TEXT) == (BESIDE / "digest_day.txt").read_text(encoding="utf-8")


def test_the_markdown_edition_reads_as_it_was_laid_out() -> None:
    assert render(edition(), Form.MARKDOWN) == (BESIDE / "digest_day.md").read_text(encoding="utf-8")


def test_the_html_edition_says_what_the_plain_one_says() -> None:
    page = html.document_fromstring(render(edition(), Form.HTML).encode())
    assert [h.text for h in page.iter("h2")] == [
        "Bottom line",
        "Flagged (3)",
        "Held for review (1)",
        "What became of 120 links",
        "Sources that gave nothing (1)",
    ]
    shown = " ".join(" ".join(map(str, page.itertext())).split())
    for said in (
        "Read 3 of 4 sources, 120 links · Flagged 3 stories (4 articles) · Held 1",
        "Normal day. 3 of 4 sources answered.",
        "score 0.94 · Example Times and Harbour Daily · 2 articles, 1 origin · by Maren Holt",
        "to a server rented in the U.S. under a false name.” Example Times",
        "Read at Example Times news.example",
        "New a victim is named: the ministry (VN)",
        "Also at Harbour Daily harbour.example",
        "81 read and judged irrelevant",
        "Signal & Noise answered with an error: HTTP 503, 22 Nov 2026 05:40 UTC",
        "Model m-20261101. Composed 22 Nov 2026 06:15 UTC.",
    ):
        assert said in shown


def test_the_json_edition_holds_every_field_with_times_in_utc() -> None:
    document = json.loads(render(edition(), Form.JSON))
    assert document["schema"] == 1
    assert (document["since"], document["until"]) == ("2026-11-21T06:00:00Z", "2026-11-22T06:00:00Z")
    assert document["coverage"]["day"] == "normal"
    first = document["flagged"]["items"][0]
    assert (first["id"], first["story"], first["score"], first["date_source"]) == ("S-20261121-07", 1, 0.942, "feed")
    assert sum(fate["count"] for fate in document["fates"]) == document["links"] == 120


def test_every_field_of_the_json_edition_is_documented() -> None:
    documented = (BESIDE.parents[1] / "docs" / "digest.md").read_text(encoding="utf-8")
    names = set(re.findall(r'"(\w+)":', render(edition(), Form.JSON)))
    assert {name for name in names if f"`{name}`" not in documented} == set()


@pytest.mark.parametrize("form", Form)
def test_a_day_without_news_says_so(form: Form) -> None:
    quiet = compose([], [], activity(failing=0), model="m-1", at=COMPOSED)
    assert "Nothing was flagged." in render(quiet, form)


@pytest.mark.parametrize("form", [Form.TEXT, Form.HTML, Form.MARKDOWN])
def test_a_blind_day_is_called_one(form: Form) -> None:
    blind = compose([], [], activity(failing=3), model="m-1", at=COMPOSED)
    assert "BLIND DAY." in render(blind, form)


@pytest.mark.parametrize("form", Form)
def test_the_bytes_are_the_same_in_another_process(form: Form) -> None:
    program = (
        "import sys; from tests.jobs.test_digest_render import hostile_edition; from jobs.digest.render import render; "
        f"sys.stdout.buffer.write(render(hostile_edition(), '{form}').encode())"
    )
    other = subprocess.run([sys.executable, "-c", program], cwd=BESIDE.parents[1], check=True, capture_output=True)
    assert other.stdout == render(hostile_edition(), form).encode()


@pytest.mark.parametrize("form", Form)
def test_no_form_carries_a_control_or_direction_character(form: Form) -> None:
    page = render(hostile_edition(), form)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", page)
    assert "\nBcc:" not in page
    assert "A" * 330 not in page


def test_hostile_html_stays_text() -> None:
    source = render(hostile_edition(), Form.HTML)
    page = html.document_fromstring(source.encode())
    assert not list(page.iter("script", "img", "iframe", "link", "object", "form"))
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert "{{ 7*7 }}" in source
    for anchor in page.iter("a"):
        target = anchor.get("href", "")
        web = target.startswith(("http://", "https://")) and anchor.get("rel") == "noopener noreferrer"
        assert web or target.startswith(("#S-", "#A-"))
    assert "evil.example" in map(str, page.itertext())


def test_html_fetches_nothing() -> None:
    source = render(edition(), Form.HTML)
    assert not re.search(r"src=|url\(|@import|<link", source)


def test_hostile_markdown_stays_text() -> None:
    markdown = (
        pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    )
    page = html.document_fromstring(markdown.render(render(hostile_edition(), Form.MARKDOWN)))
    assert not list(page.iter("script", "img", "b", "table", "s"))
    assert {anchor.get("href") for anchor in page.iter("a")} == {"https://evil.example/a%28b%29%5Bc%5D%3Cd%3E%22'%60"}


@given(st.text(alphabet="#*_[]()<>!`~|\\&@$+-=.:1 aw/h", max_size=30))
def test_escaped_markdown_shows_the_text_it_was_given(text: str) -> None:
    shown = " ".join(text.split())
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable(["table", "strikethrough"])
    page = html.fragment_fromstring(f"<div>{markdown.render(escaped(shown))}</div>")
    assert " ".join(page.text_content().split()) == shown
    assert {element.tag for element in page.iter()} <= {"div", "p"}


def test_five_thousand_stories_stay_below_what_mail_clients_show() -> None:
    articles = [
        stored(n, title=f"Story {n} " + "<&'\">" * 30, text=" ".join(f"w{n}x{k}." for k in range(40)), why="'" * 300)
        for n in range(1, 5_001)
    ]
    whole = compose(articles, articles[:0], activity(), model="m-1", at=COMPOSED)
    assert len(render(whole, Form.HTML).encode()) < LARGEST
    assert "more stories" in render(whole, Form.HTML)
    assert "and 4,940 more stories" in render(whole, Form.TEXT)


def test_html_shrinks_no_more_than_it_must() -> None:
    texts = ["".join(chr(0x4E00 + 300 * n + k) * 150 + "。" for k in range(3)) for n in range(1, 61)]
    articles = [stored(n, title=f"Story {n}", text=text, why="報" * 150) for n, text in enumerate(texts, 1)]
    whole = compose(articles, [], activity(), model="m-1", at=COMPOSED)
    assert LARGEST - 3_000 < len(render(whole, Form.HTML).encode()) < LARGEST


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
STRINGS = st.text(max_size=60) | st.sampled_from(HOSTILE)


@st.composite
def articles(draw: st.DrawFn) -> list[StoredArticle]:
    drawn = draw(st.lists(st.tuples(STRINGS, STRINGS, STRINGS, st.none() | st.floats(0, 1), MOMENTS), max_size=5))
    flags = [Decision.FLAG, Decision.HOLD]
    known = [
        stored(n, title="", text="", score=score, decision=flags[n % 2], first_seen=at)
        for n, (_, _, _, score, at) in enumerate(drawn)
    ]
    return [
        replace(
            blank,
            article=Article(
                url=draw(STRINGS | st.sampled_from(ADDRESSES)),
                title=title,
                text=text,
                outlet=outlet,
                authors=(outlet,),
                published=draw(st.none() | MOMENTS),
                date_source=draw(st.none() | st.sampled_from(DateSource)),
                language=draw(st.none() | STRINGS),
            ),
        )
        for blank, (title, text, outlet, _, _) in zip(known, drawn, strict=True)
    ]


@given(articles(), STRINGS, st.lists(st.tuples(STRINGS, st.sampled_from(PollState), STRINGS), max_size=4))
def test_any_day_can_be_rendered_in_78_columns(
    stored_articles: list[StoredArticle], name: str, polls: list[tuple[str, PollState, str]]
) -> None:
    sources = tuple(SourcePoll(source=s, at=UNTIL - timedelta(hours=1), state=state, detail=d) for s, state, d in polls)
    tallies = tuple(Tally(state=tally.state, reason=name, count=tally.count) for tally in activity().tallies)
    seen = replace(activity(), sources=sources, tallies=tallies)
    whole = compose(stored_articles, [], seen, model=name, at=COMPOSED, title=name)
    for form in Form:
        page = render(whole, form)
        assert page.encode()
        assert page.endswith("\n")
    for line in render(whole, Form.TEXT).split("\n"):
        assert columns(line) <= WIDTH or line.lstrip().startswith(("http://", "https://"))
    json.loads(render(whole, Form.JSON))
