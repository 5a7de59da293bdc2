"""Which digests are due, by what the database says was sent. Cheap: a few rows a profile, and no article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.digest.due import Due, Past, due, next_due, timetable, window_end, window_start
from storage.editions import Editions
from storage.runs import Runs

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.settings import Settings
    from storage.database import Database

LOOKED_AT = 20  # runs: those under way are among the latest


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A profile's next step: the digest that is due, if one is, the window it would have now, and the one after."""

    profile: str
    zone: str
    due: Due | None
    since: datetime
    until: datetime
    next_at: datetime | None
    past: Past


def agenda(database: Database, settings: Settings, *, at: datetime) -> list[Entry]:
    """An entry for each profile, by name."""
    editions = Editions(database)
    began, until = editions.beginning(), window_end(at, _under_way(database))
    return [_entry(editions, settings, name, began=began, at=at, until=until) for name in sorted(settings.profile)]


def _entry(
    editions: Editions, settings: Settings, name: str, *, began: datetime | None, at: datetime, until: datetime
) -> Entry:
    first, last, delivered = editions.first(name), editions.latest(name), editions.delivered(name)
    past = Past(
        began=began,
        first_since=None if first is None else first.since,
        last_due=None if last is None else last.due_at,
        delivered_until=None if delivered is None else delivered.until,
    )
    table = timetable(settings.profile[name])
    found = due(table, past, at=at)
    if found is not None and editions.keyed(name, found.day.isoformat()) is not None:
        found = None  # the hour was moved after the digest of this day was made
    since = window_start(past, at=at)
    return Entry(
        profile=name,
        zone=settings.profile[name].zone,
        due=found if since < until else None,
        since=since,
        until=until,
        next_at=next_due(table, at),
        past=past,
    )


def _under_way(database: Database) -> datetime | None:
    """When the latest run began that has not ended, as far as its record says."""
    runs = Runs(database).recent(limit=LOOKED_AT, job="crawl")
    return next((run.started_at for run in runs if run.ended_at is None), None)
