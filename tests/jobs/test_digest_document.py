from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.digest.compose import compose
from jobs.digest.document import SCHEMA, DocumentError, from_document, to_document
from jobs.digest.edition import (
    Attribution,
    Copy,
    Count,
    Counts,
    Coverage,
    Day,
    Edition,
    Fate,
    Fault,
    Item,
    Question,
    Reason,
    Section,
    Sentence,
    SourceNote,
    Standing,
)
from storage.records import DateSource, LinkState, PollState
from tests.jobs.digest_day import COMPOSED, activity, flagged, held, stories

TEXT = st.text(max_size=12)
MOMENTS = st.integers(0, 4 * 10**15).map(
    lambda micros: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)
URLS = st.sampled_from(
    [
        "https://news.example/1",
        "javascript:alert(1)",
        "https://bank.example@evil.example/",
        "https://晚报.example/新",
        "",
    ]
)
SHARE = st.floats(0, 1)


def several(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, max_size=2).map(tuple)


def made(kind: type, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **fields)


ATTRIBUTIONS = made(Attribution, claimant=TEXT, accused=TEXT, hedge=TEXT, words=TEXT, outlet=TEXT)
COUNTS = several(made(Count, name=TEXT, stories=st.integers(0, 9), usual=SHARE))
NOTES = made(
    SourceNote,
    source=TEXT,
    state=st.none() | st.sampled_from(PollState),
    at=st.none() | MOMENTS,
    detail=TEXT,
    fault=st.sampled_from(Fault),
)
ITEMS = made(
    Item,
    id=TEXT,
    story=st.integers(0, 9),
    title=TEXT,
    url=URLS,
    outlets=several(TEXT),
    first_seen=MOMENTS,
    published=st.none() | MOMENTS,
    date_source=st.none() | st.sampled_from(DateSource),
    authors=several(TEXT),
    language=st.none() | TEXT,
    score=st.none() | SHARE,
    why=TEXT,
    sentences=several(made(Sentence, text=TEXT, outlet=TEXT)),
    copies=several(made(Copy, outlet=TEXT, url=URLS)),
    articles=st.integers(0, 9),
    origins=st.integers(0, 9),
    changes=several(TEXT),
    standing=st.sampled_from(Standing),
    actors=several(TEXT),
    victims=several(TEXT),
    languages=several(TEXT),
    attributions=several(ATTRIBUTIONS),
    late=st.booleans(),
)
FATES = several(
    made(
        Fate,
        state=st.none() | st.sampled_from(LinkState),
        count=st.integers(0, 9),
        reasons=several(made(Reason, text=TEXT, count=st.integers(0, 9))),
    )
)
SECTIONS = made(Section, items=several(ITEMS), stories=st.integers(0, 9), articles=st.integers(0, 9))
EDITIONS = made(
    Edition,
    title=TEXT,
    since=MOMENTS,
    until=MOMENTS,
    composed_at=MOMENTS,
    coverage=made(
        Coverage,
        day=st.sampled_from(Day),
        words=several(TEXT),
        sources=st.integers(0, 9),
        answered=st.integers(0, 9),
        failed=several(NOTES),
        unwell=several(NOTES),
    ),
    flagged=SECTIONS,
    held=SECTIONS,
    links=st.integers(0, 9),
    fates=FATES,
    model=TEXT,
    number=st.integers(0, 9),
    profile=TEXT,
    tlp=TEXT,
    zone=TEXT,
    days=st.integers(1, 9),
    articles=st.integers(0, 9),
    origins=st.integers(0, 9),
    questions=several(made(Question, id=TEXT, title=TEXT, url=URLS, outlet=TEXT, score=SHARE)),
    counts=made(Counts, actors=COUNTS, countries=COUNTS, sectors=COUNTS),
    card=TEXT,
    next_at=st.none() | MOMENTS,
    left_out=st.integers(0, 9),
    before=FATES,
)


def edition() -> Edition:
    return compose(flagged(), held(), activity(), stories=stories(), model="m-1", at=COMPOSED)


@settings(max_examples=30)
@given(EDITIONS)
def test_an_edition_comes_back_from_json_as_it_went(whole: Edition) -> None:
    assert from_document(json.loads(json.dumps(to_document(whole)))) == whole


def test_every_field_is_in_the_document() -> None:
    document = to_document(edition())
    assert document["schema"] == SCHEMA == 2
    assert set(document) == {"schema", *Edition.__dataclass_fields__}
    assert set(document["flagged"]["items"][0]) == {*Item.__dataclass_fields__}


def test_times_are_utc_and_to_the_second_where_they_are_whole() -> None:
    assert to_document(edition())["composed_at"] == "2026-11-22T06:15:00Z"


def test_an_address_that_is_not_the_webs_is_null_and_kept_as_text() -> None:
    (item, *_) = edition().flagged.items
    hostile = replace(
        edition(), flagged=Section(items=(replace(item, url="javascript:alert(1)"),), stories=1, articles=1)
    )
    written = to_document(hostile)["flagged"]["items"][0]
    assert (written["url"], written["address"]) == (None, "javascript:alert(1)")


def test_names_it_does_not_know_are_left_alone_and_missing_ones_are_as_in_a_new_edition() -> None:
    document = to_document(edition()) | {"weather": "fair"}
    del document["tlp"]
    assert from_document(document) == edition()


@pytest.mark.parametrize("schema", [1, 3, None, "2"])
def test_another_schema_is_refused(schema: object) -> None:
    with pytest.raises(DocumentError, match="install the newer spywire"):
        from_document(to_document(edition()) | {"schema": schema})


@pytest.mark.parametrize("broken", [{"flagged": None}, {"since": "yesterday"}, {"fates": [{"count": 1}]}])
def test_what_is_no_edition_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(DocumentError, match="no edition"):
        from_document(to_document(edition()) | broken)
