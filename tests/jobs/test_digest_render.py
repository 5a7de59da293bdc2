from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from jobs.digest import edition as values
from jobs.digest.columns import columns
from jobs.digest.document import from_document
from jobs.digest.edition import Attribution, Coverage, Edition, Item, Section, SourceNote, Standing
from jobs.digest.plain import disarm
from jobs.digest.render import Form, render
from jobs.digest.render.html import LARGEST
from jobs.digest.render.markdown import escaped
from jobs.digest.render.text import WIDTH
from storage.records import DateSource, EditionKind, PollState
from tests.jobs.digest_edition import (
    ADDRESSES,
    CRANES,
    HOSTILE,
    LANTERN,
    MINISTRY,
    NONE,
    SHIPYARD,
    UNTIL,
    alert,
    blind,
    edition,
    flood,
    hostile,
    item,
    quiet,
)

BESIDE = Path(__file__).parent
KINDS = pytest.mark.parametrize("kind", EditionKind)
READABLE = pytest.mark.parametrize("form", [Form.TEXT, Form.HTML, Form.MARKDOWN])


def shown(page: str) -> str:
    """What a reader of the HTML sees, on one line."""
    body = html.document_fromstring(page.encode()).find("body")
    assert body is not None
    return " ".join(" ".join(map(str, body.itertext())).split())


def said(whole: Edition, form: Form, *, kind: EditionKind = EditionKind.DIGEST) -> str:
    """The form as one line of text."""
    page = render(whole, form, kind=kind)
    return shown(page) if form is Form.HTML else " ".join(page.replace("\\", "").split())


def test_the_plain_edition_reads_as_it_was_laid_out() -> None:
    assert render(edition(), Form.TEXT) == (BESIDE / "digest_day.txt").read_text(encoding="utf-8")


def test_the_markdown_edition_reads_as_it_was_laid_out() -> None:
    assert render(edition(), Form.MARKDOWN) == (BESIDE / "digest_day.md").read_text(encoding="utf-8")


@READABLE
def test_every_form_tells_the_same_things_in_the_same_order(form: Form) -> None:
    page = said(edition(), form).casefold()
    told = [
        "TLP:AMBER",
        "Espionage watch",
        "Edition 312 for cert, Sun 22 Nov 2026",
        "21 Nov 2026 07:00 to 22 Nov 2026 07:00 Europe/Vienna (24 hours)",
        "21 Nov 2026 06:00 to 22 Nov 2026 06:00 UTC",
        "93 of 96 sources, 1,412 links, 1,380 articles",
        "4 stories: 23 articles by 10 origins; 2 more not for this profile",
        "1 story for a person to decide",
        "Normal day.",
        "Failed: signal-and-noise and long-beach-evening. Silent: harbour-daily. Degraded: nordblatt.",
        "Bottom line",
        "3 origins · 0.94",
        "New (2)",
        "1. Intruders read a foreign ministry's mail for nineteen months",
        "APT28 (RU) → Varnish foreign ministry (VN)",
        "7 articles, 3 origins, English, German and French",
        "under a false name.”",
        "The national cyber centre assessed that APT28 did it, “with moderate confidence” (Example Times)",
        "The embassy denied that Russia did it (Nordblatt)",
        "Why flagged:",
        "First seen:",
        "21 Nov 2026 08:00 CET",
        "news.example",
        "Also at Harbour Daily",
        "and 4 more articles",
        "S-20261122-01",
        "2. 前工程师",
        "before this window",
        "Updated (1)",
        "New since we told it:",
        "Turla (RU)",
        "Le Phare du Soir suspected Turla",
        "Ongoing (1)",
        "Spyware hides in calendar reminders of exiled journalists",
        "S-20261117-04",
        "Held for review (1)",
        "0.49",
        "spywire label S-20261122-05 flag",
        "reply with the line",
        "S-20261122-05 flag",
        "Check us (2)",
        "spywire label A-17 flag",
        "reply with the line",
        "A-17 flag",
        "Regatta ends in a calm",
        "By actor",
        "usually 0.4",
        "usually none",
        "By country",
        "By sector",
        "Source notes (4)",
        "HTTP 503, 22 Nov 2026 06:40 CET",
        "nothing new for 3.1 days",
        "What became of 1,412 links",
        "read and judged irrelevant",
        "59",
        "precision 0.93",
        "Next edition 23 Nov 2026 07:00 CET.",
        "TLP:AMBER",
    ]
    at = 0
    for words in told:
        found = page.find(words.casefold(), at)
        assert found >= 0, words
        at = found + len(words)


