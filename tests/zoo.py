"""A raw HTTP server that can break every rule: one loopback address for each animal, and a stable full of healthy ones.

An animal is a map from paths to behaviours; a behaviour writes bytes to the socket, and whatever it leaves unsaid stays
unsaid. Nothing here knows the crawler.
"""

from __future__ import annotations

import asyncio
import gzip
import importlib
import sys
import zlib
from contextlib import suppress
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import urlsplit

import brotli

from tests.web import rss

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime

    Behaviour: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]

MEGABYTE = 1024 * 1024
GIGABYTE = 1024 * MEGABYTE
INSIDE = "127.0.0.1"  # the address that no redirect may reach
TLS = b"\x16"  # how a client begins that takes this for https
DRIP = 0.2  # seconds between two drops of a slow answer


class Zoo:
    """`visit(animal)` gives it an address and its URL. All listen on one port, so that one has to be allowed."""

    def __init__(self) -> None:
        self.visitors: list[tuple[str, str]] = []  # address and path of every request
        self._animals: dict[str, Mapping[str, Behaviour]] = {INSIDE: {}}
        self._addresses = (f"127.0.2.{number}" for number in count(1))
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def house(self, animal: Callable[[str], Mapping[str, Behaviour]]) -> str:
        """Let an animal in, which is told its own URL; gives that URL, without a slash at its end."""
        address = next(self._addresses)
        url = f"http://{address}:{self.port}"
        self._animals[address] = animal(url)
        self._listen(address, self.port)
        return url

    def change(self, url: str, animal: Callable[[str], Mapping[str, Behaviour]]) -> None:
        """Another animal moves into a house."""
        self._animals[urlsplit(url).hostname or ""] = animal(url)

    @property
    def broken_in(self) -> list[str]:
        """What was asked of the address that is out of bounds."""
        return [path for address, path in self.visitors if address == INSIDE]

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._listen(INSIDE, 0)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _listen(self, address: str, port: int) -> int:
        opening = asyncio.start_server(self._serve, address, port)
        server = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _leave(self) -> None:
        for server in self._servers:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            request = await reader.readexactly(1)
            if request == TLS:
                writer.write(b"HTTP/1.1 400 Not here\r\n\r\n")
                writer.close()
                return
            request += await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ", 2)[1].decode("latin-1")
            address = writer.get_extra_info("sockname")[0]
            self.visitors.append((address, path))
            await self._animals[address].get(path, NOT_FOUND)(writer)
        writer.transport.abort() if writer.transport.is_closing() else writer.close()


def says(body: str | bytes = b"", *, status: str = "200 OK", **headers: str) -> Behaviour:
    """A well-formed answer. `Content_Type` becomes `Content-Type`; an empty value leaves a header out."""
    data = body.encode() if isinstance(body, str) else body
    named = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(data)), "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items() if value)]
    return writes("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data)


def feed(body: str | bytes, **headers: str) -> Behaviour:
    """A feed or sitemap, as its label goes."""
    return says(body, **{"Content_Type": "application/xml"} | headers)


def writes(*pieces: bytes) -> Behaviour:
    """These bytes, and then the connection ends."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.writelines(pieces)
        await writer.drain()

    return behave


def drips(start: bytes, drop: bytes) -> Behaviour:
    """A start, and then one drop after the other, for ever. Without drops the connection stays open in silence."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(DRIP)
            if writer.is_closing():
                return

    return behave


def pours(start: bytes, piece: bytes, *, times: int | None = None, end: bytes = b"") -> Behaviour:
    """A start, and then the same piece as fast as it is taken: for ever, unless `times` is given."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for number in count():
            if number == times or writer.is_closing():
                break
            writer.write(piece)
            await writer.drain()
        writer.write(end)

    return behave


def chunked(piece: bytes, *, start: bytes = b"", times: int | None = None, kind: str = "text/html") -> Behaviour:
    """A body in chunks that repeats a piece."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return pours(head + _chunk(start), _chunk(piece), times=times, end=b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def moves(to: str, *, status: str = "302 Found") -> Behaviour:
    """A redirect."""
    return says(status=status, Location=to)


def leads_inside(template: str, **headers: str) -> Behaviour:
    """An answer in which `{inside}` stands for a URL that is out of bounds, and `{port}` for everybody's port."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        port = str(writer.get_extra_info("sockname")[1])
        body, *values = (
            text.replace("{inside}", f"http://{INSIDE}:{port}/").replace("{port}", port)
            for text in (template, *headers.values())
        )
        await says(body, **dict(zip(headers, values, strict=True)))(writer)

    return behave


def animal(path: str, behaviour: Behaviour, **others: Behaviour) -> Callable[[str], Mapping[str, Behaviour]]:
    """One path that misbehaves, whatever its URL. Others by their names: `robots` is /robots.txt."""
    named = {"/robots.txt" if name == "robots" else f"/{name}": other for name, other in others.items()}
    return lambda _: {path: behaviour, **named}


def offering(
    title: str, pages: Mapping[str, Behaviour], at: datetime, **others: Behaviour
) -> Callable[[str], Mapping[str, Behaviour]]:
    """A good feed at /feed.xml whose items are these pages."""

    def born(url: str) -> Mapping[str, Behaviour]:
        items = [(f"{title} {path}", url + path, at) for path in pages]
        return {"/feed.xml": feed(rss(items)), **pages, **animal("", NOT_FOUND, **others)(url)}

    return born


def gzip_bomb(size: int = GIGABYTE) -> bytes:
    """`size` zeros in a thousandth of it."""
    return b"\x1f\x8b\x08" + bytes(6) + b"\x03" + deflate_bomb(size)


def deflate_bomb(size: int = GIGABYTE) -> bytes:
    """The same without a wrapping. A full flush makes every block stand for itself, so one is packed and repeated."""
    packer = zlib.compressobj(9, wbits=-15)
    return (packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)) * (size // MEGABYTE)


def brotli_bomb(size: int = GIGABYTE) -> bytes:
    """The smallest of them: 13 bytes a megabyte."""
    packer = brotli.Compressor()
    first, second = (packer.process(bytes(MEGABYTE)) + packer.flush() for _ in range(2))
    return bytes(first + second * (size // MEGABYTE - 1))


def zstd_bomb(size: int = GIGABYTE) -> bytes:
    """Frames may follow each other, and are one text."""
    newest = sys.version_info >= (3, 14)
    zstd: Any = importlib.import_module("compression.zstd" if newest else "backports.zstd")
    return bytes(zstd.compress(bytes(MEGABYTE)) * (size // MEGABYTE))


def stacked(body: bytes, times: int) -> bytes:
    """gzip in gzip in gzip."""
    for _ in range(times):
        body = gzip.compress(body)
    return body


def laughing(levels: int = 11) -> str:
    """Entities that grow tenfold a level (CVE-2003-1564)."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE rss [<!ENTITY e0 "ha">{entities}]>'


def rss_of(*items: str, prolog: str = '<?xml version="1.0"?>') -> str:
    """An RSS feed of items written out."""
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'{prolog}<rss version="2.0"><channel><title>Zoo</title>{body}</channel></rss>'


def sitemap_of(locations: Iterable[str], *, index: bool = False) -> str:
    """A sitemap, or an index of sitemaps."""
    root, entry = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{entry}><loc>{location}</loc></{entry}>" for location in locations)
    return f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'


NOT_FOUND = says("<h1>Not found</h1>", status="404 Not Found")
