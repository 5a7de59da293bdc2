"""The last door before the network: a request to a parked host is turned away here, however long it has waited.

Scrapy's middlewares see a request when it joins its host's queue; between then and its turn the host may have asked to
be left alone.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.utils.httpobj import urlparse_cached

from crawler.headers import BoundedFactory
from crawler.hosts import HostMemory, parked_failure, parking
from crawler.middlewares.refusal import NoBrowserError, RefusedError, StoppedError
from crawler.outcomes import Failure, retry_after
from storage.records import LinkState

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.browser import Browser

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
        self._rendering: Browser | None = None

    async def download_request(self, request: Request) -> Response:
        """The response, rendered where it is to be. RefusedError if the host is parked or there is no browser."""
        if not self._crawler.crawling and not request.meta.get("robots"):
            self._hurry()
            raise StoppedError("the crawl is ending")
        at, host, hosts = datetime.now(UTC), str(urlparse_cached(request).netloc), host_memory(self._crawler)
        parked = await hosts.parked(host, at=at)
        if parked is not None:
            raise RefusedError(parked_failure(parked, at=at))
        browser = await self._browser(hosts) if request.meta.get("render") else None
        response = await self._answer(request, host)
        wait = response.headers.get("Retry-After")
        at = datetime.now(UTC)
        parked = parking(response.status, retry_after(wait.decode("latin-1") if wait else None, at=at), at=at)
        if parked is not None:
            await hosts.park(host, parked)
        return await browser.rendered(request, response) if browser else response

    async def close(self) -> None:
        """Let go of the connections, and of the browser."""
        if self._rendering is not None:
            await self._rendering.close()
        await super().close()

    async def _browser(self, hosts: HostMemory) -> Browser:
        """Ready for a page, before its server is asked for it."""
        if self._rendering is None:
            try:
                from crawler.browser import browser_of
            except ImportError as error:
                raise NoBrowserError(f"the extra `render` is not installed ({error})") from error
            self._rendering = browser_of(self._crawler, hosts)
        await self._rendering.start()
        return self._rendering

    async def _answer(self, request: Request, host: str) -> Response:
        if self._silent[host] >= SILENCE:
            raise RefusedError(SILENT)
        try:
            response = await super().download_request(request)
        except DownloadTimeoutError:
            self._silent[host] += 1
            raise
        finally:
            self._rest(request)
        del self._silent[host]
        return response

    def _hurry(self) -> None:
        """Let what still waits for its turn come at once: it will be turned away like this one."""
        if self._crawler.engine is not None:
            for slot in self._crawler.engine.downloader.slots.values():
                slot.delay = 0

    def _rest(self, request: Request) -> None:
        """Let the pause before the host's next request begin now, and not when this one was sent.

        Looking up a name and connecting take time too: counted from the start, two requests can arrive close together.
        """
        engine = self._crawler.engine
        slot = engine.downloader.slots.get(str(request.meta.get("download_slot"))) if engine is not None else None
        if slot is not None:
            slot.lastseen = monotonic()


def host_memory(crawler: Crawler) -> HostMemory:
    """What this crawl knows of servers: every spider of ours carries it."""
    hosts = getattr(crawler.spider, "hosts", None)
    assert isinstance(hosts, HostMemory), "the spider has no `hosts`"
    return hosts