def test_the_json_edition_is_the_document_that_is_stored() -> None:
    document = json.loads(render(edition(), Form.JSON))
    assert (document["schema"], document["kind"]) == (2, "digest")
    assert (document["since"], document["until"]) == ("2026-11-21T06:00:00Z", "2026-11-22T06:00:00Z")
    first = document["flagged"]["items"][0]
    assert (first["id"], first["standing"], first["score"], first["url"]) == (
        "S-20261122-01", "new", 0.942, "https://news.example/1",
    )  # fmt: skip
    assert from_document(document) == disarm(edition())


def test_every_field_of_the_json_edition_is_documented() -> None:
    documented = (BESIDE.parents[1] / "docs" / "forms.md").read_text(encoding="utf-8")
    kinds = [kind for kind in vars(values).values() if is_dataclass(kind) and isinstance(kind, type)]
    names = {field.name for kind in kinds for field in fields(kind)} | {"schema", "kind", "address"}
    assert {name for name in names if f"`{name}`" not in documented} == set()


@pytest.mark.parametrize("form", Form)
def test_a_day_without_news_says_so(form: Form) -> None:
    assert "Nothing was flagged." in render(quiet(), form)


@READABLE
def test_a_day_of_which_the_profile_asks_for_nothing_is_no_day_without_news(form: Form) -> None:
    page = said(replace(quiet(), left_out=14), form)
    assert re.search(r"(?i:bottom line)[ -]+Nothing for this profile\.", page)
    assert "0 stories; 14 not for this profile" in page
    if form is Form.HTML:
        assert page.startswith("Quiet day. Nothing for this profile.")


@READABLE
def test_a_day_of_which_all_that_was_flagged_was_old_does_not_say_that_nothing_was(form: Form) -> None:
    page = said(edition(flagged=NONE, left_out=0), form)
    assert "Nothing that belongs in this digest." in page
    assert "Nothing was flagged" not in page


@READABLE
def test_a_blind_day_is_called_one_and_says_how_many_days_it_covers(form: Form) -> None:
    page = said(blind(), form)
    assert "BLIND DAY." in page
    assert "Covers 3 days." in page
    assert "and 50 more sources" in page


@READABLE
def test_a_preview_says_that_it_is_no_edition(form: Form) -> None:
    page = said(edition(number=0, profile="", zone="UTC", next_at=None, tlp=""), form)
    assert "Preview, not an edition, Sun 22 Nov 2026" in page
    assert "TLP" not in page
    assert "Next edition" not in page
    assert page.count("21 Nov 2026 06:00 to 22 Nov 2026 06:00 UTC") == 1


@READABLE
def test_a_preview_for_a_profile_names_whose_it_is(form: Form) -> None:
    assert "Preview for cert, not an edition, Sun 22 Nov 2026" in said(edition(number=0), form)


@READABLE
@pytest.mark.parametrize("who", ["officials", "The national cyber centre"])
@pytest.mark.parametrize(
    ("hedge", "told"),
    [
        ("stated", "{} said that Turla did it (Nordblatt)"),
        ("assessed", "{} assessed that Turla did it (Nordblatt)"),
        ("suspected", "{} suspected Turla (Nordblatt)"),
        ("alleged", "{} alleged that Turla did it (Nordblatt)"),
        ("denied", "{} denied that Turla did it (Nordblatt)"),
        ("of a later version", "{} named Turla (Nordblatt)"),
    ],
)
def test_a_claim_reads_well_of_one_claimant_and_of_many(form: Form, who: str, hedge: str, told: str) -> None:
    claim = Attribution(claimant=who, accused="Turla", hedge=hedge, words="", outlet="Nordblatt")
    accused = replace(MINISTRY, attributions=(claim,))
    assert told.format(who) in said(edition(flagged=Section(items=(accused,), stories=1, articles=1)), form)


@READABLE
def test_what_is_held_and_was_published_before_the_window_is_told_so(form: Form) -> None:
    late = replace(CRANES, late=True, published=UNTIL - timedelta(days=3))
    section = Section(items=(late,), stories=1, articles=1)
    told = "published 19 Nov 2026 07:00 CET (dated by the feed), before this window"
    assert told in said(edition(held=section, flagged=NONE), form)
    assert told not in said(edition(held=Section(items=(CRANES,), stories=1, articles=1), flagged=NONE), form)


def test_a_late_story_that_has_only_a_line_is_still_told_so() -> None:
    whole = flood(250)
    items = tuple(replace(item, late=True) for item in whole.flagged.items)
    page = html.document_fromstring(render(replace(whole, flagged=replace(whole.flagged, items=items)), Form.HTML))
    lines = [" ".join(line.text_content().split()) for line in page.xpath("//tr[starts-with(@id, 'S-')]")]
    assert lines
    assert all("before this window" in line for line in lines)


