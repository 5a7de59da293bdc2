"""The crawl job: the sources that are due, one run record, one exit code."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.hosts import HostMemory
from crawler.report import CrawlReport, Tracker, Trouble
from crawler.run import Gate, Manners, crawl, dry_memory, memory_of
from crawler.sources import due
from jobs.catalogue import pick, read_sources
from jobs.exits import ConfigError, Exit
from jobs.home import Home, locked
from storage.database import Database
from storage.runs import Runs
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from crawler.sources import Source
    from jobs.settings import Settings
    from jobs.teaching.judges import Judges

TROUBLE_EXITS = {
    Trouble.STORAGE: Exit.STORAGE,
    Trouble.BUG: Exit.BUG,
    Trouble.GATE: Exit.CONFIG,
    Trouble.STOPPED: Exit.STOPPED,
    Trouble.OUT_OF_TIME: Exit.OUT_OF_TIME,
}


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
    watch: Callable[[Tracker], None] | None = None


def run_crawl(job: CrawlJob) -> CrawlReport:
    """Crawl once. Raises `CommandError` or `StorageError` for what stops it before it starts."""
    sources = pick(read_sources(job.home.sources_file), job.sources)
    _check_renderable(sources)
    if job.dry_run:
        return _dry(job, sources)
    with locked(job.home, "crawl"):
        database = Database.open(job.settings.storage.url)
        try:
            return _stored(job, sources, database)
        finally:
            database.close()


def exit_code(report: CrawlReport) -> Exit:
    """What the report means to a scheduler: the gravest trouble first, then whether the sources answered."""
    for trouble, code in TROUBLE_EXITS.items():
        if trouble in report.troubles:
            return code
    if not report.failed:
        return Exit.PARTIAL if Trouble.BROWSER in report.troubles else Exit.OK
    return Exit.UNREACHABLE if len(report.failed) == len(report.sources) else Exit.PARTIAL


def _check_renderable(sources: Sequence[Source]) -> None:
    names = [source.name for source in sources if source.render]
    if names and find_spec("scrapy_playwright") is None:
        raise ConfigError(
            f"source {', '.join(names)}: render = true needs the extra `render`, which is not installed: "
            f"pip install 'spywire[render]', or take render out"
        )


def _stored(job: CrawlJob, sources: Sequence[Source], database: Database) -> CrawlReport:
    now = datetime.now(UTC)
    states = Sources(database).states()
    polled = sources if job.sources or job.due_or_not else due(sources, states, at=now)
    names = {source.name for source in polled}
    runs = Runs(database)
    run = runs.start("crawl", version=version("spywire"), at=now)
    report = crawl(
        polled,
        manners=manners(job.settings),
        gate=lambda: _gate(job, database),
        memory=memory_of(database, run=run, owner=owner(job.home), states=states),
        hosts=HostMemory(database),
        resting=[source for source in sources if source.name not in names],
        max_pages=job.max_pages,
        max_runtime=job.max_runtime,
        watch=job.watch,
    )
    if Trouble.STORAGE not in report.troubles:
        _gather(database, report, houses={source.name: source.family for source in sources if source.family})
        runs.end(run, at=report.ended, exit_code=exit_code(report), counts=report.counts)
    return report


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
        sources = due(sources, Sources(database).states(), at=datetime.now(UTC))
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
