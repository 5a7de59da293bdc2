"""Alarms about sources, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage.alarms import Alarms
from storage.records import Alarm, AlarmKind

if TYPE_CHECKING:
    from storage.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SILENT = Alarm(source="wire", kind=AlarmKind.SILENT, since=NOON, ended_at=None, detail="nothing new for 9 hours")
FAILING = Alarm(source="blog", kind=AlarmKind.FAILING, since=NOON - HOUR, ended_at=None, detail="HTTP 503")


def test_an_alarm_is_one_row_for_as_long_as_it_lasts(database: Database) -> None:
    alarms = Alarms(database)
    assert alarms.keep([SILENT, FAILING], at=NOON) == [SILENT, FAILING]
    later = replace(SILENT, since=NOON + HOUR, detail="nothing new for 10 hours")
    assert alarms.keep([later, FAILING], at=NOON + HOUR) == [], "none began and none ended"
    assert alarms.open() == [FAILING, replace(later, since=NOON)], "its own beginning, the new words"


def test_an_alarm_that_is_over_ends_and_may_come_back(database: Database) -> None:
    alarms = Alarms(database)
    alarms.keep([SILENT], at=NOON)
    ended = replace(SILENT, ended_at=NOON + HOUR)
    assert alarms.keep([], at=NOON + HOUR) == [ended]
    assert alarms.open() == []
    again = replace(SILENT, since=NOON + 9 * HOUR)
    assert alarms.keep([again], at=NOON + 9 * HOUR) == [again]
    assert alarms.listed(since=NOON) == [again, ended]
    assert alarms.listed(since=NOON + 2 * HOUR) == [again]


def test_two_looks_at_once_open_an_alarm_once(database: Database) -> None:
    one, two = Alarms(database), Alarms(database)
    one.keep([SILENT], at=NOON)
    two.keep([SILENT, FAILING], at=NOON)
    assert [alarm.source for alarm in one.open()] == ["blog", "wire"]
    assert len(one.listed(since=NOON - HOUR)) == 2


def test_kinds_of_one_source_are_alarms_of_their_own(database: Database) -> None:
    alarms = Alarms(database)
    degraded = replace(SILENT, kind=AlarmKind.DEGRADED, detail="median text 812 -> 64 characters")
    alarms.keep([SILENT, degraded], at=NOON)
    assert alarms.keep([degraded], at=NOON + HOUR) == [replace(SILENT, ended_at=NOON + HOUR)]


def test_a_clock_that_went_back_ends_no_alarm_before_it_began(database: Database) -> None:
    alarms = Alarms(database)
    alarms.keep([SILENT], at=NOON)
    assert alarms.keep([], at=NOON - HOUR) == [replace(SILENT, ended_at=NOON)]
