"""The last door before the network: a request to a parked host is turned away here, however long it has waited.

Scrapy's middlewares see a request when it joins its host's queue; between then and its turn the host may have asked to
be left alone. An answer that is in hand already is given out here, so that nothing before or behind has to know of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest, ResponseDataLossError
from scrapy.http import Headers
from scrapy.utils._download_handlers import make_response
from scrapy.utils.httpobj import urlparse_cached

from crawler.headers import BoundedFactory
from crawler.hosts import HostMemory, parked_failure, parking
from crawler.looks import Answer, Lost
from crawler.middlewares.refusal import LateError, NoBrowserError, RefusedError, StoppedError
from crawler.outcomes import Failure, retry_after
from storage.records import LinkState

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.browser import Browser

IN_HAND = "in_hand"  # in a request's meta: the answer that came before Scrapy was there
STINT = "stint"  # likewise: the time that the crawl has for its source
LOST = {
    Lost.TIMEOUT: DownloadTimeoutError,
    Lost.TOO_LARGE: DownloadCancelledError,
    Lost.BROKEN: ResponseDataLossError,
}
IDLE = 3  # seconds a connection is kept for the next request; every host keeps one open, and descriptors are few

SILENCE = 3  # timeouts in a row, after which a host is not waited for any more: hundreds of links may lead to it
SILENT = Failure(
    state=LinkState.FAILED,
    reason=f"timeout: host was silent {SILENCE} times in a row",
    retry_after=timedelta(),
    asked=False,
)


class Stint:
    """The time that a crawl has for the pages of one source. It runs from the first that is asked for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: float | None = None  # monotonic

    @property
    def over(self) -> bool:
        """Whether it has begun and come to its end."""
        return self._ends is not None and monotonic() > self._ends

    def goes_on(self) -> bool:
        """Whether there is time for one more page; with the first it begins."""
        if self._ends is None:
            self._ends = monotonic() + self._seconds
        return not self.over


class PoliteHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler that keeps to 429 and 503 with Retry-After (RFC 9110, section 10.2.3)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool.cachedConnectionTimeout = IDLE
        self._pool._factory = BoundedFactory  # noqa: SLF001 - as its parent does
        self._silent: Counter[str] = Counter()  # timeouts in a row, of this crawl
        self._heard: dict[str, float] = {}  # by slot: when (monotonic) its host answered last
        self._said: dict[str, tuple[int, int]] = {}  # the status of each host's last answer, and how often in a row
        self._rendering: Browser | None = None

    async def download_request(self, request: Request) -> Response:
        """The response, rendered where it is to be.

        RefusedError if the host is parked or silent, or there is no browser; LateError and StoppedError if it is late.
        """
        in_hand, hosts = request.meta.pop(IN_HAND, None), host_memory(self._crawler)
        host = str(urlparse_cached(request).netloc)
        if in_hand is None:
            await self._pause(request, hosts)
        try:
            await self._let_through(request, host, hosts, in_hand)
            browser = await self._browser(hosts) if request.meta.get("render") else None
        except IgnoreRequest:
            self._pass_on(request)
            raise
        response = await self._answer(request, host, in_hand)
        await self._park(host, response, hosts)
        return await browser.rendered(request, response) if browser else response

    async def _let_through(self, request: Request, host: str, hosts: HostMemory, in_hand: Answer | Lost | None) -> None:
        if not self._crawler.crawling and not request.meta.get("robots"):
            self._hurry()
            raise StoppedError("the crawl is ending")
        stint: Stint | None = request.meta.get(STINT)
        if stint is not None and not stint.goes_on():
            raise LateError("the time for its source is over")
        at = datetime.now(UTC)
        parked = await hosts.parked(host, at=at)
        if parked is not None and in_hand is None:
            raise RefusedError(parked_failure(parked, at=at))
        if self._silent[host] >= SILENCE:
            raise RefusedError(SILENT)

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

    async def _answer(self, request: Request, host: str, in_hand: Answer | Lost | None) -> Response:
        try:
            response = _given(request, in_hand) if in_hand else await super().download_request(request)
        except DownloadTimeoutError:
            self._silent[host] += 1
            raise
        finally:
            heard = host_memory(self._crawler).heard.get(_name(request), 0.0) if in_hand else monotonic()
            self._rest(request, heard)
        del self._silent[host]
        return response

    async def _park(self, host: str, response: Response, hosts: HostMemory) -> None:
        status, times = self._said.get(host, (0, 0))
        times = times + 1 if status == response.status else 1
        self._said[host] = response.status, times
        at, wait = datetime.now(UTC), response.headers.get("Retry-After")
        asked = retry_after(wait.decode("latin-1") if wait else None, at=at)
        parked = parking(response.status, asked, at=at, in_a_row=times)
        if parked is not None:
            await hosts.park(host, parked)

    def _hurry(self) -> None:
        """Let what still waits for its turn come at once: it will be turned away like this one."""
        if self._crawler.engine is not None:
            for slot in self._crawler.engine.downloader.slots.values():
                slot.delay = 0

    def _rest(self, request: Request, heard: float) -> None:
        """Let the pause before the host's next request begin with its answer, and not when this one was sent.

        Looking up a name and connecting take time too: counted from the start, two requests can arrive close together.
        """
        slot = self._slot(request)
        if slot is not None:
            slot.lastseen = self._heard[_slot_name(request)] = heard

    def _pass_on(self, request: Request) -> None:
        """Nothing was sent: let the next request of the host come as soon as it could have come in this one's place."""
        slot = self._slot(request)
        if slot is not None:
            slot.lastseen = self._heard.get(_slot_name(request), 0.0)
            slot.close()  # ends the pause that Scrapy began with this one; it looks at the queue again after it

    async def _pause(self, request: Request, hosts: HostMemory) -> None:
        """Wait for the end of a pause that began before Scrapy did."""
        heard, slot = hosts.heard.pop(_name(request), None), self._slot(request)
        if heard is not None and slot is not None:
            await asyncio.sleep(max(heard + slot.delay - monotonic(), 0))

    def _slot(self, request: Request) -> Slot | None:
        engine = self._crawler.engine
        return engine.downloader.slots.get(_slot_name(request)) if engine is not None else None


def _slot_name(request: Request) -> str:
    return str(request.meta.get("download_slot"))


def _name(request: Request) -> str:
    return urlparse_cached(request).hostname or ""


def _given(request: Request, in_hand: Answer | Lost) -> Response:
    if isinstance(in_hand, Lost):
        raise LOST[in_hand](f"{in_hand}, before Scrapy was there")
    headers = Headers()
    for name, value in in_hand.headers:
        headers.appendlist(name, value)
    return make_response(request.url, in_hand.status, headers, in_hand.body)


def host_memory(crawler: Crawler) -> HostMemory:
    """What this crawl knows of servers: every spider of ours carries it."""
    hosts = getattr(crawler.spider, "hosts", None)
    assert isinstance(hosts, HostMemory), "the spider has no `hosts`"
    return hosts
