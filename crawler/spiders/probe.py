"""Looks around an address for the best source, as politely as a crawl: one request at a time, a dozen at most."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Spider

from crawler.discover import MalformedFeedError, NotAFeedError, SourceKind, discover
from crawler.discover.auto import Discovery, Look, Via, choose, newest_link, next_place, with_child
from crawler.outcomes import Failure, status_failure
from crawler.page import Page
from crawler.robots import Robots, read_robots
from crawler.spiders.answers import charset_of, header
from crawler.spiders.ask import ask
from crawler.workers import KILLED, Workers, killed_because

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy import Request
    from scrapy.http import Response

    from crawler.hosts import HostMemory
    from storage.records import RobotsFile

OK = 200
INDEX_DEPTH = 2
SOURCE = "probe"  # what the links of a probe say they come from


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What was found around an address. `page` is its newest article, or why that could not be had."""

    asked: str
    robots: str  # what robots.txt says of the address
    discovery: Discovery
    page: Page | str | None = None


@dataclass(kw_only=True)
class Probing:
    """What one probe is given, and where it leaves its result."""

    url: str
    workers: Workers
    hosts: HostMemory
    with_page: bool
    result: Probe | None = None
    bug: Exception | None = None


class ProbeSpider(Spider):
    """Asks, and lets `crawler.discover.auto` decide what to ask next."""

    name = "probe"

    def __init__(self, *, probing: Probing, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probing, self.hosts = probing, probing.hosts

    async def start(self) -> AsyncIterator[Request]:
        """Everything happens here; nothing is left for the scheduler."""
        try:
            self.probing.result = await self._probe()
        except Exception as error:  # noqa: BLE001 - raised again by whoever started the probe
            self.probing.bug = error
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    async def _probe(self) -> Probe:
        page = await self._look(self.probing.url, Via.ASKED)
        file = await self.hosts.robots(_origin(page.url), at=_now())
        robots = self._rules(file) if file else Robots()
        sitemaps, looks = robots.sitemaps, list[Look]()
        while place := next_place(page, sitemaps, looks, at=_now()):
            looks.append(await self._look(place.url, place.via))
        discovery = choose(page, looks, at=_now())
        return Probe(
            asked=self.probing.url,
            robots=_verdict(page.url, file.status, robots) if file else page.trouble or "was not asked",
            discovery=discovery,
            page=await self._newest_page(discovery) if self.probing.with_page else None,
        )

    async def _look(self, url: str, via: Via, *, depth: int = 0) -> Look:
        answer = await ask(self.crawler, url)
        if isinstance(answer, Failure):
            return Look(url=url, via=via, trouble=answer.reason, answered=False)
        look = await self._read(answer, url, via)
        if look.found is None or not look.found.children or depth == INDEX_DEPTH:
            return look
        child = await self._look(look.found.children[0], via, depth=depth + 1)
        return with_child(look, child.found) if child.found else look

    async def _read(self, response: Response, url: str, via: Via) -> Look:
        look = Look(url=url, via=via)
        if response.status != OK:
            return replace(look, trouble=status_failure(response.status).reason, answered=False)
        future = self.probing.workers.submit(
            discover,
            response.body,
            url=response.url,
            source=SOURCE,
            content_type=header(response, "Content-Type"),
            charset=charset_of(response),
            at=_now(),
        )
        try:
            found = await asyncio.wrap_future(future)
        except (NotAFeedError, MalformedFeedError) as error:
            return replace(look, trouble=str(error))
        except KILLED as error:
            return replace(look, trouble=killed_because(error, self.probing.workers.deadline))
        is_page = found.kind is SourceKind.SECTION
        return replace(look, url=response.url if is_page and via is Via.ASKED else url, found=found)

    async def _newest_page(self, discovery: Discovery) -> Page | str | None:
        link = newest_link(discovery.found) if discovery.found else None
        if link is None:
            return None
        answer = await ask(self.crawler, link.url)
        if isinstance(answer, Failure) or answer.status != OK:
            failure = answer if isinstance(answer, Failure) else status_failure(answer.status)
            return f"{link.url}: {failure.reason}"
        return Page(url=answer.url, body=answer.body, charset=charset_of(answer), link=link, fetched_at=_now())

    def _rules(self, file: RobotsFile) -> Robots:
        return read_robots(file.status, file.body, user_agent=str(self.crawler.settings["USER_AGENT"]))


def _verdict(url: str, status: int, robots: Robots) -> str:
    """What a robots.txt, that came with a status, says of a URL; in words that go on from `robots.txt`."""
    if robots.rules is None:
        return f"there is none (HTTP {status}): everything is allowed"
    pause = f", with {robots.delay:g} s between requests" if robots.delay else ""
    return "disallows it" if robots.refusal(url) else f"allows it{pause}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _now() -> datetime:
    return datetime.now(UTC)
