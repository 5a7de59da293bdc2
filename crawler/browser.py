"""Pages that need a browser: their scripts run, and what then stands there is the answer.

The browser never fetches a page. It is given what the crawl fetched, so that guard, robots.txt, redirects, Retry-After
and the size limit have had their say; scripts, styles and data it gets for itself, through `crawler.proxy`, where the
robots.txt of their hosts does not forbid it.

Needs the extra `render`; import it late.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_network
from itertools import count
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.utils.httpobj import urlparse_cached
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.guard import url_refusal
from crawler.middlewares.refusal import NoBrowserError, RefusedError
from crawler.middlewares.robots import RobotsMiddleware
from crawler.middlewares.unpack import UnpackMiddleware
from crawler.outcomes import TOO_LARGE, Failure
from crawler.proxy import GuardedProxy
from storage.records import LinkState

if TYPE_CHECKING:
    from playwright.async_api import Page, Route, WebSocketRoute
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.hosts import HostMemory

OK = 200
ENVIRONMENT = ("HOME", "LANG", "PATH", "TMPDIR")  # all that a stranger's scripts are near to; the rest may be secret
AT_ONCE = 4  # pages, of different hosts; each is a process of its own
MOST_ORIGINS = 30  # that one page may bring in: each is asked for its robots.txt
QUIET = 8.0  # seconds in which a page should come to rest; one that never does is read as it then stands
FAREWELL = 5.0  # seconds for a page to close; one that is busy for longer takes the browser with it
NEEDED = {"script", "stylesheet", "fetch", "xhr"}  # for a text; images, media, fonts, frames and pings are not
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # names are the proxy's business
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
]

SLOW = Failure(state=LinkState.FAILED, reason="timeout: not rendered in time", retry_after=timedelta())
BROKEN = Failure(state=LinkState.FAILED, reason="not rendered: the browser gave up", retry_after=timedelta())


class Chromium(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # publishes no types
    """scrapy-playwright's handler, started when the first page needs it: the signal it waits for has gone by then."""

    async def launch(self) -> None:
        """Start the browser. Raises Playwright's error if there is none or it does not start."""
        await self._launch()
        await self._maybe_launch_browser()

    async def end(self) -> None:
        """Give up on a browser that does not listen any more; the next page starts another."""
        browser = getattr(self, "browser", None)  # none where it has ended by itself
        if browser is not None:
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await browser.close()


