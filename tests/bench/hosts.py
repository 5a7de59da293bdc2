"""`make bench-hosts`: what a crawl costs when nothing is new: N sources on N loopback hosts, all answering 304."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import measure
from tests.web import rss

if TYPE_CHECKING:
    from collections.abc import Iterator

ETAG = '"one"'


def main() -> None:
    """Crawl three times: everything is new, nothing is new, nothing is due."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hosts", nargs="*", type=int, default=[1000])
    print(f"{'hosts':>8}{'':>13}{'CPU s':>9}{'wall s':>9}{'ms CPU/host':>13}{'MB':>7}{'exit':>6}")
    for hosts in parser.parse_args().hosts:
        with tempfile.TemporaryDirectory() as folder, serve() as port:
            home = Path(folder)
            _configure(home, hosts, port)
            crawl = [sys.executable, "-m", "jobs", "--home", folder, "crawl"]
            first = measure(crawl)
            if first.code:
                raise SystemExit(first.err)
            for name, cost in (("nothing new", measure([*crawl, "--all"])), ("nothing due", measure(crawl))):
                each = 1000 * cost.cpu / hosts
                figures = f"{cost.cpu:>9.2f}{cost.wall:>9.2f}{each:>13.2f}{cost.peak_mb:>7.0f}{cost.code:>6}"
                print(f"{hosts:>8}{name:>13}{figures}", flush=True)


@contextmanager
def serve() -> Iterator[int]:
    """A server on every loopback address; gives its port."""
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.hosts", "serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def _configure(home: Path, hosts: int, port: int) -> None:
    (home / "spywire.toml").write_text(
        f'[fetch]\ndelay = 0\nconcurrency = 64\nallow_networks = ["127.0.0.0/8"]\nallow_ports = [{port}]\n'
    )
    tables = (
        f'[s{n}]\nurl = "http://127.{1 + n // 60000}.{n // 240 % 250}.{1 + n % 240}:{port}/feed"\n'
        for n in range(hosts)
    )
    (home / "sources.toml").write_text("".join(tables))


async def _serve() -> None:
    feed = rss([("A story that is known by now", "http://127.0.0.1:1/story", datetime.now(UTC))]).encode()
    full = _answer("200 OK", feed)
    same, gone = _answer("304 Not Modified"), _answer("404 Not Found")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                known = f"If-None-Match: {ETAG}".encode().lower() in head.lower()
                writer.write(gone if head.startswith(b"GET /robots.txt") else same if known else full)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _answer(status: str, body: bytes = b"") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nETag: {ETAG}\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(_serve())
    else:
        main()
