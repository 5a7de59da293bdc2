"""Asks every origin for its robots.txt twice a day, and keeps to it: to its rules and to its Crawl-delay.

Scrapy's own middleware takes a 503 or a dead connection for permission; RFC 9309 takes it for a no.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.handler import host_memory
from crawler.hosts import FRESH, STALE
from crawler.middlewares.refusal import RefusedError
from crawler.robots import LIMIT, Robots, read_robots, unreachable
from crawler.spiders.failures import request_failure
from storage.records import LinkState, RobotsFile

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.outcomes import Failure

URGENT = 1000  # everything else of the origin waits for its rules


class RobotsMiddleware:
    """Holds a request until the rules of its origin are known, then refuses it or lets it pass."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._user_agent = str(crawler.settings["USER_AGENT"])
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._origins: dict[str, asyncio.Task[Robots]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Refuse or let pass."""
        if request.meta.get("robots"):
            return
        failure = await self.refusal(request.url)
        if failure is not None:
            raise RefusedError(failure)

    async def refusal(self, url: str) -> Failure | None:
        """Why the rules of its origin, which is asked for them, keep us from a URL; None if they do not."""
        parts = urlsplit(url)
        return (await self._robots(f"{parts.scheme}://{parts.netloc}")).refusal(url)

    async def _robots(self, origin: str) -> Robots:
        """The rules, asked for once. Raises, for everybody who waits, what went wrong."""
        if origin not in self._origins:
            self._origins[origin] = asyncio.ensure_future(self._ask(origin))
        return await asyncio.shield(self._origins[origin])  # one who is cancelled does not take the others with him

    async def _ask(self, origin: str) -> Robots:
        at = datetime.now(UTC)
        hosts = host_memory(self._crawler)
        kept = await hosts.robots(origin, at=at)
        if kept is not None and at - kept.fetched_at < FRESH:
            return self._learned(origin, self._read(kept))
        robots, file = await self._fetch(origin, at)
        if file is not None:
            await hosts.keep_robots(origin, file)
        elif kept is not None and at - kept.fetched_at < STALE:
            robots = self._read(kept)
        return self._learned(origin, robots)

    async def _fetch(self, origin: str, at: datetime) -> tuple[Robots, RobotsFile | None]:
        url, meta = f"{origin}/robots.txt", {"robots": True}
        request = Request(url, callback=NO_CALLBACK, priority=URGENT, meta=meta, dont_filter=True)
        assert self._crawler.engine is not None
        try:
            response = await self._crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, there is no permission
            return _unanswered(error, url), None
        file = RobotsFile(status=response.status, body=response.body[:LIMIT], fetched_at=at)
        robots = self._read(file)
        return robots, file if robots.failure is None else None

    def _read(self, file: RobotsFile) -> Robots:
        return read_robots(file.status, file.body, user_agent=self._user_agent)

    def _learned(self, origin: str, robots: Robots) -> Robots:
        delay, engine = robots.delay, self._crawler.engine
        if delay is not None and engine is not None:
            host = urlsplit(origin).hostname or ""
            engine.downloader.per_slot_settings[host] = {"delay": max(delay, self._delay), "concurrency": 1}
            slot = engine.downloader.slots.get(host)
            if slot is not None:
                slot.delay = max(delay, self._delay)
        return robots


def _unanswered(error: Exception, url: str) -> Robots:
    failure = request_failure(error, url)
    if failure is None:
        return unreachable(type(error).__name__)
    # The origin itself has passed the guard, so that what a middleware finds forbidden here is where robots.txt leads.
    ours = LinkState.FAILED if isinstance(error, RefusedError) else LinkState.BLOCKED
    return Robots(failure=failure) if failure.state is ours else unreachable(failure.reason)
