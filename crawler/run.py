"""The one door to a crawl: `crawl(...)` runs it from start to end in this process, which can do so once.

Scrapy's reactor does not start twice; a crawl is a short-lived process of its own. Scrapy and the workers take longer
to import than most crawls need to find that nothing is new: they are not there before there is work for them.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from crawler.errors import FetchError
from crawler.memory import StoredMemory
from crawler.opening import Opening
from crawler.rehearsal import DryMemory
from crawler.report import CrawlReport, Tracker, Trouble, Wait
from crawler.sources import SourceKind
from crawler.spiders.job import UNLIMITED, Job
from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
    from datetime import timedelta
    from ipaddress import IPv4Network, IPv6Network
    from pathlib import Path

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings

    from crawler.hosts import HostMemory
    from crawler.memory import Memory
    from crawler.page import Page
    from crawler.sources import Source
    from crawler.spiders.probe import Probe
    from crawler.workers import Workers
    from storage.database import Database
    from storage.records import SourceState

# Without a delay Scrapy 2.19 starts a whole queue at once, whatever CONCURRENT_REQUESTS_PER_DOMAIN says: it counts a
# transfer only when its coroutine first runs.
SOME_DELAY = 0.001

# After these nothing more is begun.
FATAL = {Trouble.STORAGE, Trouble.BUG, Trouble.STOPPED, Trouble.OUT_OF_TIME}


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
    patience: float = inf  # for the pages of one source
    browser: str = ""  # path of a Chromium for sources with `render`; empty: Playwright's own


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Who judges: the model's file, and the workers that run it. `processes` 0 means one per core."""

    model: Path
    processes: int
    deadline: float
    memory_mb: int
    shadow: Path | None = None  # a model whose verdicts are kept apart


def crawl(
    sources: Sequence[Source],
    *,
    manners: Manners,
    gate: Callable[[], Gate],
    memory: Memory,
    hosts: HostMemory,
    resting: Sequence[Source] = (),
    max_pages: int | None = None,
    max_runtime: timedelta | None = None,
    watch: Callable[[Tracker], None] | None = None,
) -> CrawlReport:
    """Poll the sources, fetch what is new, judge it, store it, and say what happened.

    Sources at rest are not polled; their links that wait since an earlier run, or are to be tried again, are fetched.
    After `max_runtime` nothing more is begun; what is not done soon after waits for the next run.
    `gate` is called once there is something to judge.

    A source or page that fails is part of the report. Raises nothing for them; a bug or a dead database is in
    `report.troubles`.
    """
    started = datetime.now(UTC)
    _make_room()
    until = None if max_runtime is None else monotonic() + max_runtime.total_seconds()
    archives = [source for source in sources if source.kind is SourceKind.ARCHIVE]
    news, resting = _on_the_web(sources), _on_the_web(resting)
    tracker = Tracker(watch=watch, sources=len(news), hurry=memory.hurry)
    opening = Opening(memory=memory, hosts=hosts, tracker=tracker, manners=manners, until=until)
    _done(opening.run(news, resting), tracker)
    if (opening.busy or archives) and not FATAL & tracker.troubles.keys():
        job = Job(
            sources=tuple(look.source for look in opening.left),
            memory=memory,
            workers=_workers(gate()),
            tracker=tracker,
            hosts=hosts,
            resting=(*resting, *opening.idle),
            max_pages=UNLIMITED if max_pages is None else max_pages,
            pages_per_source=manners.pages_per_source,
            patience=manners.patience,
            looks={look.source.name: look for look in opening.left},
            until=until,
        )
        _work(job, archives, manners, scrapy=opening.busy)
    if Trouble.OUT_OF_TIME in tracker.troubles:
        memory.hurry()
    if Trouble.STORAGE not in tracker.troubles:
        _done(_close(memory, tracker), tracker)
    return tracker.report(started=started, ended=datetime.now(UTC))


def fetch(url: str, *, manners: Manners, hosts: HostMemory) -> Page:
    """Fetch one page as a crawl would. Raises `FetchError` with the reason."""
    from crawler.spiders.page import PageSpider

    result: list[Page | str] = []
    _run(PageSpider, manners, {"ITEM_PIPELINES": {}}, url=url, hosts=hosts, result=result)
    if not result or isinstance(result[0], str):
        raise FetchError(f"{url}: {result[0] if result else 'not fetched'}")
    return result[0]


def probe(url: str, *, manners: Manners, hosts: HostMemory, workers: Workers, with_page: bool = False) -> Probe:
    """Look around a URL for the best source; `with_page` also fetches the newest article there. Stores nothing.

    Whatever the web answers is in the result. Every source is read in a worker.
    """
    from crawler.spiders.probe import ProbeSpider, Probing

    probing = Probing(url=url, workers=workers, hosts=hosts, with_page=with_page)
    _run(ProbeSpider, manners, {"ITEM_PIPELINES": {}}, probing=probing)
    if probing.result is None:
        raise probing.bug or FetchError(f"{url}: not fetched")
    return probing.result


