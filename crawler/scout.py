"""Asks the sources that may be looked at first, with aiohttp: the one file that knows it.

As polite as Scrapy is told to be, and as guarded: one request at a time to a host, the same headers, the same pause
after an answer, the same limits of time and size; no redirect is followed, no cookie kept, no proxy used, and the
address that is connected to is the one that was checked.
"""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    ServerDisconnectedError,
    TCPConnector,
)
from yarl import URL

from crawler.guard import address_allowed
from crawler.looks import Answer, Lost
from crawler.settings import DEFAULT_REQUEST_HEADERS
from crawler.sources import longest
from crawler.spiders.answers import conditions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

    from crawler.looks import Look
    from crawler.run import Manners

LONGEST_LINE = 16_384  # bytes of a header, as Twisted has it
MOST_HELD = 32 * 1024 * 1024  # bytes of answers that are held for Scrapy; with more of them nobody else is asked
CHUNK = 65_536


class RefusedAddressError(OSError):
    """The guard forbids the address."""


class HungUpError(Exception):
    """The server ended the connection before it answered."""


class Scout:
    """Asks once. `heard` is told when (monotonic) each host last answered; an async context manager."""

    def __init__(self, manners: Manners, *, heard: dict[str, float]) -> None:
        self._manners, self._heard = manners, heard
        self._places = asyncio.Semaphore(manners.concurrency)
        self._held = 0
        self._session = ClientSession(
            connector=TCPConnector(
                limit=0,  # the places see to that
                family=socket.AF_INET,  # as Scrapy's resolver
                happy_eyeballs_delay=None,
                use_dns_cache=False,
                force_close=True,  # most hosts are asked once, and ten thousand idle connections are a burden
                socket_factory=self._guarded,
            ),
            headers={**DEFAULT_REQUEST_HEADERS, "User-Agent": manners.user_agent},
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=manners.timeout),
            auto_decompress=False,
            middlewares=(_once,),
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def ask(
        self,
        looks: Iterable[Look],
        *,
        delays: Mapping[str, float],
        told: Callable[[Look], Awaitable[None]],
        go_on: Callable[[], bool],
    ) -> None:
        """Ask each look's source, and tell of what came. A host that is not well is not asked for the next one.

        `delays` gives, by source, the seconds between two requests to its host.
        """
        hosts: dict[str, list[Look]] = defaultdict(list)
        for look in looks:
            hosts[look.host].append(look)
        pauses = [max(delays[look.source.name] for look in mine) for mine in hosts.values()]
        await asyncio.gather(*(self._host(*host, told, go_on) for host in zip(hosts.values(), pauses, strict=True)))

    async def _host(
        self, looks: Sequence[Look], delay: float, told: Callable[[Look], Awaitable[None]], go_on: Callable[[], bool]
    ) -> None:
        for number, look in enumerate(looks):
            if number:
                await asyncio.sleep(delay)
            async with self._places:
                if self._held > MOST_HELD or not go_on():
                    return
                look.came = await self._asked(look)
            self._heard[look.host] = monotonic()
            await told(look)
            if not look.healthy:
                return

    async def _asked(self, look: Look) -> Answer | Lost | None:
        """What came back; None if nothing was sent, because the server was not reached or may not be."""
        try:
            async with self._session.get(
                URL(look.url, encoded=True), headers=conditions(look.known), allow_redirects=False
            ) as response:
                most = longest(look.url, look.source.kind, most=self._manners.max_bytes)
                body = await self._body(response, most)
                if body is None:
                    return Lost.TOO_LARGE
                return Answer(status=response.status, headers=response.raw_headers, body=body)
        except TimeoutError:
            return Lost.TIMEOUT
        except (ClientConnectorError, InvalidURL, UnicodeError):  # a label of the host may be too long for a name
            return None
        except (ClientError, HungUpError):
            return Lost.BROKEN

    async def _body(self, response: ClientResponse, most: int) -> bytes | None:
        """The body as it is sent, or None if there is more of it than may be."""
        if (response.content_length or 0) > most:
            return None
        body = bytearray()
        async for piece in response.content.iter_chunked(CHUNK):
            body += piece
            if len(body) > most:
                return None
        self._held += len(body)
        return bytes(body)

    def _guarded(self, address: Any) -> socket.socket:
        """A socket for an address, which is checked here whether it was a name or stood in the URL."""
        family, kind, protocol, _, place = address
        if not address_allowed(str(place[0]), self._manners.allow_networks):
            raise RefusedAddressError(f"{place[0]} is not public")
        return socket.socket(family, kind, protocol)


async def _once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Send a request once: aiohttp sends a GET again when its connection was lost, even if that was a new one."""
    try:
        return await send(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise HungUpError from error
