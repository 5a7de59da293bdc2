"""Invented outlets of several kinds, each with the times at which it publishes from 6 January 2025 on."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

START = datetime(2025, 1, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOLIDAYS = {(1, 1), (1, 6), (4, 18), (4, 21), (5, 1), (5, 29), (6, 9), (10, 26), (11, 1), (12, 8)}
HOLIDAYS |= {(12, 24), (12, 25), (12, 26), (12, 31)}


def holiday(at: datetime) -> bool:
    return (at.month, at.day) in HOLIDAYS


def weekend(at: datetime) -> bool:
    return at.weekday() > 4


def away(at: datetime) -> bool:
    """The pauses of people who write alone: two weeks in winter, two and a half in summer."""
    winter = (at.month == 12 and at.day >= 22) or (at.month == 1 and at.day <= 4)
    return winter or (at.month == 8 and at.day <= 18)


def poisson(random: Random, mean: float) -> int:
    count, left = 0, random.random()
    while left > math.exp(-mean):
        count, left = count + 1, left * random.random()
    return count


def hourly(random: Random, days: int, rate: Callable[[datetime], float]) -> list[datetime]:
    hours = (START + hour * HOUR for hour in range(days * 24))
    return sorted(at + random.random() * HOUR for at in hours for _ in range(poisson(random, rate(at))))


def agency(random: Random, days: int) -> list[datetime]:
    def rate(at: datetime) -> float:
        return (20 if 6 <= at.hour < 20 else 4) * (0.5 if weekend(at) else 1) * (0.5 if holiday(at) else 1)

    return hourly(random, days, rate)


def small_agency(random: Random, days: int) -> list[datetime]:
    def rate(at: datetime) -> float:
        return (3 if 7 <= at.hour < 18 else 0.3) * (0.4 if weekend(at) else 1) * (0.5 if holiday(at) else 1)

    return hourly(random, days, rate)


def daily(random: Random, days: int) -> list[datetime]:
    def rate(at: datetime) -> float:
        return 0 if weekend(at) or holiday(at) else 8 if at.hour == 5 else 3 if 6 <= at.hour < 20 else 0

    return hourly(random, days, rate)


def small_daily(random: Random, days: int) -> list[datetime]:
    return hourly(random, days, lambda at: 0 if weekend(at) or holiday(at) or not 7 <= at.hour < 18 else 0.35)


def seven_days(random: Random, days: int) -> list[datetime]:
    return hourly(random, days, lambda at: (1.2 if 5 <= at.hour < 21 else 0.05) * (0.6 if weekend(at) else 1))


def research_blog(random: Random, days: int) -> list[datetime]:
    times = hourly(random, days, lambda at: 0.05 if 8 <= at.hour < 16 and not weekend(at) else 0)
    return [at for at in times if not away(at)]


def weekly_column(random: Random, days: int) -> list[datetime]:
    tuesdays = (START + timedelta(days=7 * week + 1, hours=10 + random.gauss(0, 10)) for week in range(days // 7))
    return [at for at in tuesdays if not away(at)]


def fortnightly(random: Random, days: int) -> list[datetime]:
    return [START + timedelta(days=14 * n + 2, hours=10 + random.gauss(0, 20)) for n in range(days // 14)]


def monthly(random: Random, days: int) -> list[datetime]:
    """A bulletin, but none in August."""
    at, times = START, []
    while at < START + days * DAY:
        at += timedelta(days=30.4 + random.gauss(0, 3))
        times.append(at)
    return [at for at in times if at.month != 8]


def now_and_then(random: Random, days: int) -> list[datetime]:
    """One a week on average, and at any time."""
    return hourly(random, days, lambda _: 1 / 168)


def cert(random: Random, days: int) -> list[datetime]:
    """Advisories in bursts, with long and very uneven gaps."""
    at, times = START, []
    while at < START + days * DAY:
        at += timedelta(days=random.lognormvariate(math.log(3) - 0.5, 1.0))
        late = at
        for _ in range(1 + int(random.expovariate(1 / 3))):
            late += timedelta(hours=random.expovariate(1 / 3))
            times.append(late)
    return sorted(at for at in times if not weekend(at) or random.random() < 0.2)


def without_rhythm(random: Random, days: int) -> list[datetime]:
    """Gaps with a Pareto tail, of which even the variance has no end: the worst case."""
    at, times = START, []
    while at < START + days * DAY:
        at += timedelta(days=0.7 * random.paretovariate(1.5))
        times.append(at)
    return times


OUTLETS: dict[Callable[[Random, int], list[datetime]], int] = {  # and minutes between two polls
    agency: 12,
    small_agency: 30,
    daily: 40,
    small_daily: 120,
    seven_days: 60,
    research_blog: 240,
    weekly_column: 240,
    fortnightly: 240,
    monthly: 240,
    now_and_then: 240,
    cert: 240,
    without_rhythm: 240,
}
ERRATIC = {research_blog, cert, without_rhythm}
