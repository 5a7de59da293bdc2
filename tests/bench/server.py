"""A server for benchmarks: many loopback hosts, one process, next to no CPU of its own."""

from __future__ import annotations

import asyncio
import gzip
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from tests.web import rss

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serve(folder: Path, *, hosts: int) -> Iterator[list[str]]:
    """Serve the folder's pages, divided over 127.0.1.1, 127.0.1.2, ...; gives the URLs of their feeds."""
    command = [sys.executable, "-m", "tests.bench.server", str(folder), str(hosts)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    try:
        yield [f"http://127.0.1.{host + 1}:{port}/feed.xml" for host in range(hosts)]
    finally:
        process.terminate()
        process.wait()


def fetch(url: str) -> bytes:
    """The body of a page, or nothing if it has none to give."""
    try:
        with urlopen(url, timeout=10) as response:
            return bytes(response.read())
    except OSError:
        return b""


def _answers(folder: Path, hosts: int, port: int) -> dict[tuple[str, str], bytes]:
    now = datetime.now(UTC)
    pages = sorted(folder.glob("*.html"))
    answers = {}
    for number in range(hosts):
        host = f"127.0.1.{number + 1}"
        mine = pages[number::hosts]
        items = [(_title(page), f"http://{host}:{port}/{page.name}", now) for page in mine]
        answers[host, "/feed.xml"] = _answer(rss(items).encode(), "application/rss+xml")
        for page in mine:
            answers[host, f"/{page.name}"] = _answer(page.read_bytes(), "text/html")
    return answers


def _title(page: Path) -> str:
    found = re.search(rb"<title[^>]*>([^<]*)", page.read_bytes(), re.IGNORECASE)
    return found[1].decode("utf-8", "replace").strip() if found else page.stem


def _answer(body: bytes, kind: str) -> bytes:
    packed = gzip.compress(body, 1)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    return head.encode() + packed


async def _run(folder: Path, hosts: int) -> None:
    answers: dict[tuple[str, str], bytes] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                writer.write(answers.get((host, path), b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "0.0.0.0", 0)
    port = server.sockets[0].getsockname()[1]
    answers |= _answers(folder, hosts, port)
    print(port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), int(sys.argv[2])))
