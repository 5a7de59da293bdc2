"""The crawl job: the sources that are due, one run record, one exit code."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from signal import SIGTERM
from typing import TYPE_CHECKING, Any

from crawler.hosts import HostMemory
from crawler.report import CrawlReport, Tracker, Trouble
from crawler.run import Gate, Manners, crawl, dry_memory, memory_of
from crawler.sources import due
from jobs.catalogue import pick, pollable_sources, read_sources
from jobs.exits import CommandError, ConfigError, Exit
from jobs.home import Home, alone
from jobs.log import LOG
from jobs.runs import Record, check_clock, now, recorded
from jobs.spans import span
from jobs.watch.after import after, calling, unwritten
from jobs.watch.failing import MISWRITTEN, telling
from storage.database import Database
from storage.errors import StorageError
from storage.records import PollState
from storage.runs import Runs
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from crawler.sources import Source
    from jobs.settings import Settings
    from jobs.teaching.judges import Judges
    from jobs.watch.after import Calls
    from storage.records import Rhythm, SourcePoll

TROUBLE_EXITS = {
    Trouble.STORAGE: Exit.STORAGE,
    Trouble.BUG: Exit.BUG,
    Trouble.GATE: Exit.CONFIG,
    Trouble.STOPPED: Exit.STOPPED,
    Trouble.OUT_OF_TIME: Exit.OUT_OF_TIME,
}


BLIPS = 2  # failures in a row that are no news yet, while the source has answered within a day
DAY = timedelta(days=1)
UNCALLED = "pings.failed"  # what a run counts


@dataclass(frozen=True, kw_only=True)
class CrawlJob:
    """What an operator asked for."""

    home: Home
    settings: Settings
    sources: Sequence[str] = ()  # by name; none means all that are due
    due_or_not: bool = False
    max_pages: int | None = None
    max_runtime: timedelta | None = None
    dry_run: bool = False
    wait: timedelta = timedelta()  # for another crawl of a database that homes share
    watch: Callable[[Tracker], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Crawled:
    """What a crawl did. `lasting` names sources whose failure is no blip; `broken` says what is wrong in the file."""

    report: CrawlReport
    lasting: frozenset[str] = frozenset()
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> Exit:
        """What it means to a scheduler."""
        code = exit_code(self.report)
        return Exit.PARTIAL if code is Exit.OK and self.broken else code


def run_crawl(job: CrawlJob) -> Crawled:
    """Crawl once; the caller holds the home's lock. Raises `CommandError` or `StorageError` for what stops it at once.

    A source that is written down wrongly is left out, and named: the others are crawled.
    """
    if job.dry_run:
        sources, broken = _readable(job)
        return Crawled(report=_dry(job, pick(sources, job.sources)), broken=broken)
    with calling(job.settings) as calls:
        sources, broken = _readable(job)
        done = _crawled(job, sources, broken, calls)
        calls.counts = done.report.counts
        calls.exit_code = called(done, known=len(sources))
    return done


def called(done: Crawled, *, known: int) -> Exit:
    """The end that is told to whoever is called: that a few sources of many are down is what alarms are for."""
    lone = done.exit_code is Exit.UNREACHABLE and not telling(len(done.report.failed), known)
    return Exit.PARTIAL if lone else done.exit_code


def _readable(job: CrawlJob) -> tuple[tuple[Source, ...], dict[str, str]]:
    """The sources that can be crawled, and what is wrong with the others. Raises `ConfigError` if none can be."""
    check_clock(now())
    sources, broken = pollable_sources(job.home.sources_file)
    if named := next((broken[name] for name in job.sources if name in broken), None):
        raise ConfigError(named)
    if not sources:
        read_sources(job.home.sources_file)  # which says what is missing, or wrong
        raise ConfigError(next(iter(broken.values())))
    return sources, broken


def _crawled(job: CrawlJob, known: Sequence[Source], broken: Mapping[str, str], calls: Calls) -> Crawled:
    sources = pick(known, job.sources)
    with alone(job.home, job.settings.storage.url, "crawl", wait=job.wait):
        calls.start()
        database = Database.open(job.settings.storage.url)
        try:
            with recorded(database, "crawl") as run:
                report = _stored(job, sources, database, run, catalogue={source.name for source in known} | set(broken))
                done = Crawled(report=report, lasting=_lasting(report, database), broken=broken)
                _keep(run, done, uncalled=len(calls.failed))
            if not report.signal:
                _tell(job, known, database, broken)
                _complain(calls, database)
            return done
        finally:
            database.close()


def exit_code(report: CrawlReport) -> Exit:
    """What the report means to a scheduler: the gravest trouble first, then whether the sources answered."""
    told = list(report.troubles)
    after = told[told.index(Trouble.STOPPED) :] if Trouble.STOPPED in told else []
    grave = set(told) - ({Trouble.STORAGE} & set(after))  # once it was stopped, the database was not waited for
    for trouble, code in TROUBLE_EXITS.items():
        if trouble in grave:
            return Exit.TERMINATED if code is Exit.STOPPED and report.signal == SIGTERM else code
    if not report.failed:
        return Exit.PARTIAL if Trouble.BROWSER in report.troubles else Exit.OK
    return Exit.UNREACHABLE if len(report.failed) == len(report.sources) else Exit.PARTIAL


def lasts(rhythm: Rhythm | None, *, at: datetime) -> bool:
    """Whether the failure of a source is more than a blip: the third in a row, or a day without an answer.

    What has no rhythm (an archive on this machine) does not fail for a moment only.
    """
    if rhythm is None or not 1 <= rhythm.failures <= BLIPS:
        return True
    return rhythm.read_at is not None and at - rhythm.read_at >= DAY


def _stored(
    job: CrawlJob, sources: Sequence[Source], database: Database, run: Record, *, catalogue: Collection[str]
) -> CrawlReport:
    states, url = Sources(database).states(), job.settings.storage.url
    memory = memory_of(
        database,
        run=run.id,
        owner=owner(job.home),
        states=states,
        catalogue=catalogue,
        shared=url != job.home.database_url,
    )
    polled = sources if job.sources or job.due_or_not else due(sources, states, at=run.started_at)
    names = {source.name for source in polled}
    report = crawl(
        polled,
        manners=manners(job.settings),
        gate=lambda: _gate(job, database),
        memory=memory,
        hosts=HostMemory(database),
        resting=[source for source in sources if source.name not in names],
        max_pages=job.max_pages,
        max_runtime=job.max_runtime,
        watch=job.watch,
    )
    if Trouble.STORAGE not in report.troubles:
        houses = {source.name: source.family for source in sources if source.family}
        database.again(_gather, database, report, houses=houses)
    return report


def _lasting(report: CrawlReport, database: Database) -> frozenset[str]:
    if not report.failed or Trouble.STORAGE in report.troubles:
        return frozenset(poll.source for poll in report.failed)
    states = Sources(database).states()
    rhythms = {name: state.rhythm for name, state in states.items()}
    return frozenset(poll.source for poll in report.failed if lasts(rhythms.get(poll.source), at=report.ended))


def _keep(run: Record, done: Crawled, *, uncalled: int) -> None:
    report = done.report
    run.counts, run.received, run.exit_code = dict(report.counts), report.received, done.exit_code
    run.counts |= {UNCALLED: uncalled} if uncalled else {}
    run.sources = {poll.source: _result(poll) for poll in report.sources if poll.state is not PollState.UNCHANGED}
    run.sources |= {name: {"state": MISWRITTEN, "detail": wrong} for name, wrong in done.broken.items()}
    run.error = next(iter(report.troubles.values()), "")


def _tell(job: CrawlJob, sources: Sequence[Source], database: Database, broken: Mapping[str, str]) -> None:
    """Look at the health of the sources, and tell whoever watches. The crawl is over, whatever comes of it."""
    try:
        after(job.home, job.settings, sources, database, broken=broken)
    except (CommandError, OSError, StorageError) as error:
        unwritten(error)


def _complain(calls: Calls, database: Database) -> None:
    """Say it once when nobody could be called at the start of the third crawl in a row; before that it is a blip."""
    if not calls.failed:
        return
    try:
        before = Runs(database).recent(limit=BLIPS + 2, job="crawl")[1:]
    except StorageError:  # which is told where it matters
        return
    uncalled = [bool(run.counts.get(UNCALLED)) for run in before]
    if uncalled[:BLIPS] == [True] * BLIPS and not any(uncalled[BLIPS:]):
        told = f"{calls.failed[0]}, {BLIPS + 1} crawls in a row: whoever waits for its calls believes that nothing runs"
        LOG.event("ping.failing", told, level="error")


def _result(poll: SourcePoll) -> dict[str, Any]:
    detail = {"detail": poll.detail} if poll.detail else {}
    return {"state": str(poll.state), "found": poll.found, "new": poll.new} | detail


def _gather(database: Database, report: CrawlReport, *, houses: Mapping[str, str]) -> None:
    """Put what was flagged or held into stories, this run's articles and any that a killed run left."""
    from storage.stories import Stories

    if Stories(database).unassigned(limit=1):
        from jobs.stories.assign import assign_all

        assign_all(database, houses=houses, at=report.ended)


