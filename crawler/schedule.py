"""When to look at a source again: one pure decision from what the looks so far have found.

Two things are weighed. *Waiting*: a link that was published is unknown until the next look, and each look ends the
waiting of all it finds. Looks are spent best where each ends the same amount of it, `WORTH`; for steady sources that is
the square-root rule, interval ~ 1 / sqrt(links per hour), which gives the least delay for a number of looks (Sia, Cho,
Cho: "Efficient Monitoring Algorithm for Fast News Alerts", IEEE TKDE, 2007). *Overlap*: a feed shows only its newest
links, so some of those that a look finds must be known, or others were missed. Between a third and two thirds is where
Media Cloud's fetcher wants it: with less than two thirds a look never comes later, and with less than half it comes as
much sooner as would make it half.

Longer goes in small steps, after two looks in a row that could have come later; shorter goes at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from crawler.outcomes import NO_HOST, PATIENCE
from storage.records import PollState, Rhythm

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

FLOOR = timedelta(minutes=5)
CEILING = timedelta(hours=24)
START = timedelta(minutes=30)  # between the first look and the second
WORTH = timedelta(minutes=22)  # of waiting, summed over links, that a look should end: 1 link/h, a look every 51 min
KNOWN = 2 / 3  # of the offered links: with fewer, a look must not come later
ROOM = 1.5  # an interval this much off its mark is changed
STEP = 1.25  # longer by
ROOMY_LOOKS = 2  # in a row, before it gets longer
NOTHING_NEW = timedelta(days=365)  # the best interval after a look that ended no waiting
LATE = 2.0  # a look after this many intervals says nothing about a longer one
SPREAD = 0.1  # of an interval, always longer: sources that were added together do not stay together
FAILURE_SPREAD = 0.5  # a server that failed for all its sources is not asked by all of them at once
BACK_OFF = timedelta(minutes=30)  # longer with each failure of weight 1
EARLY = timedelta(minutes=2)  # `every` may be kept this much too well: cron is no chronometer, a crawl takes its time
SOFT_STATUS = {404, 429}  # a feed that was moved comes back; so does a busy server
HARD, SOFT, FAINT = 1.0, 0.5, 0.25


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What one look at a source gave. A sitemap index and its parts are one look."""

    state: PollState
    offered: int = 0  # links
    new: int = 0  # of them never seen before
    period: timedelta | None = None  # how often the feed asks to be looked at: `ttl`, `sy:updatePeriod`
    max_age: timedelta | None = None  # how long the answer stays fresh, says Cache-Control
    retry_after: timedelta | None = None  # how long the server wants to be left alone
    status: int | None = None
    detail: str = ""

    @property
    def overlap(self) -> float:
        """The share of the offered links that were known; nothing offered, or nothing changed, is all of it."""
        return (self.offered - self.new) / self.offered if self.offered else 1.0

    @property
    def gravity(self) -> float:
        """How much a failure weighs; 0 for a success. What tends to pass weighs less."""
        if self.state.succeeded:
            return 0.0
        if self.detail == NO_HOST:
            return FAINT
        if self.state is PollState.UNREACHABLE or self.status in SOFT_STATUS or (self.status or 0) >= 500:  # noqa: PLR2004
            return SOFT
        return HARD

    @property
    def wish(self) -> timedelta:
        """The shortest interval that the source asks for, at most a day."""
        return min(max(self.period or timedelta(), self.max_age or timedelta()), PATIENCE)


def together(parts: Iterable[Findings]) -> Findings:
    """One look from its parts. It failed only if all of them did; the part that asks for most patience gets it."""
    parts = sorted(parts, key=lambda one: one.gravity)
    waits = [part.retry_after for part in parts if part.retry_after is not None]
    return replace(
        parts[0],
        offered=sum(part.offered for part in parts),
        new=sum(part.new for part in parts),
        retry_after=max(waits, default=None),
    )


