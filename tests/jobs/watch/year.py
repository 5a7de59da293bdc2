"""A year of silences, true and false: `python -m tests.jobs.watch.year [SEEDS [DAYS_BEFORE]]` prints the table.

Each outlet is known for some months, then a year begins. False alarms are counted over the whole year, with what was
known at the time; and at random moments of it the outlet falls silent for ever, and the hours until the alarm are
taken.

A *usual gap* is one that a quarter of a year has: the median over quarters of the longest, weekends and holidays with
it, or the gap that nineteen of twenty are shorter than, if that is longer. The delay runs from the last link.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect, bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from jobs.watch.silence import SHORTEST, Pace, pace, silent
from storage.health import BACK, SPELLS
from storage.records import Discoveries
from tests.jobs.watch.outlets import DAY, HOUR, OUTLETS, START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

YEAR = 365
DEATHS = 6  # in each year
QUARTER = 91 * DAY


@dataclass(frozen=True)
class Year:
    """What the watch said of one outlet in one year."""

    false_alarms: int
    delays: tuple[timedelta, ...]  # until a true silence was found
    usual: timedelta
    most: timedelta  # nineteen of twenty gaps are shorter
    middle: timedelta  # the median gap


class History:
    """An outlet as polls found it."""

    def __init__(self, outlet: Callable[[Random, int], list[datetime]], *, seed: int, days: int) -> None:
        random = Random(f"{outlet.__name__} {seed}")
        self.times = _polled(outlet(random, days), every=OUTLETS[outlet], phase=random.random())
        self.spells: list[tuple[datetime, datetime]] = []
        self.starts: list[datetime] = []
        for at in self.times:
            if self.starts and self.starts[-1].replace(minute=0, second=0) <= at < _next_hour(self.starts[-1]):
                self.spells[-1] = (self.starts[-1], at)
            else:
                self.spells.append((at, at))
                self.starts.append(at)

    def pace(self, known: int) -> Pace | None:
        """What is known of its rhythm after so many links: as the storage room would tell it."""
        last = self.times[known - 1]
        whole = bisect(self.starts, last) - 1
        spells = [*self.spells[max(0, whole - SPELLS + 1) : whole], (self.starts[whole], last)]
        spells = [spell for spell in spells if spell[0] >= last - BACK]
        since = spells[0][0] if len(spells) == SPELLS else max(self.times[0], last - BACK)
        return pace(Discoveries(since=since, spells=tuple(spells)))

    @cached_property
    def gaps(self) -> list[tuple[datetime, timedelta]]:
        return [(one, two - one) for one, two in pairwise(self.times) if two - one >= HOUR]


def play(outlet: Callable[[Random, int], list[datetime]], *, seed: int, before: int = 120) -> Year:
    """A year of one outlet, `before` days after the first look at it."""
    history = History(outlet, seed=seed, days=before + YEAR)
    begin, random = START + before * DAY, Random(seed)
    lengths = sorted(gap for _, gap in history.gaps)
    quarters: dict[int, timedelta] = {}
    for at, gap in history.gaps:
        quarter = int((at - START) / QUARTER)
        quarters[quarter] = max(gap, quarters.get(quarter, gap))
    most = lengths[math.ceil(0.95 * len(lengths)) - 1]
    deaths = sorted(begin + random.random() * YEAR * DAY for _ in range(DEATHS))
    delays = [_delay(history, bisect_left(history.times, death)) for death in deaths]
    return Year(
        false_alarms=_false_alarms(history, begin),
        delays=tuple(delay for delay in delays if delay is not None),
        usual=max(most, _middle(quarters.values())),
        most=most,
        middle=lengths[len(lengths) // 2],
    )


def _false_alarms(history: History, begin: datetime) -> int:
    """What is known is renewed each week, and for each long gap: an hour more of a busy outlet matters little."""
    count, week, rhythm = 0, -1, None
    for known, (one, two) in enumerate(pairwise(history.times), start=1):
        if one < begin or two - one < SHORTEST:
            continue
        now = (one - START) // (7 * DAY)
        if now != week or two - one > DAY:
            week, rhythm = now, history.pace(known)
        count += rhythm is not None and silent(rhythm, since=one, until=two)
    return count


def _delay(history: History, known: int) -> timedelta | None:
    """How long after its last link an outlet that died is called silent, by looks that come every hour."""
    rhythm, last = history.pace(known), history.times[known - 1]
    if rhythm is None:
        return None
    hours = range(24 * 400)
    return HOUR * bisect_left(hours, 1, key=lambda after: silent(rhythm, since=last, until=last + after * HOUR))


def _polled(times: list[datetime], *, every: int, phase: float) -> list[datetime]:
    step = timedelta(minutes=every)
    first = START + phase * step
    return [first + math.ceil((at - first) / step) * step for at in times]


def _next_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def _middle(lengths: Iterable[timedelta]) -> timedelta:
    return median(length / HOUR for length in lengths) * HOUR


def main(seeds: int = 6, before: int = 120) -> None:
    print(f"{'':<15} {'false alarms':>13} {'found after':>12}  {'in usual gaps':>13} {'of 95 %':>8} {'of median':>9}")
    print(
        f"{'outlet':<15} {'mean':>6} {'most':>6}  {'median':>11}  {'median':>6} {'90 %':>6} {'median':>8} {'median':>9}"
    )
    for outlet in OUTLETS:
        years = [play(outlet, seed=seed, before=before) for seed in range(seeds)]
        false = [year.false_alarms for year in years]
        delays = sorted(delay for year in years for delay in year.delays)
        usual, most, middle = (
            sorted(delay / getattr(year, name) for year in years for delay in year.delays)
            for name in ("usual", "most", "middle")
        )
        print(
            f"{outlet.__name__:<15} {sum(false) / seeds:>6.2f} {max(false):>6}  "
            f"{_middle(delays) / DAY:>6.1f} days  {median(usual):>6.2f} {usual[int(0.9 * len(usual))]:>6.2f} "
            f"{median(most):>8.1f} {median(middle):>9.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