def _dry(job: CrawlJob, sources: Sequence[Source]) -> CrawlReport:
    url = job.settings.storage.url
    there = not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()
    database = Database.open(url) if there else None
    if database is not None and not (job.sources or job.due_or_not):
        sources = due(sources, Sources(database).states(), at=now())
    return crawl(
        sources,
        manners=manners(job.settings),
        gate=lambda: _gate(job, database),
        memory=dry_memory(database, owner=owner(job.home)),
        hosts=HostMemory(database, dry=True),
        max_pages=job.max_pages,
        max_runtime=job.max_runtime,
        watch=job.watch,
    )


def manners(settings: Settings) -> Manners:
    """How the crawler is to behave."""
    fetch = settings.fetch
    return Manners(
        user_agent=fetch.agent,
        delay=fetch.delay,
        timeout=fetch.timeout,
        concurrency=fetch.concurrency,
        max_bytes=fetch.max_bytes,
        pages_per_source=fetch.pages_per_source,
        patience=span(fetch.patience).total_seconds() or inf,
        allow_networks=fetch.allow_networks,
        allow_ports=fetch.allow_ports,
        browser=fetch.browser,
    )


def _gate(job: CrawlJob, database: Database | None) -> Gate:
    """To look up who judges takes imports that a crawl with nothing new does without."""
    from jobs.teaching.judges import judges

    return gate(job.settings, judges(job.settings, job.home, database))


def gate(settings: Settings, judges: Judges) -> Gate:
    """Who is to judge, and how."""
    return Gate(
        model=judges.model,
        shadow=judges.shadow,
        processes=settings.gate.processes,
        deadline=settings.gate.deadline,
        memory_mb=settings.gate.memory_mb,
    )


def owner(home: Home) -> str:
    """The name under which this installation leases links: one crawl at a time runs in a home."""
    return f"{socket.gethostname()}:{home.state}"[:300]
