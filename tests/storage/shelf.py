"""An archive with a row of nearly everything, and ways to die while it is worked on."""

from __future__ import annotations

import itertools
import os
import signal
import traceback
import warnings
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from storage.archive import Archive
from storage.hosts import Hosts
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import (
    Claim,
    Decision,
    EntityKind,
    Findings,
    Hedge,
    Judged,
    LinkState,
    Mention,
    Parked,
    Poll,
    PollState,
    RobotsFile,
    Role,
    Sketch,
)
from storage.runs import Runs
from storage.tables import StoryRow, Table
from tests.storage.test_contract import NOON, article, link, settled, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.database import Database

ODD = "Zażółć gęślą jaźń, 海洋研究所, \N{PILE OF POO}, \\N \\. \t 'quoted' \"twice\""
FOUND = Findings(
    mentions=(
        Mention(entity="apt28", kind=EntityKind.ACTOR, name="APT28", role=Role.ATTACKER, text="APT28", start=3, end=8),
    ),
    claims=(
        Claim(
            claimant=None,
            accused="APT28",
            accused_entity="apt28",
            hedge=Hedge.STATED,
            hedge_text=None,
            victim=None,
            victim_country="NO",
            sector=None,
            quote="q",
            start=0,
            end=9,
        ),
    ),
)


def fill(database: Database, count: int) -> None:
    """Links, articles of every verdict, findings, sketches, stories of which one was merged into a later one."""
    run = Runs(database).start("crawl", version="0", at=NOON)
    links = tuple(link(n) for n in range(count))
    Polls(database).record(Poll(source="wire", url="u", at=NOON, state=PollState.OK, links=links, etag='"1"'), run=run)
    Hosts(database).park("b.example", Parked(until=NOON, because="HTTP 429"))
    Hosts(database).park("A.example", Parked(until=NOON + timedelta(microseconds=1), because=ODD))
    Hosts(database).keep_robots("https://ä.example", RobotsFile(status=200, body=bytes(range(256)), fetched_at=NOON))
    decisions = (Decision.FLAG, Decision.HOLD, Decision.REJECT)
    for n in range(0, count, 2):
        decision = decisions[n // 2 % 3]
        state = {"flag": LinkState.FLAGGED, "hold": LinkState.HELD, "reject": LinkState.REJECTED}[decision]
        judged = Judged(
            key=link(n).key,
            article=replace(article(n), text=f"Story {n} of the harbour spies. {ODD}", summary=None),
            verdict=replace(verdict(decision), score=0.1 + n / 3),
            findings=FOUND,
            sketch=Sketch(size=40, hashes=tuple(range(n * 1000 - 2**60, n * 1000 - 2**60 + 24))),
        )
        Archive(database).add(judged, settled(n, state), run=run)
    Ledger(database).lease("wire", owner="host:/home", at=NOON, until=NOON + timedelta(hours=2), limit=1)
    story = {"first_seen": NOON, "last_seen": NOON, "roundup": False}
    rows = [{"id": 1, "public": "S-1", "merged_into": 2, **story}, {"id": 2, "public": "S-2", **story}]
    with database.write() as session:
        for row in reversed(rows):
            session.add(StoryRow(**row))
            session.flush()


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with database.read() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(*table.columns))), key=repr)
            for table in Table.metadata.sorted_tables
        }


def dies(work: Callable[[], object], *, at: int) -> bool:
    """Do work in a process that kills itself at the `at`-th statement it sends to a database; whether it got there.

    The work opens what it needs: connections of this process are not its own.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a thread of this process might hold a lock: none does
        child = os.fork()
    if child == 0:
        left = itertools.count(at - 1, -1)

        @event.listens_for(Engine, "before_cursor_execute")
        def _count(*_: object) -> None:
            if next(left) <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            work()
        except BaseException:  # noqa: BLE001 - this process must not go on as a second pytest
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, "the work failed before it was killed"
    return status == signal.SIGKILL
