"""What a person sees of a search, and what other programs get of the archive."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from typer.testing import CliRunner

from jobs.cli import app
from jobs.exits import UsageError
from jobs.export.item import Format, Tlp
from jobs.export.write import exported
from jobs.search import hits_text, matches, snippet
from storage.errors import QueryError
from storage.queries import parse, terms
from storage.records import (
    Article,
    Claim,
    Decision,
    EntityKind,
    Findings,
    Hedge,
    Mention,
    StoredArticle,
    Verdict,
)
from storage.search import Hits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.newsdesk import Desk

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ESCAPE = "\x1b[31m"
CLAIM = Claim(
    claimant="National Cyber Agency",
    accused="APT41",
    accused_entity="apt41",
    hedge=Hedge.ASSESSED,
    hedge_text="with moderate confidence",
    victim="the foreign ministry",
    victim_country="NO",
    sector="government",
    quote="The agency assesses with moderate confidence that APT41 read the ministry's mail.",
    start=0,
    end=10,
)
APT41 = Mention(kind=EntityKind.ACTOR, name="APT41", entity="apt41", text="Winnti", start=0, end=6)


def stored(number: int = 1, title: str = "Spies read a ministry's mail", text: str = "The text.") -> StoredArticle:
    return StoredArticle(
        id=number,
        source="wire",
        first_seen=NOON,
        article=Article(url=f"https://example.org/{number}", title=title, text=text, outlet="=cmd()", language="en"),
        verdict=Verdict(
            decision=Decision.FLAG, score=0.91, threshold=0.6, reject_below=0.1, model="m1", why="foreign ministry"
        ),
        findings=Findings(mentions=(APT41,), claims=(CLAIM,)),
    )


def several() -> Iterator[StoredArticle]:
    yield stored(1)
    yield stored(2, title="@SUM(A1) <b>&\u2028 evil", text="-1+1\n\x00 second")


def written(form: Format, tlp: Tlp = Tlp.GREEN) -> bytes:
    return b"".join(exported(several(), form, tlp=tlp, at=NOON))


def test_a_snippet_shows_where_most_of_what_was_asked_for_stands() -> None:
    text = "Filler words go on. " * 40 + "Then the spies read the mail of the ministry. " + "And on. " * 100
    shown = snippet(text, parse("spies ministry"))
    assert [shown.text[start:end] for start, end in shown.matches] == ["spies", "ministry"]
    assert len(shown.text) < 240
    assert shown.text.startswith("… ")


def test_a_snippet_of_a_script_without_spaces_marks_the_very_characters() -> None:
    shown = snippet("该组织的黑客多年来一直攻击外交部的网络。", parse("外交部"))
    assert [shown.text[start:end] for start, end in shown.matches] == ["外交部"]


def test_phrases_and_prefixes_are_marked_whole() -> None:
    text = "State-backed hackers, state hackers and hacking."
    assert [text[a:b] for a, b in matches(text, terms(parse('"state-backed hackers" hack*')))] == [
        "State-backed hackers",
        "hackers",
        "hacking",
    ]


@given(st.text(), st.text(max_size=30))
def test_matches_lie_inside_the_snippet_whatever_the_text(text: str, asked: str) -> None:
    try:
        shown = snippet(text, parse(asked))
    except QueryError:
        return
    last = 0
    for start, end in shown.matches:
        assert last <= start < end <= len(shown.text)
        last = end


def test_nothing_in_a_hit_steers_the_terminal() -> None:
    hits = Hits(articles=(stored(title=f"Spies{ESCAPE} \u202eevil", text=f"{ESCAPE}spies"),), more=False)
    shown = hits_text(hits, parse("spies")).plain
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("form", [form for form in Format if form is not Format.OPML])
def test_exporting_twice_gives_the_same_bytes(form: Format) -> None:
    if form in {Format.STIX, Format.MISP}:
        pytest.importorskip("stix2" if form is Format.STIX else "pymisp")
    assert written(form) == written(form)


def test_json_lines_hold_everything() -> None:
    first, second = (json.loads(line) for line in written(Format.JSONL).decode().rstrip("\n").split("\n"))
    assert first["findings"]["claims"][0]["victim_country"] == "NO"
    assert first["verdict"]["score"] == 0.91
    assert second["article"]["title"].startswith("@SUM(A1)")


def test_no_cell_of_a_table_makes_a_spreadsheet_calculate() -> None:
    body = written(Format.CSV).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert rows[0]["outlet"] == "'=cmd()"
    assert rows[1]["title"] == "'@SUM(A1) <b>& evil"
    assert rows[1]["excerpt"].startswith("'-1+1")
    assert {row["actors"] for row in rows} == {"APT41"}


def test_the_feed_is_well_formed_and_its_ids_are_urns() -> None:
    feed = etree.fromstring(written(Format.ATOM))
    ids = feed.findall(".//{*}entry/{*}id")
    assert len({entry.text for entry in ids}) == 2
    assert all(str(entry.text).startswith("urn:uuid:") for entry in ids)
    assert feed.findtext("{*}title") == "spywire (TLP:GREEN)"


def test_a_bundle_says_who_is_accused_by_whom_and_how_far_it_may_travel() -> None:
    stix2 = pytest.importorskip("stix2")
    bundle = json.loads(written(Format.STIX, Tlp.AMBER_STRICT))
    for thing in bundle["objects"]:
        stix2.parse(thing, version="2.1")
    kinds = [thing["type"] for thing in bundle["objects"]]
    assert kinds.count("threat-actor") == 1
    assert kinds.count("report") == 2
    assert len({thing["id"] for thing in bundle["objects"]}) == len(kinds)
    targets = next(thing for thing in bundle["objects"] if thing["type"] == "relationship")
    assert targets["relationship_type"] == "targets"
    assert "with moderate confidence" in targets["description"]
    marking = bundle["objects"][0]
    assert marking["name"] == "TLP:AMBER+STRICT"
    assert all(thing["object_marking_refs"] == [marking["id"]] for thing in bundle["objects"][1:])
    report = next(thing for thing in bundle["objects"] if thing["type"] == "report")
    assert set(report["object_refs"]) <= {thing["id"] for thing in bundle["objects"]}


def test_an_event_names_the_actor_and_offers_nothing_for_detection() -> None:
    pymisp = pytest.importorskip("pymisp")
    events = json.loads(written(Format.MISP))["response"]
    assert len(events) == 2
    event = pymisp.MISPEvent()
    event.from_dict(**events[0]["Event"])
    assert {tag.name for tag in event.tags} >= {"tlp:green", 'misp-galaxy:threat-actor="APT41"'}
    assert not any(attribute.to_ids for attribute in event.attributes)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("LX", "--country: LX is in no word list, so no story is ever found to name it; leave it out; there are AD, "),
        ("aq", "--country: AQ is in no word list"),
        ("uk", "--country: no country has the code uk in ISO 3166-1; the United Kingdom is GB"),
        ("Malta", "--country: Malta is no country code; write two letters such as DE"),
    ],
)
def test_a_country_that_nothing_can_be_found_under_is_named_with_its_cure(code: str, says: str) -> None:
    done = CliRunner().invoke(app, ["search", "spies", "--country", code])
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(says)


def test_a_small_country_is_searched_for_like_any_other(desk: Desk) -> None:
    desk.configure()
    desk.sources(example="https://example.org/feed")
    result = desk.run("search", "spies", "--country", "lu")
    assert "nothing was ever stored here" in result.err  # and not that LU is unknown
