"""When a digest is due, and what time it covers: by the clock of its zone, in whole local days, without gap or overlap.

A digest belongs to a local day. It is due once on it, also where its hour comes twice or never (then it is due at the
first of the two, or as much later as the clock was put forward), and not at all on a day that a zone left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.settings import Profile

DAY = timedelta(days=1)
FIRST = DAY  # how far back the first edition looks
SHORT = timedelta(hours=1)  # a window in which there need not be any crawl
UNDER_WAY = DAY  # a run without an end that began longer ago was killed
SETTLING = timedelta(minutes=1)  # what a run that is under way has judged may take so long to be stored
_AHEAD = 30  # local days in which one must be due: a week, and what a zone may leave out


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """At which local time, and on which days of the week (Monday is 0), a digest is due."""

    at: time
    zone: ZoneInfo
    weekdays: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A digest that is due, or was: its local day, and the moment."""

    day: date
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Past:
    """What a profile was sent so far. Without any edition everything is None but `began`."""

    began: datetime | None  # when the first run of this installation began
    first_since: datetime | None = None  # where its first digest began
    last_due: datetime | None = None  # when its last digest was due, sent or not
    delivered_until: datetime | None = None  # where the last one ended that reached somebody


def timetable(profile: Profile) -> Timetable:
    """The timetable of a profile."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    days = frozenset(names.index(day) for day in profile.weekdays)
    return Timetable(at=profile.at, zone=ZoneInfo(profile.zone), weekdays=days)


def due(table: Timetable, past: Past, *, at: datetime) -> Due | None:
    """The digest that is to be made at this time; None when the last one that was due is made.

    One that was missed is made as soon as anybody asks, and covers all that was missed. None is due before anything
    has ever run.
    """
    found = last_due(table, at)
    if found is None or past.began is None or found.at < past.began:
        return None
    if past.last_due is not None and found.at <= past.last_due:
        return None
    return found if window_start(past, at=at) < at else None


def window_start(past: Past, *, at: datetime) -> datetime:
    """Where the next edition's window begins: where that of the last delivered one ended.

    What was in editions that reached nobody is told again. The first edition looks back a day at most, and not to
    before the first run.
    """
    if past.delivered_until is not None:
        return past.delivered_until
    if past.first_since is not None:
        return past.first_since
    return at - FIRST if past.began is None else max(past.began, at - FIRST)


def window_end(at: datetime, under_way: datetime | None) -> datetime:
    """Where a window ends that is closed now: at once, or a little before now while a run is under way.

    What such a run has judged may not be stored yet; behind the end of the window it would never be told.
    """
    running = under_way is not None and at - under_way < UNDER_WAY
    return at - SETTLING if running else at


def covered(table: Timetable, since: datetime, until: datetime) -> int:
    """How many digests were due in `(since, until]`; at least one."""
    first, last = _local(table, since).date() - DAY, _local(table, until).date() + DAY
    days = (first + number * DAY for number in range((last - first).days + 1))
    return max(1, len({moment for day in days if (moment := _moment(table, day)) and since < moment <= until}))


def last_due(table: Timetable, at: datetime) -> Due | None:
    """The latest digest that was due by then."""
    today = _local(table, at).date()
    days = (today - number * DAY for number in range(-1, _AHEAD))
    return next((found for found in _found(table, days) if found.at <= at), None)


def next_due(table: Timetable, at: datetime) -> datetime | None:
    """When the next digest is due after then."""
    today = _local(table, at).date()
    days = (today + number * DAY for number in range(-1, _AHEAD))
    return next((found.at for found in _found(table, days) if found.at > at), None)


def _found(table: Timetable, days: Iterator[date]) -> Iterator[Due]:
    return (Due(day=day, at=moment) for day in days if (moment := _moment(table, day)))


def _moment(table: Timetable, day: date) -> datetime | None:
    """When a digest is due on a local day; None when it is not, or when there was no such day."""
    if day.weekday() not in table.weekdays or _start(table, day) == _start(table, day + DAY):
        return None
    return datetime.combine(day, table.at, table.zone).astimezone(UTC)


def _start(table: Timetable, day: date) -> datetime:
    return datetime.combine(day, time(), table.zone).astimezone(UTC)


def _local(table: Timetable, at: datetime) -> datetime:
    return at.astimezone(table.zone)
