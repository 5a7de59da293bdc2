"""`make bench-writers`: four processes write to one SQLite file and a fifth reads, all the time.

    python -m tests.bench.writers --seconds 120

Each write is one that a crawl makes: a poll with its links, an article with its verdict, a link that failed. Nobody
may be told "database is locked", and of a hundred writes ninety-nine may take no longer than 250 ms.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from storage.archive import Archive
from storage.database import Database
from storage.errors import StorageError
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import Article, Decision, Judged, Link, LinkState, Poll, PollState, Settled, Verdict
from storage.runs import Runs

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

WRITERS = 4
LINKS = 5  # of a poll
PAUSE = 0.002  # seconds between two writes: a crawl has to fetch a page in between
MOST_MS = 250.0
EARLY = 3  # writes of each writer that are not timed
WHY = "because"


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What came of it. Times are in milliseconds."""

    writes: int
    reads: int
    failures: tuple[str, ...]
    median: float
    p99: float
    slowest: float
    lost: int  # writes that were confirmed and are not there
    integrity: str

    @property
    def good(self) -> bool:
        """Whether what is promised is kept."""
        return not self.failures and not self.lost and self.p99 < MOST_MS and self.integrity == "ok"


def contest(folder: Path, *, seconds: float, writers: int = WRITERS) -> Contest:
    """Let `writers` processes and a reader work on a new file for a while."""
    path = folder / "spywire.db"
    url = f"sqlite:///{path}"
    database = Database.open(url)
    run = Runs(database).start("crawl", version="0", at=datetime.now(UTC))
    database.close()
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[str, list[float], list[str]]] = context.Queue()
    jobs = [context.Process(target=_write, args=(url, run, n, seconds, results)) for n in range(writers)]
    jobs.append(context.Process(target=_read, args=(url, seconds, results)))
    for job in jobs:
        job.start()
    found = [results.get(timeout=seconds + 120) for _ in jobs]
    for job in jobs:
        job.join()
    times = [time for kind, times, _ in found if kind == "writes" for time in times]
    connection = sqlite3.connect(path)
    (there,) = connection.execute("SELECT (SELECT count(*) FROM polls) + (SELECT count(*) FROM articles)").fetchone()
    (settled,) = connection.execute("SELECT count(*) FROM links WHERE state = 'gone'").fetchone()
    (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return Contest(
        writes=len(times),
        reads=sum(len(times) for kind, times, _ in found if kind == "reads"),
        failures=tuple(failure for _, _, failures in found for failure in failures),
        median=quantiles(times, n=2)[0],
        p99=quantiles(times, n=100)[98],
        slowest=max(times),
        lost=len(times) + writers * EARLY - there - settled,
        integrity=integrity,
    )


def _write(url: str, run: int, writer: int, seconds: float, results: Queue[tuple[str, list[float], list[str]]]) -> None:
    database, times, failures = Database.open(url), [], []
    polls, archive, ledger = Polls(database), Archive(database), Ledger(database)
    until, n = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        at = datetime.now(UTC)
        links = tuple(_link(writer, n * LINKS + k) for k in range(LINKS))
        poll = Poll(source=f"wire-{writer}", url="u", at=at, state=PollState.OK, links=links)
        text = " ".join(f"{word} of writer {writer} in round {n}" for word in ("story", "harbour", "report") * 60)
        article = Article(url=links[0].url, title=f"Story {writer}-{n}", text=text, outlet=f"Outlet {writer}")
        verdict = Verdict(
            decision=Decision.FLAG, score=0.9, threshold=0.6, reject_below=0.1, model="m", why=WHY, evidence=()
        )
        kept = Settled(key=links[0].key, state=LinkState.FLAGGED, reason=WHY, at=at, http_status=200)
        gone = Settled(key=links[1].key, state=LinkState.GONE, reason="HTTP 404", at=at, http_status=404)
        judged = Judged(key=links[0].key, article=article, verdict=verdict)
        for work in (
            lambda poll=poll: polls.record(poll, run=run),
            lambda judged=judged, kept=kept: archive.add(judged, kept, run=run),
            lambda gone=gone: ledger.settle(gone, run=run),
        ):
            started = time.perf_counter()
            try:
                work()
            except StorageError as error:
                failures.append(str(error))
            times.append((time.perf_counter() - started) * 1000)
            time.sleep(PAUSE)
        n += 1
        if n == 1:  # the first of each kind builds its statements
            until = time.monotonic() + seconds
    database.close()
    results.put(("writes", times[EARLY:], failures))


def _read(url: str, seconds: float, results: Queue[tuple[str, list[float], list[str]]]) -> None:
    database, times, failures = Database.open(url), [], []
    archive, until = Archive(database), time.monotonic() + seconds
    while time.monotonic() < until:
        started, at = time.perf_counter(), datetime.now(UTC)
        try:
            archive.decided(Decision.FLAG, since=at.replace(hour=0, minute=0), until=at)
        except StorageError as error:
            failures.append(str(error))
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(0.05)
    database.close()
    results.put(("reads", times, failures))


def _link(writer: int, n: int) -> Link:
    return Link(key=f"example.org/{writer}/{n}", url=f"https://example.org/{writer}/{n}", source=f"wire-{writer}")


def main() -> None:
    """Print what came of it; exit 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = contest(Path(folder), seconds=options.seconds)
    print(result)
    if not result.good:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
