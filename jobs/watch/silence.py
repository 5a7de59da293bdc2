"""When a source has been quiet for longer than its own rhythm explains. Pure: times in, an answer out.

Gaps are not measured in hours but in what they cost: the news that the source's own week lets one expect in them. A
night or a weekend costs a daily paper next to nothing, a Tuesday morning a lot. How much a gap may cost is read from
the source's own past gaps, so an outlet that publishes in bursts is given the patience it needs: the tail of the past
gaps is drawn out to the cost that is passed once in many years, and somewhat more than the longest is always allowed.
The same is done with all hours alike, which suits rare sources better, and the one that finds silence sooner is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from storage.records import Discoveries

HOUR = timedelta(hours=1)
WEEK = 168  # hours
MONDAY = 4 * 24  # hours from 1970-01-01, a Thursday, to the first Monday
YEAR = 365.25 * 24  # hours
TEN_DAYS, FORTNIGHT = 240, 336  # hours
LEAST_GAPS = 8  # before anything is said of a source
LEAST_HISTORY = timedelta(days=14)  # two weekends
SHORTEST = timedelta(hours=2)  # no silence is shorter
DAY_PRIOR, HOUR_PRIOR = 14.0, 48.0  # discoveries that are worth as much as the assumption that all days are alike
QUIET = 0.05  # of the average rate: no hour is worth less
MOST_DAYS = 4  # of a week
RESTING = 0.2  # of the average: a day of the week with less is a day of rest
HOLIDAYS = 2.2  # working days in a row that an outlet with days of rest may skip: Easter is two, a weekend between
WINTER = 0.1  # what an hour of the winter break is worth, of an outlet that rests on some days or is rare
PROMISED = 8.0  # links: as many of those that were promised may be missing, if nothing else is known
HOLIDAY_WEEKEND = 110.0  # hours: and at least a long weekend
RARE = 250  # hours a year with news
MANY = 40  # gaps: their last tenth says something
ACCIDENT = 2.0  # times any other gap: a longer one was no part of the rhythm
ONCE_IN = 8.0  # years in which the drawn-out tail is passed once
MARGIN = 1.2  # over the longest gap that there was


@dataclass(frozen=True, kw_only=True)
class Pace:
    """A source's rhythm: what may be expected in each hour of the week, and how much may be missed."""

    cost: tuple[float, ...]  # of the hours of the week so far, from Monday 00:00 UTC; 169 of them
    limit: float
    winter: float  # what an hour of the winter break is worth
    usual: timedelta  # nineteen of twenty gaps are shorter

    def missed(self, since: datetime, until: datetime) -> float:
        """What a gap costs. The winter break, 22 December to 4 January, is cheap."""
        return _cost(self.cost, since.timestamp() / 3600, until.timestamp() / 3600, self.winter)


def unusual(discoveries: Discoveries, *, until: datetime) -> bool:
    """Whether the gap that goes on is longer than nineteen of twenty. Cheap; where it is not, there is no silence."""
    spells = discoveries.spells
    if len(spells) <= LEAST_GAPS:
        return True
    now = until - spells[-1][1]
    return sum(start - end >= now for (_, end), (start, _) in pairwise(spells)) <= (len(spells) - 1) / 20


def pace(discoveries: Discoveries) -> Pace | None:
    """A source's rhythm; None while too little is known of it."""
    spells = discoveries.spells
    if len(spells) <= LEAST_GAPS or spells[-1][1] - discoveries.since < LEAST_HISTORY:
        return None
    hours = [(first.timestamp() / 3600, last.timestamp() / 3600) for first, last in spells]
    gaps = [(end, start) for (_, end), (start, _) in pairwise(hours)]
    per_year = len(gaps) * YEAR / (hours[-1][1] - hours[0][0])
    paces = [_pace(week, gaps, per_year) for week in (_week([first for first, _ in spells]), [1.0] * WEEK)]
    return min(paces, key=lambda one: one.limit)