class Browser:
    """One for a crawl. Pages have nothing in common: each has a context of its own, closed after it."""

    def __init__(self, crawler: Crawler, hosts: HostMemory) -> None:
        settings = crawler.settings
        logging.getLogger("scrapy-playwright").setLevel(logging.CRITICAL + 1)  # what it would say is in the ledger
        self._chromium = Chromium.from_crawler(crawler)
        self._path = str(settings["SPYWIRE_BROWSER"])
        self._agent = str(settings["USER_AGENT"])
        self._timeout = settings.getfloat("DOWNLOAD_TIMEOUT")
        self._max_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        self._ports = frozenset(int(port) for port in settings.getlist("SPYWIRE_ALLOW_PORTS"))
        self._proxy = GuardedProxy(
            allowed=[ip_network(network) for network in settings.getlist("SPYWIRE_ALLOW_NETWORKS")],
            ports=self._ports,
            max_bytes=self._max_bytes,
        )
        self._hosts = hosts
        robots = crawler.get_downloader_middleware(RobotsMiddleware)
        assert robots is not None, "crawler.settings has it"
        self._robots = robots
        self._unpack = UnpackMiddleware.from_crawler(crawler)
        self._started: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(AT_ONCE)
        self._numbers = count(1)

    async def start(self) -> None:
        """Be ready for a page. Raises NoBrowserError, the first time and every time."""
        if self._started is None:
            self._started = asyncio.ensure_future(self._start())
        try:
            await asyncio.shield(self._started)
        except (PlaywrightError, OSError) as error:
            raise NoBrowserError(_first_line(error)) from error

    async def close(self) -> None:
        """Stop the browser, if it runs."""
        started, self._started = self._started, None
        if started is not None:
            await asyncio.wait({started})
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await self._chromium.close()
            await self._proxy.close()

    async def rendered(self, request: Request, response: Response) -> Response:
        """An HTML page as its scripts leave it, in UTF-8; everything else as it came. RefusedError without a result."""
        document = self._unpack.process_response(request, response)
        if not isinstance(document, HtmlResponse) or document.status != OK:
            return response
        name = f"page {next(self._numbers)}"
        async with self._places:
            try:
                async with asyncio.timeout(self._timeout):
                    html = await self._html(document, name)
            except (TimeoutError, PlaywrightTimeoutError) as error:
                raise RefusedError(SLOW) from error
            except PlaywrightError as error:
                raise RefusedError(BROKEN) from error
            finally:
                await self._leave(name)
        body = html.encode(errors="replace")
        if len(body) > self._max_bytes:
            raise RefusedError(TOO_LARGE)
        headers = document.headers.copy()
        headers["Content-Type"] = "text/html; charset=utf-8"
        return document.replace(headers=headers, body=body, encoding="utf-8")

    async def _start(self) -> None:
        self._chromium.config.launch_options = {
            "executable_path": self._path or None,
            "proxy": {"server": await self._proxy.start()},
            "args": FLAGS,
            "env": {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            # Chromium refuses to run as root with its sandbox, and containers often have no other user.
            "chromium_sandbox": os.geteuid() != 0,
            "handle_sigint": False,
            "handle_sigterm": False,
            "handle_sighup": False,  # the crawl ends the browser when it ends itself
        }
        await self._chromium.launch()

    async def _html(self, document: HtmlResponse, name: str) -> str:
        visit = Visitor(document, ports=self._ports, hosts=self._hosts, robots=self._robots)
        request = Request(
            document.url,
            headers={"User-Agent": self._agent},
            meta={
                "playwright": True,
                "playwright_include_page": True,
                "playwright_context": name,
                "playwright_context_kwargs": {
                    "user_agent": self._agent,
                    "service_workers": "block",
                    "accept_downloads": False,
                },
                "playwright_page_init_callback": visit.prepare,
                # a script that leaves while the page loads would make it wait for ever for anything later than this
                "playwright_page_goto_kwargs": {"wait_until": "commit", "timeout": self._timeout * 1000},
            },
        )
        await self._chromium.download_request(request)
        page: Page = request.meta["playwright_page"]
        with suppress(PlaywrightTimeoutError):
            await page.wait_for_load_state("networkidle", timeout=min(QUIET, self._timeout / 2) * 1000)
        if await page.evaluate("document.documentElement.outerHTML.length") > self._max_bytes:
            raise RefusedError(TOO_LARGE)
        return str(await page.content())

    async def _leave(self, name: str) -> None:
        wrapper = self._chromium.context_wrappers.get(name)
        if wrapper is None:
            return
        try:
            async with asyncio.timeout(FAREWELL):
                await wrapper.context.close()
        except (TimeoutError, PlaywrightError):
            await self._chromium.end()


class Visitor:
    """Stands between one page and the world: hands out the document once, and lets through what a text may need."""

    def __init__(
        self, document: HtmlResponse, *, ports: frozenset[int], hosts: HostMemory, robots: RobotsMiddleware
    ) -> None:
        self._document: HtmlResponse | None = document
        self._ports = ports
        self._hosts = hosts
        self._robots = robots
        self._origins: set[str] = set()

    async def prepare(self, page: Page, _: Request) -> None:
        """Take up position; what was there before stays behind."""
        await page.route("**", self._passing)
        await page.route_web_socket("**", _closed)

    async def _passing(self, route: Route) -> None:
        with suppress(PlaywrightError):  # the page may have closed meanwhile
            document = self._document
            if document is not None and route.request.is_navigation_request():
                self._document = None
                await route.fulfill(status=OK, headers=_told(document), body=document.body)
            elif await self._harmless(route):
                await route.fallback()
            else:
                await route.abort("aborted")  # any other word would leave an error page in its place

    async def _harmless(self, route: Route) -> bool:
        url = route.request.url
        if route.request.resource_type not in NEEDED or url_refusal(url, self._ports) is not None:
            return False
        host = str(urlparse_cached(Request(url)).netloc)
        if await self._hosts.parked(host, at=datetime.now(UTC)) is not None:
            return False
        return self._few(url) and await self._robots.refusal(url) is None

    def _few(self, url: str) -> bool:
        """Whether it is one of the first origins that the page brings in: a script could name any number of them."""
        origin = "/".join(url.split("/", 3)[:3])
        if len(self._origins) < MOST_ORIGINS:
            self._origins.add(origin)
        return origin in self._origins


@cache
def browser_of(crawler: Crawler, hosts: HostMemory) -> Browser:
    """The one browser of a crawl, whatever the scheme of its pages."""
    return Browser(crawler, hosts)


def _closed(_: WebSocketRoute) -> None:
    """What a page is told while it is open is no part of its text: nobody is connected to."""


def _told(document: HtmlResponse) -> dict[str, str]:
    """The headers that say how to read a document and what its scripts may do."""
    names = ("Content-Type", "Content-Security-Policy", "Referrer-Policy")
    found: dict[str, Any] = {name: document.headers.get(name) for name in names}
    return {name: value.decode("latin-1") for name, value in found.items() if value}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
