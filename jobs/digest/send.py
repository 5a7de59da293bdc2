"""The job `digest send`: makes the editions that are due, and sends whatever is owed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from jobs.catalogue import guarded_sources
from jobs.digest.agenda import agenda
from jobs.digest.editions import Desk, digest, into_stories, urgent
from jobs.digest.profiles import mistakes
from jobs.exits import CommandError, Exit
from jobs.home import alone
from jobs.log import LOG
from jobs.runs import recorded
from jobs.watch.after import noted
from jobs.watch.failing import MISWRITTEN
from storage.database import Database
from storage.errors import StorageError
from storage.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from crawler.sources import Source
    from jobs.delivery.outbox import Sent
    from jobs.delivery.outcome import Settlement
    from jobs.digest.agenda import Entry
    from jobs.home import Home
    from jobs.settings import Settings
    from storage.records import Delivery, StoredEdition

    Watch = Callable[[Delivery, Settlement], None]

JOB = "digest"

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Posted:
    """What a run made, what became of the deliveries that were due, and which profiles cannot be served.

    `broken` says by source what is wrong in the file.
    """

    made: list[StoredEdition] = field(default_factory=list)
    troubles: list[CommandError] = field(default_factory=list)
    sent: Sent | None = None
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit(self) -> Exit:
        """A mistake in the settings first, then deliveries that failed, then sources that an edition had to do without.

        A run that makes no edition does without nothing.
        """
        if self.troubles:
            return self.troubles[0].exit
        sent = Exit.OK if self.sent is None else self.sent.exit
        return Exit.PARTIAL if sent is Exit.OK and self.made and self.broken else sent


@dataclass(frozen=True, kw_only=True)
class SendJob:
    """What an operator asked for."""

    home: Home
    settings: Settings
    at: datetime
    only: Collection[str] = ()  # profiles; none means all
    now: bool = False  # make a digest though none is due
    wait: timedelta = timedelta()  # for another run to end
    watch: Watch | None = None


def send(job: SendJob) -> Posted:
    """Make what is due and send what is owed, with the home's lock held. A run with nothing to do leaves no record."""
    at = job.at.replace(microsecond=0)
    url = job.settings.storage.url
    with alone(job.home, url, JOB, wait=job.wait):
        database = Database.open(url)
        try:
            entries = [entry for entry in agenda(database, job.settings, at=at) if _meant(entry, job.only)]
            if not _anything(database, entries, job, at=at):
                noted(job.home, job.settings, database)
                return Posted(troubles=_wrong(job, entries, (), guarded_sources(job.home.sources_file)[0]))
            with recorded(database, JOB, clock=_clock(job.at)) as run:
                sources, broken = guarded_sources(job.home.sources_file)
                run.sources = {name: {"state": MISWRITTEN, "detail": wrong} for name, wrong in broken.items()}
                posted = compose_due(database, job, entries, sources, at=at)
                posted.broken = broken
                posted.troubles = _wrong(job, entries, posted.troubles, sources)
                posted.sent = _deliver(database, job, at=at)
                run.exit_code = posted.exit
                run.counts = _counts(posted)
                run.error = "; ".join(str(trouble) for trouble in posted.troubles)
            _name_broken(posted)
            noted(job.home, job.settings, database)
            return posted
        finally:
            database.close()


def compose_due(
    database: Database, job: SendJob, entries: Collection[Entry], sources: Sequence[Source], *, at: datetime
) -> Posted:
    """Compose and keep every edition that is due. What is wrong with one profile is told, and stops no other."""
    desk = Desk(database=database, home=job.home, settings=job.settings, sources=sources)
    posted = Posted()
    if job.now or any(entry.due or job.settings.profile[entry.profile].alert_score for entry in entries):
        into_stories(desk, at=at)
    for entry in entries:
        try:
            if entry.due or (job.now and entry.since < entry.until):
                posted.made.append(digest(desk, entry, at=at))
            posted.made.extend(urgent(desk, entry, at=at))
        except CommandError as error:
            posted.troubles.append(error)
        except StorageError:
            raise
        except Exception as error:  # a bug that one profile comes upon keeps no edition from another
            log.exception("a bug while the digest of %s was made", entry.profile)
            told = f"[profile.{entry.profile}] a bug in spywire, please report it: {type(error).__name__}"
            posted.troubles.append(CommandError(told))
    return posted


def _clock(at: datetime) -> Callable[[], datetime]:
    """A clock that goes on from `at`."""
    started = monotonic()
    return lambda: at + timedelta(seconds=monotonic() - started)


def _meant(entry: Entry, only: Collection[str]) -> bool:
    return not only or entry.profile in only


def _anything(database: Database, entries: Collection[Entry], job: SendJob, *, at: datetime) -> bool:
    """Whether there is anything to do, as far as that can be seen without reading an article.

    Before anything ever ran, this run is the beginning: the first digest is then due at its hour.
    """
    asked = any(entry.due or job.settings.profile[entry.profile].alert_score for entry in entries)
    return asked or job.now or bool(Outbox(database).owed(at)) or any(entry.past.began is None for entry in entries)


def _wrong(
    job: SendJob, entries: Iterable[Entry], told: Collection[CommandError], sources: Collection[Source]
) -> list[CommandError]:
    """The mistakes in profiles beside those `told`, each once."""
    found = mistakes(job.settings, (entry.profile for entry in entries), sources)
    return list({str(error): error for error in (*told, *found)}.values())


def _name_broken(posted: Posted) -> None:
    for name, wrong in posted.broken.items() if posted.made else ():
        told = f"{wrong}; the digest is made of the other sources, and quotes nothing of this one"
        LOG.event("source.broken", told, level="error", source=name)


def _deliver(database: Database, job: SendJob, *, at: datetime) -> Sent:
    from jobs.delivery.outbox import deliver

    return deliver(database, job.settings, job.home, at=at, watch=job.watch)


def _counts(posted: Posted) -> dict[str, int]:
    counts = {"editions": len(posted.made)}
    if posted.sent is not None:
        counts |= {f"deliveries.{state}": count for state, count in sorted(posted.sent.counts.items())}
    return counts
