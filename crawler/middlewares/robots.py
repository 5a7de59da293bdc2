"""Asks every origin for its robots.txt once a crawl, and keeps to it.

Scrapy's own middleware takes a 503 or a dead connection for permission; RFC 9309 takes it for a no.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from crawler.middlewares.refusal import RefusedError
from crawler.robots import Robots, read_robots, unreachable

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

URGENT = 1000  # everything else of the origin waits for its rules


class RobotsMiddleware:
    """Holds a request until the rules of its origin are known, then refuses it or lets it pass."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._user_agent = str(crawler.settings["USER_AGENT"])
        self._origins: dict[str, asyncio.Future[Robots]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Refuse or let pass."""
        if request.meta.get("robots"):
            return
        url = urlparse_cached(request)
        robots = await self._robots(f"{url.scheme}://{url.netloc}")
        failure = robots.refusal(request.url, self._user_agent)
        if failure is not None:
            raise RefusedError(failure)

    async def _robots(self, origin: str) -> Robots:
        if origin not in self._origins:
            self._origins[origin] = asyncio.get_running_loop().create_future()
            self._origins[origin].set_result(await self._ask(origin))
        return await self._origins[origin]

    async def _ask(self, origin: str) -> Robots:
        url, meta = f"{origin}/robots.txt", {"robots": True}
        request = Request(url, callback=NO_CALLBACK, priority=URGENT, meta=meta, dont_filter=True)
        assert self._crawler.engine is not None
        try:
            response = await self._crawler.engine.download_async(request)
        except RefusedError as error:
            return Robots(failure=error.failure)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, there is no permission
            return unreachable(f"{type(error).__name__}: {error}")
        return read_robots(response.status, response.body)
