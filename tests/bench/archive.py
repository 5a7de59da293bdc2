"""What an archive costs as it grows: near-duplicates, stories, search and the digest's query, at two sizes.

    python -m tests.bench.archive 100000 1000000
    python -m tests.bench.archive --postgresql 100000

With `--postgresql` a database is made for each size, and dropped, on the server that SPYWIRE_TEST_POSTGRES names, else
on the one at 127.0.0.1:5432; the server's own CPU time is not counted.

The stored articles are generated from a seed: words by Zipf's law, one in fifty flagged, spread over five years. Then
400 articles are added as the product does it, each of 700 words in sentences, with a dozen names out of five thousand;
of every other one no sketch is kept, and the difference of the medians is what near-duplicates cost.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from array import array
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import insert, text

from crawler.run import collect_seldom
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
    EntityKind,
    Findings,
    Judged,
    Link,
    LinkState,
    Mention,
    Poll,
    PollState,
    Settled,
    Verdict,
)
from storage.runs import Runs
from storage.search import Narrowed, Search, enter, standing_facets
from storage.tables import Table
from tests.conftest import LOCAL_POSTGRES, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
YEARS = timedelta(days=5 * 365)
BATCH = 5_000
WORDS = 120  # of a stored text
NAMES = 5_000
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
    texts = [_prose(chance) for _ in range(MEASURED)]
    links = [_link(f"https://new.example/{size}/{number}") for number in range(MEASURED)]
    poll = Poll(source="new", url="https://new.example/", at=NOW, state=PollState.OK, links=tuple(links))
    Polls(database).record(poll, run=run)
    times: dict[bool, list[float]] = {True: [], False: []}
    for number, (link, body) in enumerate(zip(links, texts, strict=True)):
        drawn = number % 2 == 1
        began = process_time()
        archive.add(_judged(link, body, drawn=drawn, chance=chance), _settled(link.key), run=run)
        times[drawn].append(process_time() - began)
    store, near = median(times[False]), median(times[True]) - median(times[False])
    began = process_time()
    grouped = assign_all(database, houses={}, at=NOW)
    stories = (process_time() - began) / max(1, grouped)
    return {
        "store ms": 1e3 * store,
        "near-duplicates ms": 1e3 * near,
        "stories ms": 1e3 * stories,
        "both ms": 1e3 * (near + stories),
    }


def _prose(chance: random.Random) -> str:
    words = chance.choices(VOCABULARY, cum_weights=SHARES, k=700)
    return " ".join(" ".join(words[at : at + 14]).capitalize() + "." for at in range(0, len(words), 14))


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
    asked = partial(preview, database, Settings(), sources=[], **window)
    began = process_time()
    taken = _timed(asked)
    return {"digest s": taken, "digest CPU s": process_time() - began}


def _timed(function: Callable[[], object]) -> float:
    began = perf_counter()
    function()
    return perf_counter() - began


def _link(url: str) -> Link:
    return Link(key=url, url=url, source="new", title="New")


def _judged(link: Link, body: str, *, drawn: bool, chance: random.Random) -> Judged:
    return Judged(
        key=link.key,
        article=Article(url=link.url, title=body[:80], text=body, outlet="New", language="en"),
        verdict=Verdict(decision=Decision.FLAG, score=0.9, threshold=0.6, reject_below=0.1, model="m", why="generated"),
        findings=Findings(mentions=tuple(_mention(body, at, chance) for at in range(0, 12 * 100, 100))),
        sketch=sketch(body) if drawn else NO_SKETCH,
    )


def _mention(body: str, at: int, chance: random.Random) -> Mention:
    number = chance.randrange(NAMES)
    said, kind = body[at : at + 9], EntityKind.ORGANISATION
    return Mention(kind=kind, name=f"Agency {number}", entity=f"agency-{number}", text=said, start=at, end=at + 9)


def _settled(key: str) -> Settled:
    return Settled(key=key, state=LinkState.FLAGGED, reason="generated", at=NOW, http_status=200)


def main() -> None:
    """Fill a database to each size, and measure there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--postgresql", action="store_true", help="measure on PostgreSQL")
    asked = parser.parse_args()
    server = os.environ.get("SPYWIRE_TEST_POSTGRES", LOCAL_POSTGRES)
    collect_seldom()  # as a crawl does
    for size in sorted(asked.sizes):
        with _on_postgresql(server) if asked.postgresql else _on_sqlite() as url:
            _fill_and_measure(url, size)


@contextmanager
def _on_sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'archive.db'}"


@contextmanager
def _on_postgresql(server: str) -> Iterator[str]:
    name = f"spywire_bench_{uuid4().hex[:12]}"
    with psycopg.connect(plain(server), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield server.rsplit("/", 1)[0] + "/" + name
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _fill_and_measure(url: str, size: int) -> None:
    began, database = perf_counter(), Database.open(url)
    Runs(database).start("crawl", version="bench", at=NOW)
    fill(database, 0, size)
    with database.write() as session:
        if url.startswith("postgresql"):
            for name in ("links", "articles", "stories"):  # which came with ids of their own
                session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {size})"))
        session.execute(text("ANALYZE"))
    filled = perf_counter()
    figures = measure(database, size)
    database.close()
    shown = "  ".join(f"{name} {value:,.2f}" for name, value in figures.items())
    print(f"{shown}  (filled in {filled - began:.0f} s, measured in {perf_counter() - filled:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
