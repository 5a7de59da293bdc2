from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.digest.due import Due, Past, Timetable, covered, due, last_due, next_due, window_end, window_start
from tests.jobs.sender import Tick, check_windows, check_zone, run

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
# Changes at midnight, at the hour of a digest, of half an hour, twice in a Ramadan, before midnight of the same day.
ODD = (
    "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Nuuk",
    "Africa/Cairo", "America/Havana", "Antarctica/Troll", "Pacific/Chatham",
)  # fmt: skip
SEVEN = time(7, 0)


def table(zone: str = "UTC", at: time = SEVEN, weekdays: frozenset[int] = EVERY_DAY) -> Timetable:
    return Timetable(at=at, zone=ZoneInfo(zone), weekdays=weekdays)


def utc(day: int, hour: int = 7, minute: int = 0, *, month: int = 3, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_a_digest_is_due_at_its_hour_and_not_before() -> None:
    past = Past(began=BEGAN, last_due=utc(1), delivered_until=utc(1))
    assert due(table(), past, at=utc(2, 6, 59)) is None
    assert due(table(), past, at=utc(2)) == Due(day=date(2026, 3, 2), at=utc(2))
    assert next_due(table(), utc(2)) == utc(3)


def test_the_hour_is_that_of_the_zone_in_summer_and_in_winter() -> None:
    vienna = table("Europe/Vienna")
    assert next_due(vienna, utc(28)) == utc(29, 5)  # the clocks are put forward on the 29th
    assert next_due(vienna, utc(27)) == utc(28, 6)


def test_an_hour_that_does_not_come_is_due_as_much_later_and_one_that_comes_twice_the_first_time() -> None:
    vienna = table("Europe/Vienna", time(2, 30))
    spring = next_due(vienna, utc(29, 0))
    assert spring is not None
    assert spring.astimezone(ZoneInfo("Europe/Vienna")).strftime("%d %H:%M") == "29 03:30"
    autumn = next_due(vienna, utc(24, 12, month=10))
    assert autumn == utc(25, 0, 30, month=10)
    past = Past(began=BEGAN, last_due=autumn, delivered_until=utc(25, 0, 31, month=10))
    assert due(vienna, past, at=utc(25, 1, 31, month=10)) is None  # 02:31 for the second time


def test_a_day_that_a_zone_left_out_has_no_digest() -> None:
    samoa = table("Pacific/Apia")
    before = next_due(samoa, datetime(2011, 12, 29, 12, tzinfo=UTC))
    assert before is not None
    after = next_due(samoa, before)
    found = [last_due(samoa, moment) for moment in (before, after) if moment]
    assert [one.day for one in found if one] == [date(2011, 12, 29), date(2011, 12, 31)]


def test_weekdays_are_those_of_the_zone() -> None:
    tokyo = table("Asia/Tokyo", SEVEN, WEEKDAYS)
    friday = datetime(2026, 3, 5, 22, tzinfo=UTC)  # Friday 07:00 in Tokyo
    assert next_due(tokyo, friday) == datetime(2026, 3, 8, 22, tzinfo=UTC)  # Monday 07:00


def test_a_monday_after_a_weekend_off_covers_one_due_day() -> None:
    desk = table(weekdays=WEEKDAYS)
    assert covered(desk, utc(6, 7, 1), utc(9, 7, 1)) == 1
    assert covered(table(), utc(6, 7, 1), utc(9, 7, 1)) == 3


def test_a_missed_day_is_made_up_for_as_soon_as_anybody_asks() -> None:
    past = Past(began=BEGAN, first_since=utc(1), last_due=utc(2), delivered_until=utc(2))
    found = due(table(), past, at=utc(5, 11, 42))
    assert found == Due(day=date(2026, 3, 5), at=utc(5))
    assert window_start(past, at=utc(5, 11, 42)) == utc(2)
    assert covered(table(), utc(2), utc(5, 11, 42)) == 3


def test_what_reached_nobody_is_told_again() -> None:
    sent = run(
        table(),
        BEGAN,
        [
            Tick(at=utc(1, 7, 1)),
            Tick(at=utc(2, 7, 1), up=False),
            Tick(at=utc(3, 7, 1), up=False),
            Tick(at=utc(4, 7, 1)),
        ],
    )
    assert [(one.since, one.days) for one in sent] == [
        (utc(28, 7, 1, month=2), 1), (utc(1, 7, 1), 1), (utc(1, 7, 1), 2), (utc(1, 7, 1), 3),
    ]  # fmt: skip


def test_when_nothing_ever_arrived_the_first_beginning_stands() -> None:
    past = Past(began=BEGAN, first_since=utc(1), last_due=utc(9))
    assert window_start(past, at=utc(10)) == utc(1)


def test_the_first_edition_looks_back_a_day_and_not_to_before_the_first_run() -> None:
    assert window_start(Past(began=BEGAN), at=utc(2)) == utc(1)
    assert window_start(Past(began=utc(1, 22)), at=utc(2)) == utc(1, 22)


def test_nothing_is_due_before_the_first_run_nor_for_an_hour_before_it() -> None:
    assert due(table(), Past(began=None), at=utc(2, 8)) is None
    assert due(table(), Past(began=utc(2, 7, 30)), at=utc(2, 8)) is None
    assert due(table(), Past(began=utc(2, 7, 30)), at=utc(3)) == Due(day=date(2026, 3, 3), at=utc(3))


def test_a_window_is_closed_a_little_early_while_a_crawl_is_under_way() -> None:
    assert window_end(utc(2), None) == utc(2)
    assert window_end(utc(2), utc(2, 6, 55)) == utc(2, 6, 59)
    assert window_end(utc(2), utc(1, 6)) == utc(2)  # that one was killed


def test_a_clock_that_was_set_back_makes_nothing_due() -> None:
    past = Past(began=BEGAN, first_since=utc(1), last_due=utc(9), delivered_until=utc(9))
    assert due(table(), past, at=utc(5)) is None


@pytest.mark.parametrize("zone", ODD)
def test_every_local_day_of_two_years_has_one_digest(zone: str) -> None:
    editions = check_zone(ZoneInfo(zone), time(2, 30), BEGAN, timedelta(days=730))
    assert editions >= 728


def test_a_year_without_a_day_has_one_digest_on_each_day_there_was() -> None:
    check_zone(ZoneInfo("Pacific/Apia"), SEVEN, datetime(2011, 6, 1, tzinfo=UTC), timedelta(days=365))


@settings(max_examples=30)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    st.lists(
        st.tuples(st.integers(0, 60 * 24 * 60), st.booleans(), st.none() | st.integers(0, 90)), min_size=1, max_size=60
    ),
)
def test_whenever_the_sender_is_called_the_windows_of_what_arrived_partition_time(
    zone: str, at: time, weekdays: frozenset[int], calls: list[tuple[int, bool, int | None]]
) -> None:
    timetable = table(zone, at, weekdays)
    ticks = [
        Tick(
            at=(moment := BEGAN + timedelta(minutes=minutes)),
            up=up,
            crawl_began=None if crawl is None else moment - timedelta(minutes=crawl),
        )
        for minutes, up, crawl in calls
    ]
    sent = run(timetable, BEGAN, ticks)
    check_windows(sent)
    assert [one.day for one in sent] == sorted({one.day for one in sent})
    assert all(one.since < one.until for one in sent)
    last = max(ticks, key=lambda tick: tick.at)
    found = last_due(timetable, last.at)
    if (
        found is not None
        and found.at >= BEGAN
        and window_start(Past(began=BEGAN), at=last.at) < last.at - timedelta(minutes=1)
    ):
        assert sent, "the last call found a digest due, and none was made"
        assert sent[-1].day == found.day
