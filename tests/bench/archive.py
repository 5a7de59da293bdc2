"""What an archive costs as it grows: near-duplicates, stories, search and the digest's query, at two sizes.

    python -m tests.bench.archive 100000 1000000
    python -m tests.bench.archive --postgres URL 100000

The stored articles are generated from a seed: words by Zipf's law, one in fifty flagged, one in ten of the last
days. What is measured is done to the database as the product does it.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from array import array
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, text

from crawler.shingles import sketch
from jobs.digest.preview import preview
from jobs.settings import Settings
from jobs.stories.assign import assign_all
from storage.archive import Archive
from storage.database import Database
from storage.polls import Polls
from storage.queries import parse
from storage.records import (
    NO_SKETCH,
    Article,
    Decision,
    Judged,
    Link,
    LinkState,
    Poll,
    PollState,
    Settled,
    Verdict,
)
from storage.runs import Runs
from storage.search import Narrowed, Search, enter, standing_facets
from storage.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
YEARS = timedelta(days=5 * 365)
BATCH = 5_000
WORDS = 120  # of a stored text
MEASURED = 400  # articles that are added, and queries that are asked
VOCABULARY = [a + b + c + d for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst" for d in ("", "a", "en", "ik")]
SHARES = list(accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))


def fill(database: Database, start: int, stop: int, *, seed: int = 7) -> None:
    """Articles `start` to `stop`, stored without the product's own checks, as fast as the database takes them."""
    for at in range(start, stop, BATCH):
        numbers = range(at, min(at + BATCH, stop))
        rows = [_row(number, stop, random.Random(seed * 10**9 + number)) for number in numbers]
        with database.write() as session:
            for name in ("links", "articles", "verdicts", "sketches", "bands", "stories", "members"):
                session.execute(insert(Table.metadata.tables[name]), [one for row in rows for one in row[name]])
            for row in rows:
                link, article, verdict = row["links"][0], row["articles"][0], row["verdicts"][0]
                facets = standing_facets(verdict["decision"], link["source"], link["discovered_at"], "en")
                enter(session, article["id"], article["title"], article["text"], facets)