def test_an_alert_for_programs_says_what_it_is_and_judges_no_day() -> None:
    document = json.loads(render(alert(), Form.JSON, kind=EditionKind.ALERT))
    assert (document["schema"], document["kind"], document["coverage"]["day"]) == (2, "alert", None)
    assert document["flagged"] == json.loads(render(alert(), Form.JSON))["flagged"]


@READABLE
def test_an_alert_is_one_story_and_says_that_it_is_an_alert(form: Form) -> None:
    page = said(alert(), form, kind=EditionKind.ALERT).casefold()
    for words in (
        "TLP:AMBER",
        "ALERT: Espionage watch",
        "Alert 4 for cert",
        "3 origins · 0.94",
        MINISTRY.title,
        "APT28",
    ):
        assert words.casefold() in page
    assert "bottom line" not in page
    assert "what became of" not in page


@READABLE
def test_only_what_goes_on_is_still_told_at_the_bottom_line(form: Form) -> None:
    whole = edition(flagged=Section(items=(LANTERN,), stories=1, articles=11))
    assert said(whole, form).count(LANTERN.title[:40]) >= 2


@READABLE
def test_a_window_over_a_change_of_clocks_has_an_hour_less(form: Form) -> None:
    spring = datetime(2026, 3, 29, 5, tzinfo=UTC)
    page = said(edition(since=spring - timedelta(hours=23), until=spring), form)
    assert "28 Mar 2026 07:00 to 29 Mar 2026 07:00 Europe/Vienna (23 hours)" in page


def test_a_short_window_is_told_in_minutes() -> None:
    assert "(3 minutes)" in render(edition(since=UNTIL - timedelta(minutes=3)), Form.TEXT)
    assert "(less than a minute)" in render(edition(since=UNTIL - timedelta(seconds=9)), Form.TEXT)


def test_a_zone_without_letters_is_told_by_its_distance_from_utc() -> None:
    assert "22 Nov 2026 10:01 UTC+04" in render(edition(zone="Asia/Dubai"), Form.TEXT)
    assert "Composed 22 Nov 2026 06:01 UTC." in render(edition(zone="Nowhere/At/All"), Form.TEXT)


def test_the_bytes_are_the_same_in_another_process() -> None:
    program = (
        "import sys; from tests.jobs.digest_edition import hostile; from jobs.digest.render import Form, render; "
        "sys.stdout.buffer.write(''.join(render(hostile(), form) for form in Form).encode())"
    )
    other = subprocess.run([sys.executable, "-c", program], cwd=BESIDE.parents[1], check=True, capture_output=True)
    assert other.stdout == "".join(render(hostile(), form) for form in Form).encode()


@KINDS
@pytest.mark.parametrize("form", Form)
def test_no_form_carries_a_control_or_direction_character(form: Form, kind: EditionKind) -> None:
    page = render(hostile(), form, kind=kind)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", page)
    assert "\nBcc:" not in page
    assert "A" * 330 not in page


@KINDS
def test_hostile_html_stays_text(kind: EditionKind) -> None:
    source = render(hostile(), Form.HTML, kind=kind)
    page = html.document_fromstring(source.encode())
    assert not list(page.iter("script", "img", "iframe", "link", "object", "form"))
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert "{{ 7*7 }}" in source
    for anchor in page.iter("a"):
        assert anchor.get("href", "").startswith(("http://", "https://"))
    assert "evil.example" in shown(source)


@KINDS
def test_html_fetches_nothing_and_every_element_carries_its_style(kind: EditionKind) -> None:
    source = render(edition(), Form.HTML, kind=kind)
    assert not re.search(r"src=|url\(|@import|<link", source)
    page = html.document_fromstring(source.encode())
    assert all(element.get("style") for element in page.xpath("//*[@class]"))
    assert len(page.xpath("//p[not(@style)] | //td[not(@style)] | //h2[not(@style)]")) == 0


@KINDS
def test_hostile_markdown_stays_text(kind: EditionKind) -> None:
    markdown = (
        pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    )
    page = html.document_fromstring(markdown.render(render(hostile(), Form.MARKDOWN, kind=kind)))
    assert not list(page.iter("script", "img", "b", "table", "s"))
    assert {anchor.get("href") for anchor in page.iter("a")} == {"https://evil.example/a%28b%29%5Bc%5D%3Cd%3E%22'%60"}


@given(st.text(alphabet="#*_[]()<>!`~|\\&@$+-=.:1 aw/h", max_size=30))
def test_escaped_markdown_shows_the_text_it_was_given(text: str) -> None:
    words = " ".join(text.split())
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable(["table", "strikethrough"])
    page = html.fragment_fromstring(f"<div>{markdown.render(escaped(words))}</div>")
    assert " ".join(page.text_content().split()) == words
    assert {element.tag for element in page.iter()} <= {"div", "p"}


