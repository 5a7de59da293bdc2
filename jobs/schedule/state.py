"""Reads what the plan needs to know. A handful of queries, and no article."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.schedule import next_look
from crawler.sources import SourceKind
from jobs.digest.agenda import agenda
from jobs.schedule.plan import Known, Wanted
from storage.editions import Editions
from storage.outbox import Outbox
from storage.runs import Runs
from storage.sources import Sources
from storage.upcoming import AT_ONCE, Upcoming

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from crawler.sources import Source
    from jobs.settings import Settings
    from storage.database import Database
    from storage.records import SourceState

ARCHIVES = timedelta(minutes=15)  # between two looks at files on this machine, which are read at every crawl


def read_known(database: Database, settings: Settings, sources: Sequence[Source], *, now: datetime) -> Known:
    """What the database says at this time."""
    fetches = _fetches(database, sources, now=now)
    first = min(fetches, default=None)
    editions = Editions(database).listed(limit=1)
    return Known(
        fetches=None if first is None else first[0],
        fetch_why="" if first is None else first[1],
        digests=dict(_digests(database, settings, now=now)),
        deliveries=_deliveries(database),
        composed_at=editions[0].composed_at if editions else None,
        jobs=Runs(database).histories(),
    )


def wanted_by(settings: Settings) -> Wanted:
    """What the settings ask for."""
    return Wanted(
        alerts=any(profile.alert_score > 0 for profile in settings.profile.values()),
        backups=bool(settings.backup.folder),
        site=bool(settings.site.folder),
    )


def _fetches(database: Database, sources: Sequence[Source], *, now: datetime) -> list[tuple[datetime, str]]:
    states, upcoming = Sources(database).states(), Upcoming(database)
    names = {source.name for source in sources if source.kind is not SourceKind.ARCHIVE}
    found = [(_look(source, states.get(source.name), now), f"poll of {source.name}") for source in sources]
    found += [(at, f"pages of {name}") for name, at in upcoming.pages().items() if name in names]
    return found + [(at, f"second looks at {name}") for name, at in upcoming.revisits().items() if name in names]


def _look(source: Source, state: SourceState | None, now: datetime) -> datetime:
    if state is None or state.url != source.url:
        return AT_ONCE
    if source.kind is SourceKind.ARCHIVE:
        return AT_ONCE if state.rhythm.polled_at is None else state.rhythm.polled_at + ARCHIVES
    return next_look(state.rhythm, at=now, every=source.every) or AT_ONCE


def _digests(database: Database, settings: Settings, *, now: datetime) -> Iterable[tuple[str, datetime]]:
    for entry in agenda(database, settings, at=now):
        at = entry.due.at if entry.due else entry.next_at
        if at is not None:
            yield entry.profile, at


def _deliveries(database: Database) -> datetime | None:
    return min((delivery.next_at for delivery in Outbox(database).unsettled() if delivery.next_at), default=None)
