"""A crawl that is given only so much time, and one that takes longer than its leases."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.memory import LEASE, RENEWED, StoredMemory
from crawler.urls import url_key
from jobs.cli.options import span_of
from jobs.exits import UsageError
from storage.database import Database
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import Link, LinkState, Poll, PollState
from storage.runs import Runs
from tests.web import Site, rss, story
from tests.zoo import Zoo, drips, offering

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk

NOW = datetime.now(UTC).replace(microsecond=0)
PATHS = [f"/story-{n}" for n in range(6)]
HURRIED = "from crawler.spiders import deadline; deadline.GRACE = 1; from jobs.cli import main; main()"


def publish(site: Site) -> str:
    for path in PATHS:
        site.add(path, story(f"The garden of {path}", f"The garden of {path} opens its gates on Sunday. " * 20))
    items = [(f"The garden of {path}", site.url + path, NOW) for path in PATHS]
    return site.add("/feed.xml", rss(items), Content_Type="application/rss+xml")


def states(desk: Desk, *urls: str) -> list[LinkState]:
    return [desk.history(url_key(url)).state for url in urls]


def test_when_the_time_is_over_the_rest_waits_for_the_next_run(site: Site, desk: Desk) -> None:
    desk.configure(site, delay=2)
    desk.sources(garden=publish(site))
    result = desk.crawl("--max-runtime", "5s")
    assert result.code == 124
    assert "--max-runtime" in result.err
    asked = site.paths()
    assert len(asked) < 1 + len(PATHS)
    desk.configure(site, delay=0)
    assert desk.crawl(due=True).code == 0
    assert LinkState.LEASED not in states(desk, *(site.url + path for path in PATHS))
    assert set(site.paths()) >= set(PATHS)


def test_a_slow_server_does_not_hold_a_run_whose_time_is_over(desk: Desk) -> None:
    with Zoo() as park:
        url = park.house(offering("Slow", {"/slow": drips(b"HTTP/1.1 200 OK\r\n\r\n", b".")}, NOW))
        desk.configure(timeout=600, allow_ports=[park.port], allow_networks=["127.0.2.0/24"])
        desk.sources(slow=f"{url}/feed.xml")
        assert desk.crawl("--max-pages", "0").code == 0
        command = [sys.executable, "-c", HURRIED, "--home", str(desk.folder), "crawl", "--max-runtime", "4s"]
        done = subprocess.run(command, env=dict(os.environ), timeout=60, check=False)
    assert done.returncode == 124
    assert states(desk, f"{url}/slow") == [LinkState.DISCOVERED], "given back"


def test_a_run_without_time_asks_nobody(site: Site, desk: Desk) -> None:
    desk.configure(site)
    desk.sources(garden=publish(site))
    assert desk.crawl("--max-runtime", "0s").code == 124
    assert site.requests == []


@pytest.mark.parametrize("span", ["soon", "10", "-5m", "1y"])
def test_a_time_that_is_none_is_refused(span: str) -> None:
    with pytest.raises(UsageError, match=r'--max-runtime .* such as "30m"'):
        span_of(span, "--max-runtime")


def test_while_a_run_lives_nobody_else_gets_its_links(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    run = Runs(database).start("crawl", version="1", at=NOW)
    url = "https://example.org/garden"
    link = Link(key=url_key(url), url=url, source="garden")
    Polls(database).record(Poll(source="garden", url=url, at=NOW, state=PollState.OK, links=(link,)), run=run)
    ledger, memory = Ledger(database), StoredMemory(database, run=run, owner="me")

    async def work() -> None:
        await memory.start()
        leased_at = datetime.now(UTC) - LEASE + timedelta(minutes=1)  # nearly over
        assert await memory.lease("garden", at=leased_at, limit=9) == [link]
        await memory.attempts(link.key)  # whatever it does

    asyncio.run(work())
    soon = datetime.now(UTC) + LEASE - RENEWED
    assert ledger.lease("garden", owner="other", at=soon, until=soon + LEASE, limit=9) == []
    asyncio.run(memory.close())
    assert ledger.lease("garden", owner="other", at=soon, until=soon + LEASE, limit=9) == [link]
    database.close()
