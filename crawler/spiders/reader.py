"""Reads what a source answers: itself, or the feed that its page announces; and now and then checks its 304."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.discover import Found, MalformedFeedError, NotAFeedError, SourceKind, discover
from crawler.discover.auto import Look, Via, Worth, feeds_to_try, why_not, worth
from crawler.follow import followed, searched, unworthy
from crawler.outcomes import Failure
from crawler.polling import body_hash, failed_poll, read_poll, status_state, unread
from crawler.spiders.answers import asked_url, charset_of, conditions, header, validators_of
from crawler.spiders.ask import ask
from crawler.visits import DISPROVED, Visit, claims_unchanged
from crawler.workers import KILLED, killed_because
from storage.records import Poll, PollState, Validators

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.sources import Source
    from crawler.spiders.job import Job


class SourceReader:
    """One for a crawl. It asks and remembers; what an answer means is decided in `polling`, `follow` and `visits`."""

    def __init__(self, crawler: Crawler, job: Job) -> None:
        self._crawler = crawler
        self._job = job

    async def read(
        self, response: Response, source: Source, depth: int, known: Validators, visit: Visit
    ) -> tuple[Response, Poll, Found | None]:
        """The poll that an answer comes to, with what it offers; the response is the feed's where one was followed."""
        poll, found = await self._read(response, source, known, kind=_expected(source, asked_url(response), depth))
        if depth == 0 and source.kind is None and found and found.feeds:
            response, poll, found = await self._through_feed(source, response, poll, found)
        return response, await self._audited(poll, response, visit), found

    async def _through_feed(
        self, source: Source, page: Response, poll: Poll, found: Found
    ) -> tuple[Response, Poll, Found | None]:
        """The first good feed that a page announces, read and remembered; else the page as it came."""
        if not searched(await self._job.memory.feed(source.name, source.url), at=datetime.now(UTC)):
            return page, poll, found
        tried: dict[str, str] = {}
        for url in feeds_to_try(page.url, found):
            answer = await ask(self._crawler, url)
            if isinstance(answer, Failure):
                tried[url] = answer.reason
                continue
            feed, offered = await self._read(answer, source, Validators(), kind=SourceKind.FEED)
            at = datetime.now(UTC)
            look = Look(url=url, via=Via.ANNOUNCED, found=offered, trouble=feed.detail or str(feed.state))
            if worth(look, page.url, at=at) is Worth.FEED:
                await self._job.memory.follow(source.name, source.url, followed(url, page=page.url, at=at))
                self._job.tracker.counts["feeds.followed"] += 1
                return answer, feed, offered
            tried[url] = why_not(look, page.url, at=at)
        await self._job.memory.follow(source.name, source.url, unworthy(tried, at=datetime.now(UTC)))
        return page, poll, found

    async def _read(
        self, response: Response, source: Source, known: Validators, *, kind: SourceKind | None
    ) -> tuple[Poll, Found | None]:
        at = datetime.now(UTC)
        state = status_state(response.status, conditional=bool(conditions(known)))
        if state is None and response.body and body_hash(response.body) == known.body_hash:
            state = PollState.UNCHANGED
        if state is not None:
            detail = f"HTTP {response.status}" if state is PollState.HTTP_ERROR else ""
            return failed_poll(source, asked_url(response), state, detail, at=at), None
        return await self._discover(response, source, at, kind=kind)

    async def _discover(
        self, response: Response, source: Source, at: datetime, *, kind: SourceKind | None
    ) -> tuple[Poll, Found | None]:
        url = asked_url(response)
        future = self._job.workers.submit(
            discover,
            response.body,
            url=response.url,
            source=source.name,
            content_type=header(response, "Content-Type"),
            charset=charset_of(response),
            kind=kind,
            at=at,
        )
        try:
            found = await asyncio.wrap_future(future)
        except (NotAFeedError, MalformedFeedError) as error:
            return failed_poll(source, url, *unread(error), at=at), None
        except KILLED as error:
            detail = killed_because(error, self._job.workers.deadline)
            return failed_poll(source, url, PollState.MALFORMED, detail, at=at), None
        except Exception as error:  # noqa: BLE001 - it is a bug; the source still gets its state
            return failed_poll(source, url, PollState.MALFORMED, self._job.tracker.bug(error), at=at), None
        return read_poll(source, url, found, response=validators_of(response), at=at), found

    async def _audited(self, poll: Poll, response: Response, visit: Visit) -> Poll:
        """The poll, with a note if it found new links that the server, asked with validators, would have hidden."""
        withheld = visit.withheld.get(poll.url, Validators())
        if not conditions(withheld) or not await self._job.memory.unknown(poll.links):
            return poll
        if not claims_unchanged(withheld, validators_of(response)):
            answer = await ask(self._crawler, poll.url, headers=conditions(withheld))
            if isinstance(answer, Failure) or status_state(answer.status, conditional=True) is not PollState.UNCHANGED:
                return poll
        visit.lied = True
        self._job.tracker.counts["polls.304-disproved"] += 1
        return replace(poll, detail=DISPROVED)


def _expected(source: Source, url: str, depth: int) -> SourceKind | None:
    """What must stand there. At another URL than its own a source is polled through a feed that was found."""
    if depth > 0:
        return None
    return source.kind if url == source.url else SourceKind.FEED
