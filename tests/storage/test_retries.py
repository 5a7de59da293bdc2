"""A server that throws transactions out, drops connections, or is away for a while."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, select, text

from storage.database import Database
from storage.errors import PassingError, StorageError
from storage.polls import Polls
from storage.records import Link, Poll, PollState
from storage.runs import Runs
from storage.tables import LinkRow, PollRow
from tests.conftest import made_database, plain
from tests.postgres import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAILS_ONCE = "DO $$ BEGIN RAISE EXCEPTION 'thrown out' USING ERRCODE = '{}'; END $$"


@pytest.fixture(scope="module")
def shared_url(postgres_server: str) -> Iterator[str]:
    """A database for all tests here."""
    with made_database(postgres_server) as url:
        Database.open(url).close()
        yield url


@pytest.fixture
def url(shared_url: str) -> str:
    """It, empty."""
    with psycopg.connect(plain(shared_url)) as connection:
        for table in ("hosts", "polls", "links", "runs"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    return shared_url


def cut(url: str) -> None:
    """Drop every connection to the database, as a restart does."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def poll(n: int) -> Poll:
    link = Link(key=f"example.org/{n}", url=f"https://example.org/{n}", source="wire")
    return Poll(source="wire", url=f"u{n}", at=NOON, state=PollState.OK, links=(link,))


def counts(database: Database) -> tuple[int, int, int]:
    """Links, polls, and polls that say they found a new link."""
    with database.read() as session:
        queries = (LinkRow.id, PollRow.id, PollRow.id)
        links, polls, _ = (session.scalar(select(func.count(column))) or 0 for column in queries)
        return links, polls, session.scalar(select(func.count()).where(PollRow.new == 1)) or 0


def test_a_connection_that_was_dropped_between_two_transactions_is_not_noticed(url: str) -> None:
    database = Database.open(url, patience=5)
    run = Runs(database).start("crawl", version="0", at=NOON)
    cut(url)
    assert Polls(database).record(poll(1), run=run) == 1
    database.close()


def test_a_transaction_that_was_cut_is_done_again_as_a_whole(url: str) -> None:
    database, tries = Database.open(url, patience=5), []

    def work() -> int:
        with database.write() as session:
            session.execute(text("INSERT INTO hosts VALUES ('example.org', now(), 'busy')"))
            tries.append(1)
            if len(tries) == 1:
                cut(url)
            return session.scalar(text("SELECT count(*) FROM hosts")) or 0

    assert database.again(work) == 1
    assert len(tries) == 2
    database.close()


@pytest.mark.parametrize("code", ["40001", "40P01", "57P01", "08006"])
def test_what_the_server_threw_out_is_done_again(url: str, code: str) -> None:
    database, tries = Database.open(url, patience=5), []

    def work() -> int:
        with database.write() as session:
            tries.append(1)
            if len(tries) < 3:
                session.execute(text(FAILS_ONCE.format(code)))
            return len(tries)

    assert database.again(work) == 3
    database.close()


def test_a_mistake_is_not_done_again(url: str) -> None:
    database, tries = Database.open(url, patience=5), []

    def work() -> None:
        with database.write() as session:
            tries.append(1)
            session.execute(text("INSERT INTO hosts VALUES (NULL, now(), 'busy')"))

    with pytest.raises(StorageError, match="null value") as caught:
        database.again(work)
    assert not isinstance(caught.value, PassingError)
    assert len(tries) == 1
    database.close()


def test_patience_has_an_end(url: str) -> None:
    database = Database.open(url, patience=0.5)
    started = time.monotonic()

    def work() -> None:
        with database.write() as session:
            session.execute(text(FAILS_ONCE.format("40001")))

    with pytest.raises(PassingError, match="thrown out"):
        database.again(work)
    assert 0.4 < time.monotonic() - started < 3
    database.close()


def test_a_commit_whose_answer_was_lost_is_not_done_twice(url: str) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(plain(url))
    with Wire(int(parts.get("port") or 5432)) as wire:
        through = f"postgresql://{parts.get('user', '')}@127.0.0.1:{wire.port}/{parts['dbname']}"
        database = Database.open(through, patience=5)
        run = Runs(database).start("crawl", version="0", at=NOON)
        for n in range(5):
            wire.lose_commit = True
            assert database.again(Polls(database).record, poll(n), run=run) == 1
        assert wire.lost == 5
        assert counts(database) == (5, 5, 5)
        database.close()


def test_nothing_is_lost_or_written_twice_while_connections_are_dropped_all_the_time(url: str) -> None:
    database = Database.open(url, patience=20)
    run = Runs(database).start("crawl", version="0", at=NOON)
    written = 0
    with _chaos(url) as cuts:
        while written < 60 or len(cuts) < 5:
            database.again(Polls(database).record, poll(written), run=run)
            written += 1
    assert counts(database) == (written, written, written)
    database.close()


@contextmanager
def _chaos(url: str) -> Iterator[list[int]]:
    over, cuts = threading.Event(), []

    def chaos() -> None:
        while not over.wait(0.1):
            cut(url)
            cuts.append(1)

    thread = threading.Thread(target=chaos)
    thread.start()
    try:
        yield cuts
    finally:
        over.set()
        thread.join()
