"""The spider: polls sources, leases what they discovered, brings the pages in.

It decides nothing itself: what an answer means is decided in `polling` and `outcomes`, what is due in the ledger.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, Spider, signals

from crawler.assess import held
from crawler.handler import IN_HAND, STINT, Stint
from crawler.hosts import HostMemory
from crawler.looks import Look, begin
from crawler.memory import note
from crawler.middlewares.refusal import LateError, NoBrowserError, StoppedError
from crawler.outcomes import Failure, next_turn, retry_after, retry_at, status_failure
from crawler.page import Page
from crawler.polling import failed_poll, unfetched
from crawler.rehearsal import DryMemory
from crawler.report import Tracker, Trouble, Wait
from crawler.schedule import Findings
from crawler.sources import Source, SourceKind, longest
from crawler.spiders.answers import asked_url, charset_of, conditions, findings_of, header, moved_to, validators_of
from crawler.spiders.ask import MAXSIZE
from crawler.spiders.deadline import mind_the_time
from crawler.spiders.failures import request_failure
from crawler.spiders.job import Job
from crawler.spiders.reader import SourceReader
from crawler.spiders.revisits import Returning
from crawler.workers import KILLED, Workers, killed_because
from storage.archive import NO_MODEL
from storage.errors import StorageError
from storage.records import Link, LinkState, Poll, Settled, Validators

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure as TwistedFailure

    from crawler.discover import Found
    from crawler.visits import Visit

OK = 200
SITEMAP_DEPTH = 2  # an index may name an index, and no more
MOST_PARTS = 100  # sitemaps of one source in one crawl
CURE = "name a Chromium in [fetch] browser, or run `playwright install chromium`"


class NewsSpider(Spider):
    """Plain Scrapy runs it too: `scrapy crawl news -a url=https://example.org/feed -O articles.jsonl`."""

    name = "news"

    def __init__(self, *, job: Job, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.hosts = job.hosts
        self._reader: SourceReader
        self._returning = Returning(job, note_error=self.note_error)
        self._budget = job.max_pages
        self._visits: dict[str, Visit] = {}
        self._leasing = asyncio.Lock()
        self._fetched: Counter[str] = Counter()  # pages of each source
        self._stints: dict[str, Stint] = {}  # by source
        self._parts: dict[str, set[str]] = {}  # of each source's sitemaps, those looked into

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, job: Job | None = None, **kwargs: Any) -> Self:
        job = job or _plain_job(kwargs.pop("url", ""), kwargs.pop("kind", None))
        spider = super().from_crawler(crawler, *args, job=job, **kwargs)
        spider._reader = SourceReader(crawler, job)  # noqa: SLF001 - the spider has no crawler before
        for signal in (signals.spider_error, signals.item_error):
            crawler.signals.connect(spider.note_error, signal)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Judge what waited for a model, poll the sources, and fetch what waits of those at rest."""
        mind_the_time(self.crawler, self.job)
        try:
            await self._rejudge()
            for source in self.job.sources:
                look = self.job.looks.get(source.name) or await begin(source, self.job.memory, at=_now())
                self._visits[source.name] = look.visit
                yield self._asking(look)
            for source in self.job.resting:
                for request in await self._pages(source):
                    yield request
        except StorageError as error:
            self.stop(Trouble.STORAGE, str(error))

    async def parse_source(
        self, response: Response, source: Source, depth: int, known: Validators
    ) -> AsyncIterator[Request]:
        """A source answered: note what it offers, and fetch what is new."""
        visited = self._visits[source.name]
        if depth == 0 and asked_url(response) == source.url:
            visited.moved_to = moved_to(response)
        response, poll, found = await self._reader.read(response, source, depth, known, visited)
        if depth == 0 and poll.state.succeeded and not poll.detail:
            poll = replace(poll, detail=visited.advice)
        new = await self._note(poll)
        parts = self._new_parts(source, found, depth)
        for url in parts:
            yield self._asking(await self._part(source, url), depth=depth + 1)
        await self._reader.leaf(source)
        said = partial(header, response)
        await self._answered(source, None if parts else findings_of(response.status, said, poll, found, new=new))
        for request in await self._pages(source):
            yield request

    async def parse_page(self, response: Response, link: Link) -> AsyncIterator[Page]:
        """A page answered: hand it to the pipelines, or note why not."""
        at = _now()
        if response.status == OK:
            yield Page(
                url=response.url,
                body=response.body,
                charset=charset_of(response),
                link=link,
                fetched_at=at,
                validators=validators_of(response),
            )
            return
        wait = retry_after(header(response, "Retry-After"), at=at)
        failure = status_failure(response.status, retry_after=wait)
        await self._fail(link, failure, at=at, status=response.status, url=response.url)

    async def source_failed(self, failure: TwistedFailure) -> None:
        """A source gave no answer."""
        if isinstance(failure.value, StoppedError):
            return
        source: Source = _request(failure).cb_kwargs["source"]
        url = _request(failure).url
        known = self._known_failure(failure, url)
        state, detail = unfetched(known)
        await self._note(failed_poll(source, url, state, detail, at=_now()))
        await self._answered(source, Findings(state=state, detail=detail, retry_after=known.retry_after))

    async def page_failed(self, failure: TwistedFailure) -> None:
        """A page gave no answer. One that was not asked for at the end keeps its lease until then, and waits."""
        if isinstance(failure.value, StoppedError):
            return
        link: Link = _request(failure).cb_kwargs["link"]
        if isinstance(failure.value, LateError):
            await self.job.memory.put_back(link.key, Wait.PATIENCE)
            self.job.tracker.put_back(link.source)
            self._budget += 1
            self._fetched[link.source] -= 1
            return
        if isinstance(failure.value, NoBrowserError):
            names = ", ".join(source.name for source in (*self.job.sources, *self.job.resting) if source.render)
            self.job.tracker.trouble(Trouble.BROWSER, f"source {names}: pages wait: {failure.value}; {CURE}")
        await self._fail(link, self._known_failure(failure, link.url), at=_now())

    def note_error(self, failure: TwistedFailure, **_: Any) -> None:
        """Something was raised that nobody expected: the crawl goes on if it can, and will not exit with 0."""
        error = failure.value
        if isinstance(error, StorageError):
            self.stop(Trouble.STORAGE, str(error))
        else:
            where = " ".join(failure.getTraceback().strip().splitlines()[-3:])
            self.job.tracker.trouble(Trouble.BUG, f"{type(error).__name__}: {error} ({where})")

    def stop(self, kind: Trouble, message: str) -> None:
        """End the crawl: there is no use in going on."""
        first = kind not in self.job.tracker.troubles
        self.job.tracker.trouble(kind, message)
        if first and self.crawler.engine is not None:
            asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=str(kind)))  # noqa: RUF006

    def closed(self, reason: str) -> None:
        """Scrapy calls it at the end."""
        if reason == "shutdown" and Trouble.OUT_OF_TIME not in self.job.tracker.troubles:
            self.job.tracker.stopped()

    async def settle(self, outcome: Settled) -> None:
        """Note what became of a link that gave no article."""
        await self.job.memory.settle(outcome)
        self.job.tracker.settled(outcome.state, reason=outcome.reason, url=outcome.key)

    def _new_parts(self, source: Source, found: Found | None, depth: int) -> list[str]:
        """The sitemaps of an index that this crawl has not looked into, as many as it may."""
        if found is None or depth >= SITEMAP_DEPTH:
            return []
        looked = self._parts.setdefault(source.name, {source.url})
        new = [url for url in found.children if url not in looked]
        parts = new[: max(MOST_PARTS - len(looked), 0)]
        looked.update(parts)
        if len(parts) < len(new):
            self.job.tracker.counts["sitemaps.left"] += len(new) - len(parts)
        return parts

    async def _part(self, source: Source, url: str) -> Look:
        visited = self._visits[source.name]
        known = visited.asks(url, await self.job.memory.validators(source.name, url))
        return Look(source=source, url=url, visit=visited, known=known)

    def _asking(self, look: Look, *, depth: int = 0) -> Request:
        came, look.came = look.came, None  # it may be large, and is wanted once
        return Request(
            look.url,
            headers=conditions(look.known),
            callback=self.parse_source,
            errback=self.source_failed,
            cb_kwargs={"source": look.source, "depth": depth, "known": look.known},
            meta={IN_HAND: came, MAXSIZE: self._longest(look, depth)},
            dont_filter=True,
        )

    def _longest(self, look: Look, depth: int) -> int:
        kind = SourceKind.SITEMAP if depth else look.source.kind  # what an index names is one
        return longest(look.url, kind, most=self.settings.getint("DOWNLOAD_MAXSIZE"))

    async def _answered(self, source: Source, findings: Findings | None) -> None:
        """After the last answer of a visit, remember what it taught."""
        ended = self._visits[source.name]
        if ended.answered(findings):
            await self.job.memory.keep(ended.after(_now()))

    async def _note(self, poll: Poll) -> int:
        return await note(poll, memory=self.job.memory, tracker=self.job.tracker)

    async def _pages(self, source: Source) -> list[Request]:
        async with self._leasing:  # a sitemap's parts answer at the same time
            stint = self._stints.setdefault(source.name, Stint(self.job.patience))
            limit = 0 if stint.over else min(self._budget, self.job.pages_per_source - self._fetched[source.name])
            because = Wait.PATIENCE if stint.over else Wait.CRAWL_LIMIT if limit == self._budget else Wait.SOURCE_LIMIT
            links = await self.job.memory.lease(source.name, at=_now(), limit=limit)
            self._budget -= len(links)
            self._fetched[source.name] += len(links)
            if len(links) >= limit:
                left = await self.job.memory.waiting(source.name, because, at=_now())
                self.job.tracker.waiting(source.name, left, because)
            again = await self._returning.requests(source, at=_now(), limit=limit - len(links), stint=stint)
            self._budget -= len(again)
            self._fetched[source.name] += len(again)
        self.job.tracker.leased(len(links))
        return [
            Request(
                link.url,
                callback=self.parse_page,
                errback=self.page_failed,
                cb_kwargs={"link": link},
                meta={"render": source.render, STINT: stint},
                dont_filter=True,
            )
            for link in links
        ] + again

    async def _fail(
        self, link: Link, failure: Failure, *, at: datetime, status: int | None = None, url: str | None = None
    ) -> None:
        memory = self.job.memory
        if failure.asked:
            again = retry_at(failure, attempts=await memory.attempts(link.key) + 1, at=at)
        else:
            again = next_turn(failure, await memory.waited(link.key), at=at)
        await self.settle(
            Settled(
                key=link.key,
                state=failure.state,
                reason=failure.reason,
                at=at,
                final_url=url,
                http_status=status,
                retry_at=again,
                tried=failure.asked,
            )
        )

    async def _rejudge(self) -> None:
        for stored in await self.job.memory.unjudged():
            try:
                verdict = await asyncio.wrap_future(self.job.workers.judge(stored.article))
            except KILLED as error:
                verdict = held(f"not judged: {killed_because(error, self.job.workers.deadline)}")
            if verdict.model == NO_MODEL:  # it stays held; one that no gate can judge does not keep the others waiting
                self.job.tracker.trouble(Trouble.GATE, verdict.why)
                continue
            await self.job.memory.rejudge(stored, verdict, at=_now())
            self.job.tracker.counts["articles.rejudged"] += 1

    def _known_failure(self, failure: TwistedFailure, url: str) -> Failure:
        known = request_failure(failure.value, url) if failure.value else None
        if known is not None:
            return known
        self.note_error(failure)
        return Failure(state=LinkState.FAILED, reason=f"internal error: {type(failure.value).__name__}")


def _plain_job(url: str, kind: str | None) -> Job:
    from crawler.classify.model import PACKAGED

    sources = (Source(name="url", url=url, kind=SourceKind(kind) if kind else None),) if url else ()
    return Job(sources=sources, memory=DryMemory(), workers=Workers(PACKAGED), tracker=Tracker(), hosts=HostMemory())


def _request(failure: TwistedFailure) -> Request:
    request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
    assert isinstance(request, Request)
    return request


def _now() -> datetime:
    return datetime.now(UTC)
