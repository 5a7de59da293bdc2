"""How everything stands: what `spywire status`, its check and the figures for Prometheus are made from."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from crawler.sources import SourceKind
from jobs.exits import Exit
from jobs.runs import RunState, state_of
from jobs.schedule.plan import plan
from jobs.schedule.state import read_known, wanted_by
from jobs.teaching.judges import judges
from jobs.watch.failing import MISWRITTEN, failing
from storage.alarms import Alarms
from storage.health import Health
from storage.ledger import Ledger
from storage.models import Models
from storage.records import AlarmKind, DeliveryState, LinkState, Seat
from storage.runs import Runs
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from crawler.sources import Source
    from jobs.home import Home
    from jobs.schedule.plan import Errand
    from jobs.settings import Settings
    from storage.database import Database
    from storage.records import Alarm, Run, SourceState

DAY = timedelta(days=1)
LATE = timedelta(hours=1)  # after the time it was due: every scheduler has come round by then
MISSED = timedelta(days=14)  # after which nobody waits for an edition that failed
RUNS = 20  # crawls that are read to tell what the latest have in common
UNKNOWN = timedelta(days=3650)  # longer than any job waits: a time that only says "at once"


@dataclass(frozen=True, kw_only=True)
class JobStanding:
    """A job that ran at least once."""

    name: str
    state: RunState  # of its latest run
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    done_at: datetime | None  # when its latest run began that did its work
    failures: int  # runs in a row that did not


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The whole, at one time."""

    at: datetime
    jobs: tuple[JobStanding, ...]
    due: tuple[Errand, ...]  # and not begun, or begun and not done
    upcoming: tuple[Errand, ...]
    sources: dict[str, int]  # by ok, failing, silent, degraded, broken, new; each source once, under the gravest
    broken: tuple[str, ...]  # sources that are written down wrongly, by name
    pollable: int  # sources that a crawl may look at, archives among them
    unanswered: int  # the latest crawls in a row of which no source answered
    unanswering: int  # the sources that these asked
    idle: int  # the latest crawls in a row whose time was over before a page was settled
    alarms: tuple[Alarm, ...]
    looked_at: datetime | None  # when silence and drift were last looked for
    held: int
    deliveries: dict[DeliveryState, int]  # sent: in the last day; failed: that are still missed
    links: dict[LinkState, int]  # of the last day
    size: int  # bytes of the database
    schema: str
    model: str
    model_why: str
    model_since: datetime | None  # None: as long as this version of the program is installed
    free: int  # bytes on the disk of the home

    def job(self, name: str) -> JobStanding | None:
        """One job by its name."""
        return next((job for job in self.jobs if job.name == name), None)

    @property
    def late(self) -> tuple[Errand, ...]:
        """What was due an hour ago and more. A job that never ran may not be wanted; one due "at once" has no time."""
        return tuple(one for one in self.due if self.job(one.job) and LATE < self.at - one.at < UNKNOWN)


def stand(
    home: Home,
    settings: Settings,
    sources: Sequence[Source],
    database: Database,
    *,
    broken: Mapping[str, str],
    at: datetime,
) -> Standing:
    """Ask the database, the disk and the clock. `broken` says by name what is wrong with sources beside these."""
    errands = plan(read_known(database, settings, sources, now=at), wanted_by(settings), now=at)
    health, alarms, states = Health(database), Alarms(database).open(), Sources(database).states()
    looks = Runs(database).recent(limit=1, job="health")
    unanswered, idle = streaks(Runs(database).recent(limit=RUNS, job="crawl"))
    judging, seated = judges(settings, home, database), Models(database).holder(Seat.ACTIVE)
    return Standing(
        at=at,
        jobs=_jobs(database),
        due=tuple(errand for errand in errands if errand.at <= at),
        upcoming=tuple(errand for errand in errands if errand.at > at),
        sources=_counted(sources, states, alarms, broken=len(broken), at=at),
        broken=tuple(broken),
        pollable=len(sources),
        unanswered=len(unanswered),
        unanswering=len(_asked(unanswered)),
        idle=len(idle),
        alarms=tuple(alarms),
        looked_at=looks[0].started_at if looks else None,
        held=health.held(),
        deliveries=health.deliveries(since=at - DAY, failed_since=at - MISSED),
        links=_links(database, at=at),
        size=health.size(),
        schema=health.revision(),
        model=judging.version,
        model_why=str(judging.origin),
        model_since=seated.at if seated and not settings.gate.model else None,
        free=shutil.disk_usage(home.data).free,
    )


def streaks(crawls: Iterable[Run]) -> tuple[list[Run], list[Run]]:
    """Of crawls, the newest first: those in a row that nobody answered, and those that did nothing in their time."""
    ended = [run for run in crawls if run.ended_at is not None]
    unanswered = takewhile(lambda run: run.exit_code == Exit.UNREACHABLE, ended)
    idle = takewhile(lambda run: run.exit_code == Exit.OUT_OF_TIME and not run.counts.get("pages.settled"), ended)
    return list(unanswered), list(idle)


def _asked(crawls: Iterable[Run]) -> set[str]:
    """The sources that crawls looked at and that gave something else than what was known."""
    named = ((name, told.get("state")) for run in crawls for name, told in run.sources.items())
    return {name for name, state in named if state != MISWRITTEN}


def _jobs(database: Database) -> tuple[JobStanding, ...]:
    runs = Runs(database)
    newest = runs.newest()
    latest = {name: runs.named(number) for name, number in newest.items()}
    return tuple(
        JobStanding(
            name=name,
            state=state_of(run, newest=newest),
            started_at=past.started_at,
            ended_at=past.ended_at,
            exit_code=past.exit_code,
            done_at=past.done_at,
            failures=past.failures,
        )
        for name, past in sorted(runs.histories().items())
        if (run := latest.get(name))
    )


def _counted(
    sources: Sequence[Source], states: dict[str, SourceState], alarms: Sequence[Alarm], *, broken: int, at: datetime
) -> dict[str, int]:
    """Each source under the gravest that is wrong with it. Who fails now is known without waiting for the next look."""
    counts = dict.fromkeys(("ok", *map(str, AlarmKind), MISWRITTEN, "new"), 0) | {MISWRITTEN: broken}
    wrong = {(alarm.source, alarm.kind) for alarm in alarms}
    for source in sources:
        state = states.get(source.name)
        if state is None or state.rhythm.polled_at is None:
            counts["new"] += source.kind is not SourceKind.ARCHIVE
            continue
        kinds = [AlarmKind.FAILING] if failing(state.rhythm, at=at) else []
        kinds += [kind for kind in AlarmKind if (source.name, kind) in wrong]
        counts[str(kinds[0]) if kinds else "ok"] += 1
    return counts


def _links(database: Database, *, at: datetime) -> dict[LinkState, int]:
    counts = dict.fromkeys(LinkState, 0)
    for tally in Ledger(database).tallies(since=at - DAY, until=at):
        counts[tally.state] += tally.count
    return counts
