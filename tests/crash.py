"""Kills a crawl again and again at random moments, and counts what is lost, stored twice or fetched once more."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import text

from storage.database import Database
from tests.web import Site, rss, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.newsdesk import Desk

HOSTS = 20


@dataclass(frozen=True)
class Toll:
    """What `kills` kills did to a crawl of `links` links over `HOSTS` hosts."""

    kills: int
    links: int
    reached: int  # links that were settled when the last kill came
    lost: int  # links without a final state
    twice: int  # articles stored more than once
    refetched: int  # pages asked for again by a later run: they were in flight when a kill came
    repeated: int  # pages asked for again by the same run
    integrity: str


def torment(folder: Path, *, kills: int, links: int, seed: int, storage: str = "", longest: float = 3.0) -> Toll:
    """Crawl with `kills` kills at most `longest` seconds after each start, then once in peace. Seeded."""
    from tests.newsdesk import Desk

    random, desk = Random(seed), Desk(folder)
    with ExitStack() as stack:
        sites = [stack.enter_context(Site(f"127.0.4.{n + 1}")) for n in range(HOSTS)]
        publish(sites, links)
        desk.configure(*sites, storage=storage)
        desk.sources(**{f"host_{n}": f"{site.url}/feed.xml" for n, site in enumerate(sites)})
        done = repeated = 0
        url = storage or f"sqlite:///{folder / 'spywire.db'}"
        while done < kills and _settled(url) < links:  # a crawl with nothing left to do cannot be killed at work
            before = _fetched(sites)
            begun = sum(before.values()) if done % 2 else -1
            done += _killed(desk, after=random.uniform(0.3, longest), reached=partial(_more, sites, begun))
            repeated += sum(count - 1 for count in (_fetched(sites) - before).values())
        reached = _settled(url)
        with desk.started("crawl", "--all") as peace:
            assert peace.wait() == 0, peace.said()
        fetched = _fetched(sites)
    lost, known, stored, different, loose = _counted(url)
    integrity = "ok" if not loose else f"{loose} rows point nowhere"
    if not storage:
        with Database.open(url).read() as session:
            integrity = str(session.scalar(text("pragma integrity_check")))
    return Toll(
        kills=done,
        links=links,
        reached=reached,
        lost=lost + links - known,
        twice=stored - different,
        refetched=sum(fetched.values()) - len(fetched),
        repeated=repeated,
        integrity=integrity,
    )


def _settled(url: str) -> int:
    database = Database.open(url)
    with database.read() as session:
        count = int(session.scalar(text("select count(*) from links where settled_at is not null")) or 0)
    database.close()
    return count


def _counted(url: str) -> tuple[int, ...]:
    """Links without an end, links, articles, different articles, and rows that point nowhere."""
    unsettled = "state in ('discovered', 'leased') or (state = 'failed' and retry_at is not null)"
    queries = (
        f"select count(*) from links where {unsettled}",
        "select count(*) from links",
        "select count(*) from articles",
        "select count(distinct url) from articles",
        "select count(*) from articles a left join verdicts v on v.article_id = a.id where v.id is null",
    )
    database = Database.open(url)
    with database.read() as session:
        counts = tuple(int(session.scalar(text(query)) or 0) for query in queries)
    database.close()
    return counts


def _fetched(sites: list[Site]) -> Counter[str]:
    return Counter(site.url + path for site in sites for path in site.paths() if path.startswith("/story"))


def publish(sites: list[Site], links: int) -> None:
    """Stories on the sites, and a feed on each that names its own."""
    now = datetime.now(UTC)
    for n, site in enumerate(sites):
        items = []
        for number in range(n, links, len(sites)):
            title = f"The garden of house number {number} opens on Sunday"
            body = f"The roses of house number {number} are out early this year, and the gate stands open. " * 6
            items.append((title, site.add(f"/story-{number}", story(title, body, body)), now))
        site.add("/feed.xml", rss(items), Content_Type="application/rss+xml")


def _more(sites: list[Site], before: int) -> bool:
    return sum(_fetched(sites).values()) > before


def _killed(desk: Desk, *, after: float, reached: Callable[[], bool]) -> bool:
    """Start a crawl and kill it with all its children; whether it was still alive."""
    with desk.started("crawl") as process:
        until = time.monotonic() + 60
        while not reached() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)  # every second kill comes once pages are on their way, however slow the machine
        try:
            process.wait(after)
        except TimeoutError:
            process.kill()
            return True
    return False