def test_a_number_that_begins_no_list_is_left_as_it_is() -> None:
    assert [escaped(text) for text in ("127.0.0.1", "2.5 million", "1.", "1. and", "2) or")] == [
        "127.0.0.1", "2.5 million", "&#49;.", "&#49;. and", "&#50;) or",
    ]  # fmt: skip


def test_stories_that_mail_has_no_room_for_become_a_line_each() -> None:
    page = render(flood(60), Form.HTML)
    told = html.document_fromstring(page.encode()).xpath("//*[starts-with(@id, 'S-')]")
    in_full = [story for story in told if story.tag == "div"]
    assert LARGEST - 4_000 < len(page.encode()) < LARGEST
    assert len(told) == 60
    assert 15 < len(in_full) < 60
    assert "more stories" not in page


def test_five_thousand_stories_stay_below_what_mail_clients_show() -> None:
    whole = flood(250, 5_000)
    page = render(whole, Form.HTML)
    assert len(page.encode()) < LARGEST
    cut = re.search(r"and (\d+) more stories: the text form and .*spywire digest show 312 --profile cert", page)
    assert cut
    assert int(cut[1]) + len(re.findall(r'id="S-20261122-\d+"', page)) == 250
    assert "and 4,750 more stories" in page
    for form in (Form.TEXT, Form.MARKDOWN):
        assert "and 4,750 more stories" in render(whole, form)


IDS = st.from_regex(r"[SA]-[0-9]{1,8}", fullmatch=True)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
STRINGS = st.text(max_size=60) | st.sampled_from([text[:400] for text in HOSTILE])
SOME = st.lists(STRINGS, max_size=3).map(tuple)
FEW = st.integers(0, 9999)


@st.composite
def items(draw: st.DrawFn) -> Item:
    known: dict[str, Any] = {name: draw(STRINGS) for name in ("title", "why")}
    known |= {name: draw(SOME) for name in ("outlets", "authors", "changes", "actors", "victims", "languages")}
    return item(
        draw(FEW),
        **known,
        id=draw(IDS),
        url=draw(STRINGS | st.sampled_from(ADDRESSES)),
        first_seen=draw(MOMENTS),
        published=draw(st.none() | MOMENTS),
        date_source=draw(st.none() | st.sampled_from(DateSource)),
        language=draw(st.none() | STRINGS),
        score=draw(st.none() | st.floats(0, 1)),
        articles=draw(st.integers(1, 99)),
        origins=draw(st.integers(1, 99)),
        standing=draw(st.sampled_from(Standing)),
        late=draw(st.booleans()),
        attributions=draw(st.sampled_from([MINISTRY.attributions, SHIPYARD.attributions])),
    )


SECTIONS = st.lists(items(), max_size=4).map(lambda told: Section(items=tuple(told), stories=len(told), articles=9))
NOTES = st.lists(st.tuples(STRINGS, st.sampled_from(PollState), STRINGS), max_size=3).map(
    lambda drawn: tuple(SourceNote(source=source, state=state, at=UNTIL, detail=text) for source, state, text in drawn)
)


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    text, notes = draw(STRINGS), draw(NOTES)
    day = draw(st.sampled_from(values.Day))
    zone = draw(st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns"]))
    coverage = Coverage(day=day, words=(text,), sources=9, answered=9 - len(notes), failed=notes)
    known = {"title": text, "card": text, "profile": text, "zone": zone, "coverage": coverage}
    return edition(flagged=draw(SECTIONS), held=draw(SECTIONS), **known)


@settings(max_examples=20)
@given(editions())
def test_any_day_can_be_rendered_in_78_columns(whole: Edition) -> None:
    for kind in EditionKind:
        for form in Form:
            page = render(whole, form, kind=kind)
            assert page.encode()
            assert page.endswith("\n")
            if form is Form.TEXT:
                for line in page.split("\n"):
                    assert columns(line) <= WIDTH or line.lstrip().startswith(("http://", "https://"))
    json.loads(render(whole, Form.JSON))


def test_an_empty_edition_has_no_empty_parts() -> None:
    bare = replace(quiet(), held=NONE, fates=(), links=0, questions=(), card="", next_at=None)
    for form in (Form.TEXT, Form.HTML, Form.MARKDOWN):
        assert "what became of" not in render(bare, form).casefold()
    headings = [h.text for h in html.document_fromstring(render(bare, Form.HTML).encode()).iter("h2")]
    assert headings == ["Bottom line"]
