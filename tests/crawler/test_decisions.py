"""The pure decisions of a crawl: what a status means, when to try again, what is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.outcomes import Failure, retry_after, retry_at, status_failure
from crawler.report import Tracker
from crawler.sources import Source, due
from storage.records import LinkState, PollState, Rhythm, SourcePoll, SourceState

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "state", "again"),
    [
        (404, LinkState.GONE, False),
        (410, LinkState.GONE, False),
        (401, LinkState.BLOCKED, False),
        (451, LinkState.BLOCKED, False),
        (403, LinkState.FAILED, True),
        (429, LinkState.FAILED, True),
        (500, LinkState.FAILED, True),
        (302, LinkState.FAILED, True),
    ],
)
def test_a_status_has_a_state(status: int, state: LinkState, again: bool) -> None:  # noqa: FBT001
    failure = status_failure(status)
    assert (failure.state, failure.reason) == (state, f"HTTP {status}")
    assert (retry_at(failure, attempts=1, at=NOON) is not None) == again


def test_patience_grows_and_ends() -> None:
    failure = Failure(state=LinkState.FAILED, reason="timeout", retry_after=timedelta())
    waits = [retry_at(failure, attempts=attempts, at=NOON) for attempts in range(1, 6)]
    hours = [(wait - NOON) / timedelta(hours=1) for wait in waits if wait]
    assert hours == [0.25, 1, 6, 24]
    assert waits[-1] is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("999999999", 86_400),
        ("9" * 5000, 86_400),
        ("Sun, 22 Nov 2026 12:05:00 GMT", 300),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 9999 11:00:00 GMT", 86_400),
        ("Sun, 22 Nov 2026 12:05:00", 300),
        ("120.0", 120),
        ("0.5", 0.5),
        ("120, 120", 120),
        ("60,3600.5", 3600.5),
        ("soon", None),
        ("120 seconds", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: int | None) -> None:
    wait = retry_after(value, at=NOON)
    assert (None if wait is None else wait.total_seconds()) == seconds


@given(st.text())
def test_retry_after_never_raises_and_never_exceeds_a_day(value: str) -> None:
    wait = retry_after(value, at=NOON)
    assert wait is None or timedelta() <= wait <= timedelta(days=1)


def test_a_source_is_due_when_it_is_new_or_moved_or_its_time_has_come() -> None:
    source = Source(name="a", url="https://a.example/")
    rhythm = Rhythm(interval=timedelta(hours=1), next_at=NOON, polled_at=NOON - timedelta(hours=1))
    known = {"a": SourceState(name="a", url=source.url, rhythm=rhythm)}
    assert due([source], {}, at=NOON) == [source]
    assert due([source], known, at=NOON) == [source]
    assert due([source], known, at=NOON - timedelta(minutes=1)) == []
    assert due([replace(source, url="https://a.example/new")], known, at=NOON - timedelta(minutes=1)) != []
    assert due([replace(source, every=timedelta(minutes=30))], known, at=NOON - timedelta(minutes=30)) != []


def test_one_failed_part_of_a_sitemap_speaks_for_its_source() -> None:
    tracker = Tracker()
    for state, found in ((PollState.OK, 3), (PollState.HTTP_ERROR, 0), (PollState.OK, 2)):
        tracker.polled(SourcePoll(source="a", at=NOON, state=state, found=found, new=found))
    report = tracker.report(started=NOON, ended=NOON)
    assert [(poll.state, poll.found) for poll in report.sources] == [(PollState.HTTP_ERROR, 5)]
    assert len(report.failed) == 1
