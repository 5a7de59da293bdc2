"""Datelines and wire credits; the tables stand in dateline_texts.py."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.dateline import dateline_of
from storage.records import Dateline
from tests.crawler.dateline_texts import (
    CREDITS,
    ENDING_LOOK_ALIKES,
    ENDINGS,
    NOV_3,
    OPENING_LOOK_ALIKES,
    OPENINGS,
)

AT = datetime(2026, 11, 4, 8, tzinfo=UTC)
PARAGRAPH = (
    "The ministry said on Monday that its network had been read by strangers for most of the year, and nobody knew. "
)
BODY = "\n".join([PARAGRAPH * 3] * 4)


@pytest.mark.parametrize(("text", "place", "day", "agency"), OPENINGS)
def test_a_dateline_is_read_from_the_opening(
    text: str, place: str | None, day: date | None, agency: str | None
) -> None:
    expected = Dateline(place=place, date=day, agency=agency)
    assert dateline_of(f"{text} {PARAGRAPH}\n{BODY}", at=AT) == expected
    assert dateline_of(f"What the ministry has to say of its mail\n{text}\n{BODY}", at=AT) == expected


@pytest.mark.parametrize(("credit", "agency"), CREDITS)
def test_a_credit_is_read_from_the_last_line(credit: str, agency: str) -> None:
    assert dateline_of(f"{BODY.strip()}\n{credit}", at=AT) == Dateline(agency=agency)
    assert dateline_of(BODY, raw=f"{BODY.strip()}\n{credit}\nMore of the day", at=AT) == Dateline(agency=agency)


@pytest.mark.parametrize(("ending", "agency"), ENDINGS)
def test_a_credit_is_read_behind_the_last_sentence(ending: str, agency: str) -> None:
    assert dateline_of(f"{BODY}\n{PARAGRAPH}{ending}", at=AT) == Dateline(agency=agency)


@pytest.mark.parametrize("text", OPENING_LOOK_ALIKES)
def test_what_only_looks_like_a_dateline_is_none(text: str) -> None:
    assert dateline_of(f"{text} {PARAGRAPH}\n{BODY}", at=AT) is None


@pytest.mark.parametrize("text", ENDING_LOOK_ALIKES)
def test_what_only_looks_like_a_credit_is_none(text: str) -> None:
    assert dateline_of(f"{BODY}\n{text}", at=AT) is None


@pytest.mark.parametrize("text", ["said the agency (AFP) and", "the Reuters (agency) report", "(AP) and (dpa)"])
def test_an_agency_in_the_middle_of_a_text_is_no_credit(text: str) -> None:
    assert dateline_of(f"{BODY}\n{PARAGRAPH}{text} {PARAGRAPH}\n{BODY}", at=AT) is None


@pytest.mark.parametrize(
    ("written", "at", "day"),
    [
        ("PARIS, 3 nov (AFP) - ", "2026-11-04", date(2026, 11, 3)),
        ("PARIS, 31 déc (AFP) - ", "2026-01-01", date(2025, 12, 31)),
        ("BEIJING, Nov 4 (Xinhua) -- ", "2026-11-03T20:00", date(2026, 11, 4)),  # it is tomorrow there
        ("BEIJING, Nov 6 (Xinhua) -- ", "2026-11-03T20:00", None),
        ("PARIS, 3 mars (AFP) - ", "2026-11-04", None),  # eight months ago: another date
        ("PARIS, 31 nov (AFP) - ", "2026-12-04", None),
        ("PARIS, 3 nov 2031 (AFP) - ", "2026-11-04", None),
        ("[東京 30日 ロイター] - ", "2026-11-01", date(2026, 10, 30)),
        ("[東京 31日 ロイター] - ", "2026-03-02", date(2026, 1, 31)),
    ],
)
def test_a_date_gets_its_year_from_the_article_and_is_never_in_the_future(
    written: str, at: str, day: date | None
) -> None:
    found = dateline_of(f"{written}{PARAGRAPH}", at=datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found is not None
    assert found.date == day
    assert found.agency


def test_an_agency_that_signs_is_the_agency() -> None:
    assert dateline_of(BODY, at=AT, authors=("Ada Bell", "Reuters")) == Dateline(agency="Reuters")
    assert dateline_of(BODY, at=AT, authors=("Petra", "Ani")) is None


def test_the_opening_goes_before_the_end() -> None:
    found = dateline_of(f"BERLIN (dpa) - {BODY}\nWith inputs from PTI", at=AT)
    assert found == Dateline(place="Berlin", agency="dpa")


def test_the_end_tells_the_agency_of_an_opening_without_one() -> None:
    found = dateline_of(f"KUALA LUMPUR, Nov 3 — {BODY.strip()} — Reuters", at=AT)
    assert found == Dateline(place="Kuala Lumpur", date=NOV_3, agency="Reuters")


HOSTILE = st.one_of(
    st.text(max_size=600),
    st.text(alphabet="ABC ab.,()[]/-–—:0123456789AP\n", max_size=600),
    st.text(alphabet="（【新华社北京日月电=＝共同 3)】ロイター", max_size=400),
)


@settings(max_examples=150, deadline=None)
@given(HOSTILE, st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2030, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive limits
def test_whatever_the_text_the_date_is_not_in_the_future(text: str, at: datetime) -> None:
    found = dateline_of(text, at=at, raw=text)
    if found is not None:
        assert found.place or found.date or found.agency
        assert found.date is None or (found.date - at.date()).days <= 1


@settings(max_examples=60, deadline=None)
@given(HOSTILE, st.text(max_size=300), st.text(max_size=300))
def test_only_the_two_ends_of_a_text_are_looked_at(end: str, one: str, other: str) -> None:
    frame = "x" * 500
    first, second = (dateline_of(f"{end}{frame}{middle}{frame}{end}", at=AT) for middle in (one, other))
    assert first == second


UNITS = [
    *("A ", "A, ", "(", "( AP", "A/", "A - ", "3 nov ", "Paris, 3 ", "北京3日", "（北京＝", "reporting by "),
    *("(Reporting by a ", "with inputs from ", "© ", ". ", "\n", "A.", "القاهرة ", "mit mit ", "A'", "AAA "),
    *("AAA-", "(c) ", "/a", "A, 3.1."),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", UNITS)
def test_no_text_makes_a_pattern_run_away(unit: str) -> None:
    for tail in ("", "(", ")", "!", "x"):
        for size in (50, 150, 500):
            dateline_of(unit * size + tail, at=AT, raw=unit * size + tail)