def _row(number: int, total: int, chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    words = chance.choices(VOCABULARY, cum_weights=SHARES, k=WORDS)
    seen = NOW - YEARS * (1 - number / total)
    decision = Decision.FLAG if number % 50 == 0 else Decision.REJECT
    state = LinkState.FLAGGED if decision is Decision.FLAG else LinkState.REJECTED
    url, source = f"https://outlet{number % 900}.example/{number}", f"source-{number % 900}"
    hashes = sorted(chance.getrandbits(62) for _ in range(20))
    return {
        "links": [
            {"id": number + 1, "key": url, "url": url, "source": source, "title": None, "authors": [],
             "discovered_at": seen, "discovered_by": 1, "state": state, "reason": "generated", "attempts": 1}
        ],
        "articles": [
            {"id": number + 1, "link_id": number + 1, "key": url, "text_hash": f"{number:064}", "url": url,
             "title": " ".join(words[:9]), "text": " ".join(words), "authors": [], "outlet": source, "language": "en"}
        ],
        "verdicts": [
            {"article_id": number + 1, "judged_at": seen, "decision": decision, "score": 0.9, "threshold": 0.6,
             "reject_below": 0.1, "model": "m", "why": "generated", "evidence": []}
        ],
        "sketches": [
            {"article_id": number + 1, "family_id": number + 1, "size": 115, "hashes": array("q", hashes).tobytes()}
        ],
        "bands": [{"hash": value, "article_id": number + 1} for value in hashes],
        "stories": [
            {"id": number + 1, "public": f"S-{seen:%Y%m%d}-{number}", "first_seen": seen, "last_seen": seen,
             "roundup": False}
        ][: state is LinkState.FLAGGED],
        "members": [
            {"article_id": number + 1, "story_id": number + 1, "joined_at": seen, "why": "generated", "refused": [],
             "origin_id": number + 1, "origin_why": "generated"}
        ][: state is LinkState.FLAGGED],
    }  # fmt: skip


def measure(database: Database, size: int) -> dict[str, float]:
    """What it costs to add, to group, to search and to compose, with this many articles stored."""
    return {"stored": size} | _adding(database, size) | _searching(database) | _composing(database)


def _adding(database: Database, size: int) -> dict[str, float]:
    run = Runs(database).start("crawl", version="bench", at=NOW)
    archive, chance = Archive(database), random.Random(size)
    texts = [" ".join(chance.choices(VOCABULARY, cum_weights=SHARES, k=700)) for _ in range(MEASURED)]
    links = [_link(f"https://new.example/{size}/{number}") for number in range(MEASURED)]
    poll = Poll(source="new", url="https://new.example/", at=NOW, state=PollState.OK, links=tuple(links))
    Polls(database).record(poll, run=run)
    plain = [_judged(link, body, drawn=False) for link, body in zip(links[::2], texts[::2], strict=True)]
    began = process_time()
    for judged in plain:
        archive.add(judged, _settled(judged.key), run=run)
    without = (process_time() - began) / len(plain)
    began = process_time()
    for link, body in zip(links[1::2], texts[1::2], strict=True):
        judged = _judged(link, body, drawn=True)
        archive.add(judged, _settled(judged.key), run=run)
    drawn = (process_time() - began) / len(plain)
    began = process_time()
    grouped = assign_all(database, houses={}, at=NOW)
    return {
        "store ms": 1e3 * without,
        "near-duplicates ms": 1e3 * (drawn - without),
        "stories ms": 1e3 * (process_time() - began) / max(1, grouped),
    }


def _searching(database: Database) -> dict[str, float]:
    chance, search = random.Random(3), Search(database)
    kept = Narrowed(verdicts=frozenset({Decision.FLAG, Decision.HOLD}))
    asked = [query for _ in range(MEASURED // 8) for query in _queries(chance)]
    narrowings = kept, Narrowed()
    times = [_timed(partial(search.find, parse(query), only, limit=20)) for query in asked for only in narrowings]
    return {"search p50 ms": 1e3 * median(times), "search p95 ms": 1e3 * quantiles(times, n=20)[-1]}


def _queries(chance: random.Random) -> Iterator[str]:
    common, rare = VOCABULARY[chance.randrange(12)], VOCABULARY[chance.randrange(900, len(VOCABULARY))]
    yield from (common, rare, f"{common} {rare}", f'"{common} {VOCABULARY[chance.randrange(12)]}"')


def _composing(database: Database) -> dict[str, float]:
    window = {"since": NOW - timedelta(days=1), "until": NOW + timedelta(days=1)}
    return {"digest s": _timed(partial(preview, database, Settings(), sources=[], **window))}


def _timed(function: Callable[[], object]) -> float:
    began = perf_counter()
    function()
    return perf_counter() - began


def _link(url: str) -> Link:
    return Link(key=url, url=url, source="new", title="New")


def _judged(link: Link, body: str, *, drawn: bool) -> Judged:
    return Judged(
        key=link.key,
        article=Article(url=link.url, title=body[:80], text=body, outlet="New", language="en"),
        verdict=Verdict(decision=Decision.FLAG, score=0.9, threshold=0.6, reject_below=0.1, model="m", why="generated"),
        sketch=sketch(body) if drawn else NO_SKETCH,
    )


def _settled(key: str) -> Settled:
    return Settled(key=key, state=LinkState.FLAGGED, reason="generated", at=NOW, http_status=200)


def main() -> None:
    """Fill a database to each size, and measure there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--postgres", help="URL of an empty PostgreSQL database, for one size")
    asked = parser.parse_args()
    for size in sorted(asked.sizes):
        with tempfile.TemporaryDirectory() as folder:
            _fill_and_measure(asked.postgres or f"sqlite:///{Path(folder) / 'archive.db'}", size)


def _fill_and_measure(url: str, size: int) -> None:
    began, database = perf_counter(), Database.open(url)
    Runs(database).start("crawl", version="bench", at=NOW)
    fill(database, 0, size)
    with database.write() as session:
        session.execute(text("ANALYZE"))
    figures = measure(database, size)
    database.close()
    shown = "  ".join(f"{name} {value:,.2f}" for name, value in figures.items())
    print(f"{shown}  (filled and measured in {perf_counter() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
