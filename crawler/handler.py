"""The last door before the network: a request to a parked host is turned away here, however long it has waited.

Scrapy's middlewares see a request when it joins its host's queue; between then and its turn the host may have asked to
be left alone.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.utils.httpobj import urlparse_cached

from crawler.headers import BoundedFactory
from crawler.hosts import HostMemory, parked_failure, parking
from crawler.middlewares.refusal import RefusedError
from crawler.outcomes import Failure, retry_after
from storage.records import LinkState

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

IDLE = 3  # seconds a connection is kept for the next request; every host keeps one open, and descriptors are few

SILENCE = 3  # timeouts in a row, after which a host is not waited for any more: hundreds of links may lead to it
SILENT = Failure(
    state=LinkState.FAILED, reason=f"timeout: host was silent {SILENCE} times in a row", retry_after=timedelta()
)


class PoliteHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler that keeps to 429 and 503 with Retry-After (RFC 9110, section 10.2.3)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool.cachedConnectionTimeout = IDLE
        self._pool._factory = BoundedFactory  # noqa: SLF001 - as its parent does
        self._silent: Counter[str] = Counter()  # timeouts in a row, of this crawl

    async def download_request(self, request: Request) -> Response:
        """The response. RefusedError if the host is to be left alone."""
        at, host, hosts = datetime.now(UTC), str(urlparse_cached(request).netloc), host_memory(self._crawler)
        parked = await hosts.parked(host, at=at)
        if parked is not None:
            raise RefusedError(parked_failure(parked, at=at))
        response = await self._answer(request, host)
        wait = response.headers.get("Retry-After")
        at = datetime.now(UTC)
        parked = parking(response.status, retry_after(wait.decode("latin-1") if wait else None, at=at), at=at)
        if parked is not None:
            await hosts.park(host, parked)
        return response

    async def _answer(self, request: Request, host: str) -> Response:
        if self._silent[host] >= SILENCE:
            raise RefusedError(SILENT)
        try:
            response = await super().download_request(request)
        except DownloadTimeoutError:
            self._silent[host] += 1
            raise
        del self._silent[host]
        return response


def host_memory(crawler: Crawler) -> HostMemory:
    """What this crawl knows of servers: every spider of ours carries it."""
    hosts = getattr(crawler.spider, "hosts", None)
    assert isinstance(hosts, HostMemory), "the spider has no `hosts`"
    return hosts