def next_poll(
    rhythm: Rhythm, findings: Findings, *, at: datetime, jitter: float, every: timedelta | None = None
) -> Rhythm:
    """The rhythm after a look at `at`; its `next_at` is always given.

    `jitter` in [0, 1) spreads sources out. `every` is the operator's word: it fixes the interval, but a source that
    fails is left alone for longer all the same. Without it a look comes after 5 minutes at the soonest and 24 hours at
    the latest. No source is ever given up.
    """
    if findings.gravity:
        return _backed_off(rhythm, findings, at=at, jitter=jitter, every=every)
    interval, roomy = (every, 0) if every else _paced(rhythm, findings, at)
    wait = interval if every else _clamped(interval * (1 + SPREAD * jitter))
    next_at = at + max(wait, _asked(findings, jitter))
    return Rhythm(interval=interval, next_at=next_at, polled_at=at, read_at=at, roomy=roomy)


def due(rhythm: Rhythm, *, at: datetime, every: timedelta | None = None) -> bool:
    """Whether it is time to look. A clock that went back makes it so: better twice than never."""
    next_at = next_look(rhythm, at=at, every=every)
    return next_at is None or at >= next_at


def next_look(rhythm: Rhythm, *, at: datetime, every: timedelta | None = None) -> datetime | None:
    """When it is time to look; None for at once."""
    if rhythm.next_at is None or rhythm.polled_at is None or rhythm.polled_at > at:
        return None
    if every and not rhythm.failures:
        return rhythm.polled_at + every - min(EARLY, every / 10)
    return rhythm.next_at


def draw(purpose: str, name: str, at: datetime) -> float:
    """A number in [0, 1) that is the same for the same source, time and purpose, and looks random otherwise."""
    digest = sha256(f"{purpose}\n{name}\n{at.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _paced(rhythm: Rhythm, findings: Findings, at: datetime) -> tuple[timedelta, int]:
    """The new interval, and how many looks in a row could have come later."""
    if rhythm.interval is None or rhythm.read_at is None:
        return _clamped(max(START, findings.wish)), 0
    interval = _clamped(rhythm.interval)
    passed = max(at - rhythm.read_at, interval)  # a look out of turn, or a clock that went back, teaches no haste
    best, safe = _best(findings, passed), _safe(findings, passed)
    roomy = rhythm.roomy + 1 if _roomy(rhythm, findings, interval, best, at) else 0
    if best * ROOM < interval:
        interval = best
    elif roomy >= ROOMY_LOOKS:
        interval, roomy = min(interval * STEP, best), 0
    return _clamped(min(max(interval, findings.wish), safe)), roomy


def _best(findings: Findings, passed: timedelta) -> timedelta:
    """The interval that ends `WORTH` of waiting, were links to go on coming as they came: `new * passed / 2` ended."""
    if not findings.new:
        return NOTHING_NEW
    hours = (2 * (WORTH / timedelta(hours=1)) * (passed / timedelta(hours=1)) / findings.new) ** 0.5
    return timedelta(hours=hours)


def _safe(findings: Findings, passed: timedelta) -> timedelta:
    """The interval after which half of the links would be known: for no source's wish are links missed."""
    return passed * (findings.offered / findings.new / 2) if findings.new else NOTHING_NEW


def _roomy(rhythm: Rhythm, findings: Findings, interval: timedelta, best: timedelta, at: datetime) -> bool:
    """Whether the look came on time, neither sooner nor much later, and a longer interval would have done."""
    if rhythm.next_at is None or rhythm.read_at is None or not rhythm.next_at <= at <= rhythm.read_at + LATE * interval:
        return False
    return findings.overlap > KNOWN and best > ROOM * interval


def _backed_off(rhythm: Rhythm, findings: Findings, *, at: datetime, jitter: float, every: timedelta | None) -> Rhythm:
    """Later with each failure, by as much each time: to double the wait forgets a source for a day too soon."""
    gravity = rhythm.gravity + findings.gravity
    interval = every or _clamped(rhythm.interval or START)
    wait = interval + min(gravity * BACK_OFF, CEILING) * (1 + FAILURE_SPREAD * jitter)
    return replace(
        rhythm,
        interval=interval,
        next_at=at + max(min(wait, max(interval, CEILING)), _asked(findings, jitter)),
        polled_at=at,
        roomy=0,
        failures=rhythm.failures + 1,
        gravity=gravity,
    )


def _asked(findings: Findings, jitter: float) -> timedelta:
    """How long the server is left alone because it said so; not all of its sources come back at once."""
    return min((findings.retry_after or timedelta()) * (1 + SPREAD * jitter), PATIENCE)


def _clamped(interval: timedelta) -> timedelta:
    return min(max(interval, FLOOR), CEILING)