def _pace(week: Sequence[float], gaps: Sequence[tuple[float, float]], per_year: float) -> Pace:
    cost = tuple(accumulate(week, initial=0.0))
    winter = WINTER if _resting(week) or per_year < RARE else 1.0
    lengths = sorted(start - end for end, start in gaps)
    costs = sorted(_cost(cost, *gap, winter) for gap in gaps)
    return Pace(
        cost=cost,
        winter=winter,
        limit=max(_limit(costs, per_year), _holidays(week)),
        usual=timedelta(hours=lengths[math.ceil(0.95 * len(lengths)) - 1]),
    )


def promised(per_day: float) -> Pace:
    """The rhythm of a source of which nothing is known but what its catalogue says of a usual day."""
    hours = max(PROMISED / per_day * 24, HOLIDAY_WEEKEND)
    flat = tuple(accumulate([1.0] * WEEK, initial=0.0))
    return Pace(cost=flat, limit=hours, winter=WINTER, usual=timedelta(hours=hours / 2))


def silent(rhythm: Pace, *, since: datetime, until: datetime) -> bool:
    """Whether a source that had its last news at `since`, and was read at `until`, is silent."""
    return until - since >= SHORTEST and rhythm.missed(since, until) > rhythm.limit


def _cost(cost: Sequence[float], since: float, until: float, winter: float) -> float:
    whole = _upto(cost, until) - _upto(cost, since)
    year = int((since + TEN_DAYS) // YEAR)  # the winter at the beginning of this year of Unix time, or the next one
    for new_year in range(year, int((until + TEN_DAYS) // YEAR) + 1):
        begin = _new_year(new_year) - TEN_DAYS
        end = begin + FORTNIGHT
        if since < end and until > begin:
            whole -= (1 - winter) * (_upto(cost, min(until, end)) - _upto(cost, max(since, begin)))
    return whole


def _upto(cost: Sequence[float], hours: float) -> float:
    week, hour = divmod(hours - MONDAY, WEEK)
    full = int(hour)
    return week * cost[WEEK] + cost[full] + (hour - full) * (cost[full + 1] - cost[full])


@cache
def _new_year(year: int) -> float:
    return datetime(1970 + year, 1, 1, tzinfo=UTC).timestamp() / 3600


def _week(starts: Sequence[datetime]) -> list[float]:
    """What each hour of the week is worth, 1 on average: the day's share times the hour's, drawn towards all alike."""
    days = _shares((start.weekday() for start in starts), 7, DAY_PRIOR)
    hours = _shares((start.hour for start in starts), 24, HOUR_PRIOR)
    worth = [max(day * hour, QUIET) for day in days for hour in hours]
    mean = sum(worth) / WEEK
    return [each / mean for each in worth]


def _shares(values: Iterable[int], many: int, prior: float) -> list[float]:
    counts = [prior / many] * many
    for value in values:
        counts[value] += 1
    mean = sum(counts) / many
    return [count / mean for count in counts]


def _resting(week: Sequence[float]) -> bool:
    """Whether an outlet publishes on most days of the week, and rests on the others."""
    days = [sum(week[start : start + 24]) for start in range(0, WEEK, 24)]
    return 0 < sum(day < RESTING * 24 for day in days) < MOST_DAYS


def _holidays(week: Sequence[float]) -> float:
    """Whoever rests on some days of the week rests on holidays too."""
    return HOLIDAYS * max(sum(week[start : start + 24]) for start in range(0, WEEK, 24)) if _resting(week) else 0.0


def _limit(costs: Sequence[float], per_year: float) -> float:
    """The cost that is passed once in `ONCE_IN` years, and somewhat more than the longest gap there was.

    Of several gaps one that is far beyond all others was an accident, and teaches nothing.
    """
    tail = _tail(costs[:-1], per_year)
    if costs[-1] <= ACCIDENT * max(tail, costs[-2]):
        return max(_tail(costs, per_year), MARGIN * costs[-1])
    return max(tail, MARGIN * costs[-2])


def _tail(costs: Sequence[float], per_year: float) -> float:
    """Beyond the median, and where there are enough beyond the ninth decile, gaps thin out exponentially."""
    return max(
        costs[at] + (sum(costs[at:]) / (len(costs) - at) - costs[at]) * math.log(max(share * per_year * ONCE_IN, 1.0))
        for share in ((0.5, 0.1) if len(costs) >= MANY else (0.5,))
        for at in (int((1 - share) * len(costs)),)
    )
