"""The browser's only way out: a proxy on loopback that connects to what the guard allows, and to nothing else.

A browser resolves names itself, and Playwright's routes do not see redirects, WebSockets or what a frame preconnects
to. Here all of it arrives as a host and a port; the very address that was checked is the one that is connected to.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit

from crawler.guard import DEFAULT_PORTS, address_allowed, address_refusal, url_refusal

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Collection
    from ipaddress import IPv4Network, IPv6Network

CHUNK = 65_536
PATIENCE = 15  # seconds for a name and again for a connection
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "proxy-authorization"}  # RFC 9110, section 7.6.1
OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class UnreachableError(Exception):
    """Where the browser wants to go there is nothing, or nothing it may see."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """Where a request to the proxy leads. `head` is what the server is sent first, `length` what follows of it."""

    url: str
    head: bytes = b""
    length: int = 0

    @classmethod
    def read(cls, head: bytes) -> Self:
        """From the head of a request as RFC 9110 has it for proxies. ValueError for what is none."""
        request, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = request.split(" ")
        if method == "CONNECT":
            return cls(url=f"https://{target}")
        kept = [line for line in lines if line and line.partition(":")[0].lower() not in HOP_BY_HOP]
        lengths = [line.partition(":")[2].strip() for line in kept if line.lower().startswith("content-length:")]
        if not all(length.isdecimal() for length in lengths):
            raise ValueError("Content-Length is no number")
        path = urlunsplit(("", "", *urlsplit(target)[2:4], "")) or "/"
        forwarded = "\r\n".join([f"{method} {path} {version}", *kept, "Connection: close", "", ""])
        return cls(url=target, head=forwarded.encode("latin-1"), length=int(lengths[0]) if lengths else 0)


class GuardedProxy:
    """Serves one crawl. No answer is longer than `max_bytes`, and no connection carries more."""

    def __init__(
        self, *, allowed: Collection[IPv4Network | IPv6Network], ports: Collection[int], max_bytes: int
    ) -> None:
        self._allowed, self._ports, self._max_bytes = allowed, ports, max_bytes
        self._addresses: dict[str, str] = {}  # of hosts that were looked up and allowed
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listen; gives the proxy's URL."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError, EOFError, asyncio.LimitOverrunError):
            try:
                way = Way.read(await reader.readuntil(b"\r\n\r\n"))
                there = await self._reach(way.url)
            except (ValueError, UnreachableError):
                writer.write(REFUSED)
                await writer.drain()
            else:
                await self._carry(way, (reader, writer), there)
        writer.close()

    async def _reach(self, url: str) -> tuple[StreamReader, StreamWriter]:
        refusal = url_refusal(url, self._ports)
        if refusal is not None:
            raise UnreachableError(refusal)
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        try:
            async with asyncio.timeout(PATIENCE):
                address = await self._address(host)
            async with asyncio.timeout(PATIENCE):
                return await asyncio.open_connection(address, port)
        except (OSError, UnicodeError) as error:
            raise UnreachableError(str(error)) from error

    async def _address(self, host: str) -> str:
        """The first address of a host, as the crawl's own resolver takes it. IPv4 first, like that one."""
        if host not in self._addresses:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
            address = str(min(found, key=lambda entry: entry[0] != socket.AF_INET)[4][0])
            if not address_allowed(address.partition("%")[0], self._allowed):
                raise UnreachableError(address_refusal(address))
            self._addresses[host] = address
        return self._addresses[host]

    async def _carry(
        self, way: Way, here: tuple[StreamReader, StreamWriter], there: tuple[StreamReader, StreamWriter]
    ) -> None:
        """A tunnel both ways, or one request and its answer: a second one might be for another host."""
        (reader, writer), (from_there, to_there) = here, there
        if way.head:
            to_there.write(way.head + await reader.readexactly(way.length))
        else:
            writer.write(OPENED)
        upwards = reader.read(1) if way.head else self._pour(reader, to_there)
        ends = [asyncio.ensure_future(end) for end in (upwards, self._pour(from_there, writer))]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            to_there.close()

    async def _pour(self, source: StreamReader, target: StreamWriter) -> None:
        left = self._max_bytes
        while left > 0 and (data := await source.read(min(CHUNK, left))):
            target.write(data)
            await target.drain()
            left -= len(data)
