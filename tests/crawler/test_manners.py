"""How a crawl treats other people's servers, measured at the server."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from threading import Thread
from typing import TYPE_CHECKING

from tests.crash import torment
from tests.web import rss, story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.newsdesk import Desk

HOSTS = 200
LATENCY = 0.02
DELAY = 0.25
PAGES = 2


class Log:
    """What the server saw of each host."""

    def __init__(self) -> None:
        self.port = 0
        self.now: dict[str, int] = defaultdict(int)
        self.most: dict[str, int] = defaultdict(int)
        self.starts: dict[str, list[float]] = defaultdict(list)


def _answer(host: str, port: int, path: str) -> bytes:
    if path == "/feed":
        items = [(f"Story {n}", f"http://{host}:{port}/story-{n}", datetime.now(UTC)) for n in range(PAGES)]
        return _says(rss(items), "application/rss+xml")
    if path == "/robots.txt":
        return _says("", "text/plain")
    text = f"On {host} the roses are out early this year, and the gate to {path} stands open all day. " * 5
    return _says(story(f"Roses on {host}{path}", text), "text/html")


def _says(body: str, kind: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


@contextmanager
def hosts(answer: Callable[[str, int, str], bytes] = _answer) -> Iterator[Log]:
    """A server on every address of 127.0.0.0/8 that takes its time. `answer` is given host, port and path."""
    log, loop = Log(), asyncio.new_event_loop()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                log.now[host] += 1
                log.most[host] = max(log.most[host], log.now[host])
                log.starts[host].append(time.monotonic())
                await asyncio.sleep(LATENCY)
                log.now[host] -= 1
                writer.write(answer(host, log.port, head.split(b" ")[1].decode()))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(handle, "0.0.0.0", 0, backlog=1024)

    server = loop.run_until_complete(start())
    log.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield log
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(asyncio.sleep(0.1))
    loop.close()


def test_a_host_never_has_two_requests_in_flight_and_always_its_pause(desk: Desk) -> None:
    with hosts() as log:
        addresses = [f"127.0.5.{n + 1}" for n in range(HOSTS)]
        desk.configure(delay=DELAY, allow_ports=[log.port], concurrency=100)
        desk.sources(**{f"host_{n}": f"http://{address}:{log.port}/feed" for n, address in enumerate(addresses)})
        result = desk.crawl()
    assert result.code == 0, result.err
    asked = [len(log.starts[address]) for address in addresses]  # once more where a connection was lost
    assert min(asked) >= 2 + PAGES, "robots.txt, feed, pages: all of them"
    assert set(log.most.values()) == {1}
    gaps = [after - before for starts in log.starts.values() for before, after in pairwise(starts)]
    assert min(gaps) >= DELAY, "from request to request, as the server sees them"


def test_a_host_that_many_others_lead_to_is_asked_as_slowly_as_it_wants(desk: Desk) -> None:
    goal, delay = "127.0.6.1", 0.2

    def lead_there(host: str, port: int, path: str) -> bytes:
        if host == goal and path == "/robots.txt":
            return _says(f"User-agent: *\nCrawl-delay: {delay}\n", "text/plain")
        if host == goal or not path.startswith("/story"):
            return _answer(host, port, path)
        if path == "/story-0":
            return f"HTTP/1.1 302 Found\r\nLocation: http://{goal}:{port}/{host}\r\nContent-Length: 0\r\n\r\n".encode()
        return _says(f"<meta http-equiv='refresh' content='0; url=http://{goal}:{port}/{host}/1'>", "text/html")

    with hosts(lead_there) as log:
        addresses = [f"127.0.5.{n + 1}" for n in range(2)]
        desk.configure(delay=0.05, allow_ports=[log.port], concurrency=100)
        desk.sources(**{f"host_{n}": f"http://{address}:{log.port}/feed" for n, address in enumerate(addresses)})
        result = desk.crawl()
    assert result.code == 0, result.err
    starts = log.starts[goal]
    assert len(starts) == 1 + PAGES * len(addresses), "its robots.txt, and every page"
    assert log.most[goal] == 1
    assert min(after - before for before, after in pairwise(starts)) >= delay


def test_a_crawl_that_is_killed_loses_nothing_and_stores_nothing_twice(tmp_path: Path) -> None:
    toll = torment(tmp_path / "home", kills=4, links=100, seed=7)
    assert (toll.lost, toll.twice, toll.repeated, toll.integrity) == (0, 0, 0, "ok")