async def _close(memory: Memory, tracker: Tracker) -> None:
    """Tell what waits for nobody, and give back what is held."""
    for source, links in (await memory.orphans()).items():
        tracker.waiting(source, links, Wait.NO_SOURCE)
    await memory.close()


def memory_of(
    database: Database,
    *,
    run: int,
    owner: str,
    states: Mapping[str, SourceState] | None = None,
    catalogue: Collection[str] | None = None,
    shared: bool = False,
) -> Memory:
    """A memory that keeps what the crawl finds, under the name of a run.

    `states` are those of all sources. `catalogue` has the names of all: links that wait for another one go over to the
    source that finds them again. Where the database is `shared` with other homes, only once nobody looks at that one.
    """
    return StoredMemory(database, run=run, owner=owner, states=states, catalogue=catalogue, shared=shared)


def dry_memory(database: Database | None, *, owner: str) -> Memory:
    """A memory that knows the database and changes nothing."""
    return DryMemory(database, owner=owner)


def _on_the_web(sources: Sequence[Source]) -> tuple[Source, ...]:
    return tuple(source for source in sources if source.kind is not SourceKind.ARCHIVE)


def _workers(gate: Gate) -> Workers:
    from crawler.workers import Workers

    return Workers(
        gate.model, shadow=gate.shadow, processes=gate.processes, deadline=gate.deadline, memory_mb=gate.memory_mb
    )


def _work(job: Job, archives: Sequence[Source], manners: Manners, *, scrapy: bool) -> None:
    try:
        if scrapy:
            from crawler.spiders.news import NewsSpider

            crawler, ended = _run(NewsSpider, manners, {}, tracker=job.tracker, job=job)
            _finish(job, ended, crawler.stats)
        if archives and not FATAL & job.tracker.troubles.keys():
            _done(_read(archives, job), job.tracker)
    finally:
        job.workers.close()


def _done(work: Coroutine[Any, Any, None], tracker: Tracker) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        asyncio.run(work)
    except StorageError as error:
        tracker.trouble(Trouble.STORAGE, str(error))
    except Exception as error:  # noqa: BLE001 - a bug is part of the report
        tracker.bug(error)
    finally:
        for number, handler in handlers.items():  # a loop that ends leaves the system's own behind
            signal.signal(number, handler)


def _make_room() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection per host needs more than the usual 1024
    collect_seldom()


def collect_seldom() -> None:
    """What was imported stays, and many short-lived cycles are made: a tenth less CPU with fewer collections."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _run(
    spider: type[Spider],
    manners: Manners,
    overrides: dict[str, Any],
    *,
    tracker: Tracker | None = None,
    **arguments: Any,
) -> tuple[Crawler, asyncio.Task[None]]:
    from crawler.spiders.process import Process

    logging.getLogger("scrapy").setLevel(logging.CRITICAL + 1)  # everything it would say is in the report
    process = Process(_settings(manners, overrides), tracker=tracker or Tracker())
    crawler = process.create_crawler(spider)
    ended = process.crawl(crawler, **arguments)
    _make_room()
    process.start()
    return crawler, ended


def _settings(manners: Manners, overrides: dict[str, Any]) -> Settings:
    from scrapy.settings import Settings

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


async def _read(archives: Sequence[Source], job: Job) -> None:
    """Archives come after the news, and have what it left of the page limit and of the time."""
    from crawler.archives import read_archives

    left = job.max_pages - job.tracker.counts["pages.requested"]
    try:
        async with asyncio.timeout(None if job.until is None else job.until - monotonic()):
            await read_archives(archives, memory=job.memory, workers=job.workers, tracker=job.tracker, max_pages=left)
    except TimeoutError:
        job.tracker.out_of_time()


def _finish(job: Job, ended: asyncio.Task[None], stats: Any) -> None:
    error = ended.exception() if ended.done() and not ended.cancelled() else None
    if isinstance(error, StorageError):
        job.tracker.trouble(Trouble.STORAGE, str(error))
    elif error is not None:
        job.tracker.trouble(Trouble.BUG, f"{type(error).__name__}: {error}")
    reason = stats.get_value("finish_reason") if stats is not None else None
    job.tracker.received += stats.get_value("downloader/response_bytes", 0) if stats is not None else 0
    if Trouble.OUT_OF_TIME in job.tracker.troubles:
        return
    if reason is None and error is None:  # a second signal does not wait for the end
        job.tracker.stopped()
    elif reason not in {"finished", "shutdown", *Trouble}:
        job.tracker.trouble(Trouble.BUG, f"the crawl ended early: {reason}")
