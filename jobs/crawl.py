"""The crawl job: the sources that are due, one run record, one exit code."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from signal import SIGTERM
from typing import TYPE_CHECKING, Any

from crawler.hosts import HostMemory
from crawler.report import CrawlReport, Tracker, Trouble
from crawler.run import Gate, Manners, crawl, dry_memory, memory_of
from crawler.sources import due
from jobs.catalogue import pick, read_sources, sound_sources
from jobs.exits import ConfigError, Exit
from jobs.home import Home, alone
from jobs.log import LOG
from jobs.runs import Record, check_clock, now, recorded
from jobs.watch.after import after, calling
from storage.database import Database
from storage.errors import StorageError
from storage.records import PollState
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crawler.sources import Source
    from jobs.settings import Settings
    from jobs.teaching.judges import Judges
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
    check_clock(now())
    sources, broken = sound_sources(job.home.sources_file)
    if named := next((broken[name] for name in job.sources if name in broken), None):
        raise ConfigError(named)
    if not sources:
        sources = read_sources(job.home.sources_file)  # which says what is missing
    known, sources = sources, pick(sources, job.sources)
    _check_renderable(sources)
    if job.dry_run:
        return Crawled(report=_dry(job, sources), broken=broken)
    with alone(job.home, job.settings.storage.url, "crawl", wait=job.wait):
        database = Database.open(job.settings.storage.url)
        try:
            with recorded(database, "crawl") as run, calling(job.settings, run):
                report = _stored(job, sources, database, run)
                done = Crawled(report=report, lasting=_lasting(report, database), broken=broken)
                _keep(run, done)
            if not report.signal:
                _tell(job, known, database)
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


def _check_renderable(sources: Sequence[Source]) -> None:
    names = [source.name for source in sources if source.render]
    if names and find_spec("scrapy_playwright") is None:
        raise ConfigError(
            f"source {', '.join(names)}: render = true needs the extra `render`, which is not installed: "
            f"pip install 'spywire[render]', or take render out"
        )


def _stored(job: CrawlJob, sources: Sequence[Source], database: Database, run: Record) -> CrawlReport:
    states = Sources(database).states()
    polled = sources if job.sources or job.due_or_not else due(sources, states, at=run.started_at)
    names = {source.name for source in polled}
    report = crawl(
        polled,
        manners=manners(job.settings),
        gate=lambda: _gate(job, database),
        memory=memory_of(database, run=run.id, owner=owner(job.home), states=states),
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


def _keep(run: Record, done: Crawled) -> None:
    report = done.report
    run.counts, run.received, run.exit_code = report.counts, report.received, done.exit_code
    run.sources = {poll.source: _result(poll) for poll in report.sources if poll.state is not PollState.UNCHANGED}
    run.sources |= {name: {"state": "broken", "detail": wrong} for name, wrong in done.broken.items()}
    run.error = next(iter(report.troubles.values()), "")


def _tell(job: CrawlJob, sources: Sequence[Source], database: Database) -> None:
    """Look at the health of the sources, and tell whoever watches. The crawl is over, whatever comes of it."""
    try:
        after(job.home, job.settings, sources, database)
    except (OSError, StorageError) as error:
        LOG.event("watch.failed", f"[watch] cannot be told: {error}", level="error")


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
