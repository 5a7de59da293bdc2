"""How long news waits, and at how many polls: `python -m tests.bench.polls [--seed N] [--tick MINUTES]`.

A week in the life of outlets of three kinds, from the first look on, a scheduler that wakes every `tick` minutes, and
four ways to choose the next poll. A delay runs from publication to the first poll that sees the link; the median is
over links, so that busy outlets count for more: they publish what readers wait for. `lost` links fell out of the feed
before any poll.
"""

from __future__ import annotations

import argparse
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import mean, median

from crawler.schedule import Findings, draw, next_poll
from storage.records import PollState, Rhythm

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
OUTLETS = 4  # of each kind

Policy = Callable[[Rhythm, Findings, datetime, float], Rhythm]


@dataclass(frozen=True)
class Kind:
    """How a sort of outlet publishes: links an hour by the hour of the week, and how many its feed shows."""

    name: str
    shown: int
    rate: Callable[[int, int], float]  # weekday and hour -> links an hour
    batch: tuple[int, int] = (0, 0)  # so many at once, at this hour of each weekday


def _wire(day: int, hour: int) -> float:
    return (20 if 6 <= hour < 22 else 5) * (0.6 if day >= 5 else 1)


def _paper(day: int, hour: int) -> float:
    return 3.0 if day < 5 and 7 <= hour < 21 else 0.0


def _blog(day: int, hour: int) -> float:
    return 2 / 40 if day < 5 and 9 <= hour < 17 else 0.0  # two a week


KINDS = (
    Kind("wire agency", shown=50, rate=_wire),
    Kind("daily paper", shown=25, rate=_paper, batch=(8, 5)),
    Kind("research blog", shown=10, rate=_blog),
)


@dataclass(frozen=True)
class Week:
    """What polling some outlets for a week came to. Delays in minutes, one for each link that was found."""

    polls: int
    delays: tuple[float, ...]
    lost: int

    @property
    def median(self) -> float:
        return median(self.delays) if self.delays else math.nan

    @property
    def mean(self) -> float:
        return mean(self.delays) if self.delays else math.nan


def published(kind: Kind, seed: int) -> list[datetime]:
    """When an outlet publishes in the week: a Poisson process with its rate, and its batches."""
    dice = random.Random(f"{kind.name} {seed}")
    times: list[datetime] = []
    for hour in range(7 * 24):
        start = MONDAY + timedelta(hours=hour)
        rate = kind.rate(start.weekday(), start.hour)
        after = dice.expovariate(rate) if rate else math.inf
        while after < 1:
            times.append(start + timedelta(hours=after))
            after += dice.expovariate(rate)
        if start.hour == kind.batch[1] and start.weekday() < 5:
            times += [start] * kind.batch[0]
    return sorted(times)


def live(kind: Kind, seed: int, policy: Policy, *, tick: timedelta = MINUTE) -> Week:
    """Poll one outlet through the week."""
    name, times = f"{kind.name} {seed}", published(kind, seed)
    rhythm, at, seen, polls, lost = Rhythm(), MONDAY, 0, 0, 0
    delays: list[float] = []
    while at < MONDAY + WEEK:
        polls += 1
        there = bisect_right(times, at)
        first = max(seen, there - kind.shown)
        lost += first - seen
        delays += [(at - time) / MINUTE for time in times[first:there]]
        new = kind.shown if polls == 1 else there - first  # the first look finds the feed full of what was before
        state = PollState.OK if new else PollState.UNCHANGED
        rhythm = policy(
            rhythm, Findings(state=state, offered=kind.shown if new else 0, new=new), at, draw("", name, at)
        )
        assert rhythm.next_at is not None
        seen, at = there, MONDAY + math.ceil((rhythm.next_at - MONDAY) / tick) * tick
    lost += max(len(times) - kind.shown - seen, 0)
    return Week(polls, tuple(delays), lost)


def adaptive(rhythm: Rhythm, findings: Findings, at: datetime, jitter: float) -> Rhythm:
    """What spywire does."""
    return next_poll(rhythm, findings, at=at, jitter=jitter)


def fixed(interval: timedelta) -> Policy:
    """The same interval for everyone and for ever."""
    return lambda rhythm, findings, at, jitter: replace(rhythm, next_at=at + interval)  # noqa: ARG005 - a Policy


def overlap_alone(rhythm: Rhythm, findings: Findings, at: datetime, jitter: float) -> Rhythm:  # noqa: ARG001 - a Policy
    """Keep a third to two thirds of the links known, as for completeness alone one would: ten minutes more, or half."""
    interval = rhythm.interval or timedelta(minutes=30)
    roomy = rhythm.roomy + 1 if rhythm.read_at and findings.overlap > 2 / 3 else 0
    if rhythm.read_at and findings.overlap < 1 / 3:
        interval = max(interval / 2, timedelta(minutes=10))
    elif roomy >= 2:
        interval, roomy = min(interval + timedelta(minutes=10), timedelta(days=1)), 0
    return Rhythm(interval=interval, next_at=at + interval, read_at=at, roomy=roomy)


def weeks(kinds: Sequence[Kind], policy: Policy, *, seed: int = 0, tick: timedelta = MINUTE) -> Week:
    """Some outlets of each kind, taken together."""
    lives = [live(kind, seed + n, policy, tick=tick) for kind in kinds for n in range(OUTLETS)]
    delays = tuple(delay for one in lives for delay in one.delays)
    return Week(sum(one.polls for one in lives), delays, sum(one.lost for one in lives))


def table(seed: int, tick: timedelta) -> Iterator[str]:
    """One line for each policy and kind."""
    ours = weeks(KINDS, adaptive, seed=seed, tick=tick)
    same = WEEK * len(KINDS) * OUTLETS / ours.polls
    policies: dict[str, Policy] = {
        "every 15 minutes": fixed(timedelta(minutes=15)),
        "spywire": adaptive,
        f"every {same / MINUTE:.0f} minutes": fixed(same),
        "overlap alone": overlap_alone,
    }
    yield f"{'':22}{'outlets':16}{'polls':>8}{'a day each':>12}{'median min':>12}{'mean min':>10}{'lost':>6}"
    for name, policy in policies.items():
        for label, kinds in [("all", KINDS), *((kind.name, (kind,)) for kind in KINDS)]:
            week = weeks(kinds, policy, seed=seed, tick=tick)
            each = week.polls / len(kinds) / OUTLETS / 7
            yield (
                f"{name if label == 'all' else '':22}{label:16}{week.polls:>8}{each:>12.1f}"
                f"{week.median:>12.1f}{week.mean:>10.1f}{week.lost:>6}"
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tick", type=float, default=1, help="minutes between two awakenings of the scheduler")
    options = parser.parse_args()
    print("\n".join(table(options.seed, timedelta(minutes=options.tick))))


if __name__ == "__main__":
    main()
