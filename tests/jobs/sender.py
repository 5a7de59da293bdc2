"""A sender of digests without a database: what was sent is a list, time is given, and an oracle knows every zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from jobs.digest.due import Past, Timetable, covered, due, window_end, window_start

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

STEP = timedelta(hours=1)  # every local day that there was lasted longer


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One edition: its local day, its window, how many due days it says it covers, and whether anybody got it."""

    day: date
    since: datetime
    until: datetime
    due_at: datetime
    days: int
    arrived: bool


@dataclass(frozen=True, kw_only=True)
class Tick:
    """The sender is called; perhaps the mail server is down, perhaps a crawl is under way."""

    at: datetime
    up: bool = True
    crawl_began: datetime | None = None


def run(table: Timetable, began: datetime, ticks: Iterable[Tick]) -> list[Sent]:
    """Everything that a sender makes when it is called at these times."""
    sent: list[Sent] = []
    for tick in sorted(ticks, key=lambda tick: tick.at):
        past = Past(
            began=began,
            first_since=sent[0].since if sent else None,
            last_due=sent[-1].due_at if sent else None,
            delivered_until=next((one.until for one in reversed(sent) if one.arrived), None),
        )
        found = due(table, past, at=tick.at)
        since, until = window_start(past, at=tick.at), window_end(tick.at, tick.crawl_began)
        if found is None or since >= until:
            continue
        days = covered(table, since, until)
        sent.append(Sent(day=found.day, since=since, until=until, due_at=found.at, days=days, arrived=tick.up))
    return sent


@cache
def days_of(zone: ZoneInfo, since: datetime, until: datetime) -> list[date]:
    """The local days that there were, found by looking at the clock every hour."""
    moments = int((until - since) / STEP)
    return sorted({(since + number * STEP).astimezone(zone).date() for number in range(moments)})


def clock_showed(zone: ZoneInfo, day: date, at: time) -> bool:
    """Whether the clocks of a zone ever showed this time on this day."""
    wall = datetime.combine(day, at)
    return any(
        wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
        for fold in (0, 1)
    )


def check_zone(zone: ZoneInfo, at: time, began: datetime, length: timedelta) -> int:
    """Hold two years of a zone to what a digest promises; gives how many editions there were.

    The sender is called an hour before each digest should be due, then, and one and two hours later.
    """
    table = Timetable(at=at, zone=zone, weekdays=frozenset(range(7)))
    days = days_of(zone, began, began + length)[1:-1]
    rough = [
        datetime.combine(day, at, UTC) - (zone.utcoffset(datetime.combine(day, at)) or timedelta()) for day in days
    ]
    ticks = [Tick(at=moment + timedelta(hours=hours, seconds=5)) for moment in rough for hours in (-1, 0, 1, 2)]
    sent = run(table, began, ticks)
    by_day = [one.day for one in sent]
    assert by_day == sorted(set(by_day)), f"{zone.key} {at}: two digests for one local day"
    assert set(days) <= {*by_day}, f"{zone.key} {at}: no digest on {sorted(set(days) - {*by_day})[:3]}"
    for one in sent:
        local = one.due_at.astimezone(zone)
        if (local.date(), local.time()) != (one.day, at):
            later = local.replace(tzinfo=None) > datetime.combine(one.day, at)
            assert later, f"{zone.key}: due at {local}"
            assert not clock_showed(zone, one.day, at), f"{zone.key}: due at {local}"
        assert one.days == 1, f"{zone.key}: {one}"
    check_windows(sent)
    return len(sent)


def check_windows(sent: list[Sent]) -> None:
    """The windows of the editions that arrived follow each other without gap or overlap."""
    arrived = [one for one in sent if one.arrived]
    for before, after in pairwise(arrived):
        assert before.until == after.since
