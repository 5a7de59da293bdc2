"""The one door to a crawl: `crawl(...)` runs it from start to end in this process, which can do so once.

Scrapy's reactor does not start twice; a crawl is a short-lived process of its own.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler.archives import read_archives
from crawler.discover import SourceKind
from crawler.errors import FetchError
from crawler.memory import DryMemory, StoredMemory
from crawler.report import CrawlReport, Tracker, Trouble
from crawler.spiders.job import UNLIMITED, Job
from crawler.spiders.news import NewsSpider
from crawler.spiders.page import PageSpider
from crawler.spiders.probe import Probe, ProbeSpider, Probing
from crawler.workers import Workers
from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Network, IPv6Network
    from pathlib import Path

    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.hosts import HostMemory
    from crawler.memory import Memory
    from crawler.page import Page
    from crawler.sources import Source
    from storage.database import Database

# Without a delay Scrapy 2.19 starts a whole queue at once, whatever CONCURRENT_REQUESTS_PER_DOMAIN says: it counts a
# transfer only when its coroutine first runs.
SOME_DELAY = 0.001

FATAL = {Trouble.STORAGE, Trouble.BUG, Trouble.STOPPED}  # after these nothing more is begun


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How a crawl behaves towards other people's servers, and what it may touch. Times in seconds, sizes in bytes."""

    user_agent: str
    delay: float
    timeout: float
    concurrency: int
    max_bytes: int
    pages_per_source: int
    allow_networks: tuple[IPv4Network | IPv6Network, ...]
    allow_ports: tuple[int, ...]
    browser: str = ""  # path of a Chromium for sources with `render`; empty: Playwright's own


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Who judges: the model's file, and the workers that run it. `processes` 0 means one per core."""

    model: Path
    processes: int
    deadline: float
    memory_mb: int


def crawl(
    sources: Sequence[Source],
    *,
    manners: Manners,
    gate: Gate,
    memory: Memory,
    hosts: HostMemory,
    resting: Sequence[Source] = (),
    max_pages: int | None = None,
    watch: Callable[[Tracker], None] | None = None,
) -> CrawlReport:
    """Poll the sources, fetch what is new, judge it, store it, and say what happened.

    Sources at rest are not polled; their links that wait since an earlier run, or are to be tried again, are fetched.

    A source or page that fails is part of the report. Raises nothing for them; a bug or a dead database is in
    `report.troubles`.
    """
    started = datetime.now(UTC)
    tracker = Tracker(watch=watch)
    workers = Workers(gate.model, processes=gate.processes, deadline=gate.deadline, memory_mb=gate.memory_mb)
    job = Job(
        sources=tuple(source for source in sources if source.kind is not SourceKind.ARCHIVE),
        memory=memory,
        workers=workers,
        tracker=tracker,
        hosts=hosts,
        resting=tuple(source for source in resting if source.kind is not SourceKind.ARCHIVE),
        max_pages=UNLIMITED if max_pages is None else max_pages,
        pages_per_source=manners.pages_per_source,
    )
    archives = [source for source in sources if source.kind is SourceKind.ARCHIVE]
    if job.sources or job.resting or not archives:
        crawler, ended = _run(NewsSpider, manners, {}, job=job)
        _finish(job, ended, crawler.stats)
    if archives and not FATAL & tracker.troubles.keys():
        _read(archives, job)
    return tracker.report(started=started, ended=datetime.now(UTC))


def fetch(url: str, *, manners: Manners) -> Page:
    """Fetch one page as a crawl would. Raises `FetchError` with the reason."""
    result: list[Page | str] = []
    _run(PageSpider, manners, {"ITEM_PIPELINES": {}}, url=url, result=result)
    if not result or isinstance(result[0], str):
        raise FetchError(f"{url}: {result[0] if result else 'not fetched'}")
    return result[0]


def probe(url: str, *, manners: Manners, workers: Workers, with_page: bool = False) -> Probe:
    """Look around a URL for the best source; `with_page` also fetches the newest article there. Stores nothing.

    Whatever the web answers is in the result. Every source is read in a worker.
    """
    probing = Probing(url=url, workers=workers, with_page=with_page)
    _run(ProbeSpider, manners, {"ITEM_PIPELINES": {}}, probing=probing)
    if probing.result is None:
        raise probing.bug or FetchError(f"{url}: not fetched")
    return probing.result


def memory_of(database: Database, *, run: int, owner: str) -> Memory:
    """A memory that keeps what the crawl finds, under the name of a run."""
    return StoredMemory(database, run=run, owner=owner)


def dry_memory(database: Database | None, *, owner: str) -> Memory:
    """A memory that knows the database and changes nothing."""
    return DryMemory(database, owner=owner)


def _run(
    spider: type[Spider], manners: Manners, overrides: dict[str, Any], **arguments: Any
) -> tuple[Crawler, asyncio.Task[None]]:
    logging.getLogger("scrapy").setLevel(logging.CRITICAL + 1)  # everything it would say is in the report
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection per host needs more than the usual 1024
    process = AsyncCrawlerProcess(_settings(manners, overrides))
    crawler = process.create_crawler(spider)
    ended = process.crawl(crawler, **arguments)
    gc.freeze()  # what was imported stays; collections need not look at it again
    gc.set_threshold(50_000, 20, 50)  # Twisted makes many short-lived cycles: a tenth less CPU with fewer collections
    process.start()
    return crawler, ended


def _settings(manners: Manners, overrides: dict[str, Any]) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.update(
        {
            "USER_AGENT": manners.user_agent,
            "DOWNLOAD_DELAY": max(manners.delay, SOME_DELAY),
            "DOWNLOAD_TIMEOUT": manners.timeout,
            "CONCURRENT_REQUESTS": manners.concurrency,
            "DOWNLOAD_MAXSIZE": manners.max_bytes,
            "SPYWIRE_ALLOW_NETWORKS": [str(network) for network in manners.allow_networks],
            "SPYWIRE_ALLOW_PORTS": list(manners.allow_ports),
            "SPYWIRE_BROWSER": manners.browser,
            "LOG_INSTALL_ROOT_HANDLER": False,
            **overrides,
        },
        priority="cmdline",
    )
    return settings


def _read(archives: Sequence[Source], job: Job) -> None:
    """Archives come after the news, and have what it left of the page limit."""
    left = job.max_pages - job.tracker.counts["pages.requested"]
    reading = read_archives(archives, memory=job.memory, workers=job.workers, tracker=job.tracker, max_pages=left)
    try:
        asyncio.run(reading)
    except StorageError as error:
        job.tracker.trouble(Trouble.STORAGE, str(error))


def _finish(job: Job, ended: asyncio.Task[None], stats: Any) -> None:
    error = ended.exception() if ended.done() and not ended.cancelled() else None
    if isinstance(error, StorageError):
        job.tracker.trouble(Trouble.STORAGE, str(error))
    elif error is not None:
        job.tracker.trouble(Trouble.BUG, f"{type(error).__name__}: {error}")
    reason = stats.get_value("finish_reason") if stats is not None else None
    if reason is None and error is None:  # a second signal does not wait for the end
        job.tracker.trouble(Trouble.STOPPED, "stopped by a signal")
    elif reason not in {"finished", "shutdown", *Trouble}:
        job.tracker.trouble(Trouble.BUG, f"the crawl ended early: {reason}")
