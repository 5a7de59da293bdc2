"""What is due, and when the rest will be: one pure decision from what the database says.

Nothing is remembered between two looks but what a job left behind: a digest its edition, a crawl its polls, every job
its run. So whoever looks comes to the same answer, a daemon that slept for three days catches up with each job once,
and a clock that jumps moves the answer but not the past.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.records import JobHistory

DAY = timedelta(days=1)
FIRST_PAUSE = timedelta(minutes=2)  # after a job that failed; twice as long each time
LONGEST_PAUSE = timedelta(hours=1)
AHEAD = timedelta(hours=26)  # a run that began later than this from now is a clock's error, and not believed
ALERTS = timedelta(minutes=15)  # quiet hours end, and nobody else says so


class Job(StrEnum):
    """What can be due, in the order in which one that does all of it goes."""

    CRAWL = "crawl"
    DIGEST = "digest"
    SITE = "site"
    RETAIN = "retain"
    BACKUP = "backup"


DAILY = {Job.RETAIN: time(3, 20), Job.BACKUP: time(3, 50)}  # UTC: a day there always has 24 hours


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the database says. None is for never; a time in the past is for now."""

    fetches: datetime | None  # when the first source is to be looked at, or a page of one fetched
    fetch_why: str = ""
    digests: Mapping[str, datetime] = field(default_factory=dict)  # by profile
    deliveries: datetime | None = None  # when the first one that is owed may be tried
    composed_at: datetime | None = None  # the latest edition
    jobs: Mapping[str, JobHistory] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the settings ask for, besides crawls, digests and retention."""

    alerts: bool = False
    backups: bool = False
    site: bool = False


@dataclass(frozen=True, kw_only=True)
class Errand:
    """A job, when it is due, and why."""

    job: Job
    at: datetime
    why: str


def plan(known: Known, wanted: Wanted, *, now: datetime) -> tuple[Errand, ...]:
    """Every job that will be due, with its time, in the order of jobs."""
    found = {
        Job.CRAWL: _crawl(known),
        Job.DIGEST: _digest(known, wanted, now),
        Job.SITE: _site(known) if wanted.site else None,
        Job.RETAIN: _daily(Job.RETAIN, known.jobs.get(Job.RETAIN), now),
        Job.BACKUP: _daily(Job.BACKUP, known.jobs.get(Job.BACKUP), now) if wanted.backups else None,
    }
    return tuple(
        Errand(job=job, at=max(at, _pause(known.jobs.get(job), now) or at), why=why)
        for job, due in found.items()
        if due is not None
        for at, why in [due]
    )


def due(errands: tuple[Errand, ...], *, now: datetime) -> tuple[Errand, ...]:
    """Those whose time has come."""
    return tuple(errand for errand in errands if errand.at <= now)


def pause(failures: int) -> timedelta:
    """How long a job that failed so often in a row is left alone."""
    return min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE) if failures else timedelta()


def _crawl(known: Known) -> tuple[datetime, str] | None:
    return None if known.fetches is None else (known.fetches, known.fetch_why)


def _digest(known: Known, wanted: Wanted, now: datetime) -> tuple[datetime, str] | None:
    found = [(at, f"digest of {name}") for name, at in known.digests.items()]
    found += [] if known.deliveries is None else [(known.deliveries, "a delivery is owed")]
    if wanted.alerts:
        found += _alerts(known.jobs.get(Job.CRAWL), known.jobs.get(Job.DIGEST), now)
    return min(found, default=None)


def _alerts(crawl: JobHistory | None, digest: JobHistory | None, now: datetime) -> list[tuple[datetime, str]]:
    """After each crawl there may be one, and when quiet hours end."""
    if crawl is None or crawl.ended_at is None:
        return []
    if digest is None or _unbelievable(digest.started_at, now) or crawl.ended_at > digest.started_at:
        return [(crawl.ended_at, "alerts after a crawl")]
    return [(digest.started_at + ALERTS, "alerts that had to wait")]


def _site(known: Known) -> tuple[datetime, str] | None:
    if known.composed_at is None:
        return None
    built = known.jobs.get(Job.SITE)
    fresh = built is not None and built.done_at is not None and built.done_at >= known.composed_at
    return None if fresh else (known.composed_at, "a new edition")


def _daily(job: Job, past: JobHistory | None, now: datetime) -> tuple[datetime, str]:
    """Once for each day of UTC, also when that day came twice or was slept through."""
    today = datetime.combine(now.date(), DAILY[job], now.tzinfo)
    latest = today if today <= now else today - DAY
    last = None if past is None else past.done_at
    if last is None or _unbelievable(last, now) or last < latest:
        return latest, "every day"
    missed = latest + DAY
    while missed <= last:  # a clock that was ahead has had that day already
        missed += DAY
    return missed, "every day"


def _pause(past: JobHistory | None, now: datetime) -> datetime | None:
    """Until when a job is left alone after failures."""
    if past is None or not past.failures or past.started_at > now:
        return None
    return past.started_at + pause(past.failures)


def _unbelievable(at: datetime, now: datetime) -> bool:
    return at > now + AHEAD
