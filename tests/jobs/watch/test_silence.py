"""Silence: an outlet's own rhythm tells it from quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.watch.silence import LEAST_GAPS, pace, promised, silent, unusual
from storage.records import Discoveries
from tests.jobs.watch.outlets import DAY, ERRATIC, HOUR, OUTLETS
from tests.jobs.watch.year import play

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def known(*times: datetime) -> Discoveries:
    return Discoveries(since=times[0] - DAY, spells=tuple((at, at) for at in times))


def weekdays(weeks: int) -> list[datetime]:
    """Something new at 8, 12 and 16 o'clock from Monday to Friday."""
    days = (MONDAY + week * 7 * DAY + day * DAY for week in range(weeks) for day in range(5))
    return [day + hour * HOUR for day in days for hour in (8, 12, 16)]


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.__name__)
def test_a_year_of_an_outlet_has_at_most_one_false_alarm_and_true_silence_is_found(
    outlet: Callable[[Random, int], list[datetime]],
) -> None:
    """Two years say little of the erratic: over eighty (docs/operations.md) their median is below two too."""
    years = [play(outlet, seed=seed) for seed in range(2)]
    assert sum(year.false_alarms for year in years) <= len(years)
    most = 3 if outlet in ERRATIC else 2
    assert median(delay / year.usual for year in years for delay in year.delays) <= most


def test_a_weekend_is_no_silence_where_weekends_are_quiet_and_a_working_week_is() -> None:
    rhythm = pace(known(*weekdays(8)))
    assert rhythm is not None
    friday = MONDAY + 8 * 7 * DAY - 3 * DAY + 16 * HOUR
    assert not silent(rhythm, since=friday, until=friday + 2.5 * DAY)
    assert silent(rhythm, since=friday, until=friday + 6 * DAY)
    assert rhythm.missed(friday, friday + 2 * DAY) < rhythm.missed(friday + 3 * DAY, friday + 5 * DAY) / 3


def test_what_was_once_an_accident_does_not_make_a_source_patient() -> None:
    times = weekdays(16)
    outage = [at for at in times if not MONDAY + 30 * DAY < at < MONDAY + 65 * DAY]
    whole, broken = pace(known(*times)), pace(known(*outage))
    assert whole is not None
    assert broken is not None
    assert broken.limit < 1.5 * whole.limit


def test_nothing_is_said_of_a_source_of_which_little_is_known() -> None:
    assert pace(Discoveries(since=MONDAY, spells=())) is None
    assert pace(known(*(MONDAY + n * HOUR for n in range(100)))) is None, "four days are no rhythm"
    assert pace(known(*(MONDAY + n * 30 * DAY for n in range(LEAST_GAPS)))) is None
    assert pace(known(*(MONDAY + n * 30 * DAY for n in range(LEAST_GAPS + 1)))) is not None


def test_a_new_source_is_held_to_what_its_catalogue_promises() -> None:
    rhythm = promised(6)
    assert not silent(rhythm, since=MONDAY, until=MONDAY + 4 * DAY)
    assert silent(rhythm, since=MONDAY, until=MONDAY + 5 * DAY)
    assert not silent(promised(0.1), since=MONDAY, until=MONDAY + 60 * DAY)


def test_a_gap_that_one_in_twenty_exceeds_is_worth_a_closer_look() -> None:
    times = weekdays(8)
    assert not unusual(known(*times), until=times[-1] + 16 * HOUR), "a night"
    assert unusual(known(*times), until=times[-1] + 65 * HOUR), "more than a weekend"
    assert unusual(known(*times[:LEAST_GAPS]), until=times[LEAST_GAPS - 1]), "too little is known to say no"


def test_the_winter_break_is_given_to_those_who_rest() -> None:
    start = datetime(2025, 10, 6, 10, tzinfo=UTC)
    rhythm = pace(known(*(start + n * 7 * DAY for n in range(11))))
    assert rhythm is not None
    before = datetime(2025, 12, 16, 10, tzinfo=UTC)
    assert not silent(rhythm, since=before, until=before + 20 * DAY)
    assert silent(rhythm, since=before - 60 * DAY, until=before - 40 * DAY)


@given(
    st.lists(st.integers(min_value=1, max_value=60 * 24 * 20), min_size=LEAST_GAPS, max_size=60),
    st.integers(min_value=0, max_value=60 * 24 * 400),
    st.integers(min_value=0, max_value=60 * 24 * 400),
)
def test_longer_is_never_less_silent_and_no_gap_that_was_usual_is(gaps: list[int], one: int, two: int) -> None:
    times = [MONDAY]
    for gap in gaps:
        times.append(times[-1] + timedelta(minutes=gap))
    rhythm = pace(known(*times))
    if rhythm is None:
        return
    shorter, longer = sorted((one, two))
    quiet = [silent(rhythm, since=times[-1], until=times[-1] + timedelta(minutes=each)) for each in (shorter, longer)]
    assert quiet in ([False, False], [False, True], [True, True])
    assert rhythm.missed(times[-1], times[-1] + timedelta(minutes=longer)) >= 0
    past = sorted(silent(rhythm, since=since, until=until) for since, until in pairwise(times))
    assert past.count(True) <= 1, "at most the one that was an accident"
