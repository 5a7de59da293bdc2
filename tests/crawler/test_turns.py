"""When a link gets its turn that nobody was asked for, and by which name its reason is counted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import PageKind
from crawler.guard import url_refusal
from crawler.handler import Stint
from crawler.hosts import parked_failure
from crawler.outcomes import Failure, next_turn, status_failure
from crawler.report import LONGEST_NAME, Tracker, Wait, name_of
from crawler.robots import unreachable
from crawler.schedule import Findings
from crawler.sources import Source
from crawler.visits import visit
from storage.records import NO_VALIDATORS, LinkState, Parked, PollState, SourceState, Waited

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
SILENT = Failure(state=LinkState.FAILED, reason="timeout", retry_after=timedelta(), asked=False)


def test_a_parked_host_is_asked_when_it_said_however_long_that_goes_on() -> None:
    parked = parked_failure(Parked(until=NOON + timedelta(hours=1), because="HTTP 429"), at=NOON)
    for waited in (None, Waited(NOON, timedelta(days=1)), Waited(NOON - 2 * MONTH, timedelta(days=1))):
        assert next_turn(parked, waited, at=NOON) == NOON + timedelta(hours=1)


def test_a_host_that_says_nothing_is_tried_less_and_less_often_for_a_month() -> None:
    at, turns, waited = NOON, 0, None
    before = timedelta()
    while (again := next_turn(SILENT, waited, at=at)) is not None:
        assert max(before, timedelta(minutes=15)) <= again - at <= timedelta(days=1)
        before, at, turns = again - at, again, turns + 1
        waited = Waited(found=NOON, last=before)
    assert MONTH <= at - NOON <= MONTH + timedelta(days=1)
    assert turns < 50


@given(st.timedeltas(timedelta(0), 20 * MONTH))
def test_a_link_that_is_known_for_long_has_its_turns_too(known: timedelta) -> None:
    at, waited, turns = NOON, None, 0
    while turns < 8 and (again := next_turn(SILENT, waited, at=at)) is not None:
        waited, at, turns = Waited(found=NOON - known, last=again - at), again, turns + 1
    assert turns == 8
    assert at - NOON > timedelta(days=2)


def test_what_is_refused_for_good_gets_no_turn() -> None:
    assert next_turn(Failure(state=LinkState.BLOCKED, reason="no", asked=False), None, at=NOON) is None


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (status_failure(404).reason, "HTTP 404"),
        (parked_failure(Parked(until=NOON, because="HTTP 429"), at=NOON).reason, "host is left alone"),
        (str(unreachable("HTTP 503").failure and unreachable("HTTP 503").failure.reason), "robots.txt unreachable"),  # type: ignore[union-attr]
        (url_refusal("http://a.example:8081/", {80}) or "", "port is not in [fetch] allow_ports"),
        ("address 169.254.169.254 is not public and not in [fetch] allow_networks", "address is not public and not in"),
        (f"{PageKind.LISTING}: 84 links", "listing"),
        ("broken compression: Error -3 while decompressing", "broken compression"),
        ("soft 404: the same text as 2 other pages of a.example", "soft 404"),
        ("HTTP 404: as before at <https://a.example/amp>", "HTTP 404"),
        ("took longer than 10 s", "took longer than 10 s"),
    ],
)
def test_a_counter_is_named_by_the_kind_of_a_reason(reason: str, name: str) -> None:
    assert name_of(reason).startswith(name)


@given(st.text(), st.datetimes(), st.from_regex(r"https?://[a-z]{1,9}\.example/[a-z0-9]{0,20}", fullmatch=True))
def test_no_date_and_no_url_names_a_counter(word: str, at: datetime, url: str) -> None:
    parked = parked_failure(Parked(until=at.replace(tzinfo=UTC), because=word), at=NOON)
    for reason in (parked.reason, f"same article as {url}", f"{word[:20].replace(':', '')}: {url}"):
        named = name_of(reason)
        assert "://" not in named
        assert not re.search(r"\d{4}-\d\d|\d\d:\d\d", named.replace(word, ""))
        assert len(named) <= LONGEST_NAME


def test_five_permanent_redirects_in_a_row_are_worth_a_word_and_a_failure_says_nothing() -> None:
    state, told = SourceState(name="a", url="https://a.example/old"), []
    for moved_to, found in (("/1", True), ("/2", True), ("/2", True), ("/2", False), *[("/2", True)] * 3, (None, True)):
        look = visit(Source(name="a", url=state.url), state, at=NOON)
        look.moved_to = moved_to if found else None
        look.asks(state.url, NO_VALIDATORS)
        look.answered(Findings(state=PollState.OK if found else PollState.UNREACHABLE))
        told.append(look.advice)
        state = look.after(NOON)
    assert told == [""] * 6 + ["moved permanently to /2: write that as its url in sources.toml", ""]
    assert (state.moved_to, state.moves) == (None, 0)


def test_every_state_without_an_article_counts_its_reasons() -> None:
    tracker = Tracker()
    states = set(LinkState) - {LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED}
    for state in states:
        for reason in ("one: 1", "one: 2", "two"):
            tracker.settled(state, reason=reason)
    for state in states:
        kinds = {key.split(".", 2)[2]: n for key, n in tracker.counts.items() if key.startswith(f"pages.{state}.")}
        assert kinds == {"one": 2, "two": 1}
        assert tracker.counts[f"pages.{state}"] == 3


def test_the_time_of_a_source_begins_with_its_first_page() -> None:
    turn, none, ever = Stint(60), Stint(0), Stint(inf)
    assert (turn.over, none.over, ever.over) == (False, False, False)
    assert (turn.goes_on(), ever.goes_on()) == (True, True)
    none.goes_on()
    assert (turn.over, none.over, ever.over) == (False, True, False)
    assert not none.goes_on()


def test_what_waits_is_counted_once_for_each_source_and_by_why() -> None:
    tracker = Tracker()
    tracker.leased(4)
    tracker.waiting("a", 9, Wait.SOURCE_LIMIT)
    tracker.waiting("a", 7, Wait.SOURCE_LIMIT)
    tracker.waiting("b", 5, Wait.CRAWL_LIMIT)
    tracker.put_back("c")
    tracker.waiting("c", 1, Wait.PATIENCE)
    assert tracker.counts["links.waiting"] == 13
    assert [tracker.counts[f"links.waiting.{why}"] for why in Wait] == [7, 5, 1, 0]
    assert tracker.counts["pages.requested"] == 3
