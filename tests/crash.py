"""Kills a crawl again and again at random moments, and counts what is lost, stored twice or fetched once more."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from tests.web import Site, rss, story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk

HOSTS = 20


@dataclass(frozen=True)
class Toll:
    """What `kills` kills did to a crawl of `links` links over `HOSTS` hosts."""

    kills: int
    links: int
    lost: int  # links without a final state
    twice: int  # articles stored more than once
    refetched: int  # pages asked for again by a later run: they were in flight when a kill came
    repeated: int  # pages asked for again by the same run
    integrity: str


def torment(folder: Path, *, kills: int, links: int, seed: int) -> Toll:
    """Crawl with `kills` kills, then once in peace. Seeded: the same moments, as far as a clock allows."""
    from tests.newsdesk import Desk

    random, desk = Random(seed), Desk(folder)
    with ExitStack() as stack:
        sites = [stack.enter_context(Site(f"127.0.4.{n + 1}")) for n in range(HOSTS)]
        _publish(sites, links)
        desk.configure(*sites)
        desk.sources(**{f"host_{n}": f"{site.url}/feed.xml" for n, site in enumerate(sites)})
        done = repeated = 0
        while done < kills:
            before = _fetched(sites)
            done += _killed(desk, after=random.uniform(0.3, 3.0))
            repeated += sum(count - 1 for count in (_fetched(sites) - before).values())
        result = desk.crawl()
        assert result.code == 0, result.err
        fetched = _fetched(sites)
    database = sqlite3.connect(folder / "spywire.db")
    open_states = "state in ('discovered', 'leased') or (state = 'failed' and retry_at is not null)"
    (lost,) = database.execute(f"select count(*) from links where {open_states}").fetchone()
    (known,) = database.execute("select count(*) from links").fetchone()
    (stored,) = database.execute("select count(*) from articles").fetchone()
    (different,) = database.execute("select count(distinct url) from articles").fetchone()
    (integrity,) = database.execute("pragma integrity_check").fetchone()
    return Toll(
        kills=done,
        links=links,
        lost=lost + links - known,
        twice=stored - different,
        refetched=sum(fetched.values()) - len(fetched),
        repeated=repeated,
        integrity=integrity,
    )


def _fetched(sites: list[Site]) -> Counter[str]:
    return Counter(site.url + path for site in sites for path in site.paths() if path.startswith("/story"))


def _publish(sites: list[Site], links: int) -> None:
    now = datetime.now(UTC)
    for n, site in enumerate(sites):
        items = []
        for number in range(n, links, len(sites)):
            title = f"The garden of house number {number} opens on Sunday"
            body = f"The roses of house number {number} are out early this year, and the gate stands open. " * 6
            items.append((title, site.add(f"/story-{number}", story(title, body, body)), now))
        site.add("/feed.xml", rss(items), Content_Type="application/rss+xml")


def _killed(desk: Desk, *, after: float) -> bool:
    """Start a crawl and kill it with all its children; whether it was still alive."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs", "--home", str(desk.folder), "crawl"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False
