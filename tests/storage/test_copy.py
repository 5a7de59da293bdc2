"""From SQLite to PostgreSQL and back: everything, once, whatever happens in between."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest

import storage.copy
from storage.copy import copy
from storage.database import Database
from storage.errors import OccupiedError, StorageError
from storage.queries import parse
from storage.records import LinkState, Settled
from storage.runs import Runs
from storage.search import Narrowed, Search
from storage.upkeep import check
from tests.conftest import made_database, plain
from tests.storage.shelf import dies, everything, fill
from tests.storage.test_contract import NOON, Room, link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def silent(*_: object) -> None:
    """Nobody watches."""


def copy_anew(folder: Path, url: str) -> None:
    """Copy as a process of its own does."""
    copy(Database.open(f"sqlite:///{folder / 'source.db'}"), url, watch=silent)


@pytest.fixture(autouse=True)
def _in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.copy, "BATCH", 7)
    monkeypatch.setattr(storage.copy, "INDEXED", 3)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'source.db'}")
    fill(database, 16)
    yield database
    database.close()


@pytest.fixture
def server(postgres_server: str) -> Iterator[str]:
    with made_database(postgres_server) as url:
        yield url


def test_everything_arrives_in_postgresql_and_comes_back(source: Database, server: str, tmp_path: Path) -> None:
    back = f"sqlite:///{tmp_path / 'back.db'}"
    told: list[tuple[str, int, int]] = []
    copied = copy(source, server, watch=lambda *step: told.append(step))
    there = Database.open(server)
    copy(there, back, watch=silent)
    returned = Database.open(back)
    assert everything(source) == everything(there) == everything(returned)
    assert copied.rows["links"] == 16
    assert ("links", 16, 16) in told
    for database in (there, returned):
        assert check(database).faults == ()
        hits = Search(database).find(parse("harbour spies"), Narrowed(), limit=50)
        assert len(hits.articles) == 8
        assert Runs(database).start("crawl", version="0", at=NOON) == 2
        assert Room(database).discover(link(99)) == 1
        database.close()


@pytest.mark.parametrize("there", ["postgresql", "sqlite"])
def test_a_copy_that_is_killed_goes_on_and_is_whole(source: Database, server: str, tmp_path: Path, there: str) -> None:
    """Between two of its lives the source goes on, too."""
    url = server if there == "postgresql" else f"sqlite:///{tmp_path / 'target.db'}"
    deaths = 0
    for n, at in enumerate((190, 230, 280, 330)):
        deaths += dies(partial(copy_anew, tmp_path, url), at=at)
        if n == 1:
            with pytest.raises(StorageError, match="a copy into this database was not finished"):
                Database.open(url)
            _live_on(source)
    assert deaths >= 3
    copy(source, url, watch=silent)
    target = Database.open(url)
    assert everything(source) == everything(target)
    assert check(target).faults == ()
    target.close()


def _live_on(source: Database) -> None:
    Room(source).discover(link(200), link(201))
    Room(source).ledger.release(owner="host:/home")
    with source.write() as session:
        for statement in ("DELETE FROM bands WHERE article_id = 3", "UPDATE articles SET text = '' WHERE id = 2"):
            session.connection().exec_driver_sql(statement)


@pytest.mark.parametrize("there", ["postgresql", "sqlite"])
def test_a_target_that_holds_something_is_refused_and_left_alone(
    source: Database, server: str, tmp_path: Path, there: str
) -> None:
    url = server if there == "postgresql" else f"sqlite:///{tmp_path / 'target.db'}"
    target = Database.open(url)
    Runs(target).start("crawl", version="0", at=NOON)
    before = everything(target)
    with pytest.raises(OccupiedError, match="holds 1 runs already: name an empty database"):
        copy(source, url, watch=silent)
    assert everything(target) == before
    target.close()


def test_a_database_of_somebody_else_is_refused(source: Database, server: str, tmp_path: Path) -> None:
    with psycopg.connect(plain(server), autocommit=True) as connection:
        connection.execute("CREATE TABLE accounts (id integer)")
    with pytest.raises(OccupiedError, match=r"holds something else \(accounts\)"):
        copy(source, server, watch=silent)
    with closing(sqlite3.connect(tmp_path / "notes.db")) as other:
        other.execute("CREATE TABLE notes (id integer)")
    with pytest.raises(OccupiedError, match=r"holds something else \(notes\)"):
        copy(source, f"sqlite:///{tmp_path / 'notes.db'}", watch=silent)


@pytest.mark.usefixtures("source")
def test_the_beginning_of_another_copy_is_refused(tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    assert dies(partial(copy_anew, tmp_path, target), at=230)
    other = Database.open(f"sqlite:///{tmp_path / 'other.db'}")
    with pytest.raises(OccupiedError, match="the beginning of another copy"):
        copy(other, target, watch=silent)
    other.close()


def test_a_row_that_the_target_cannot_take_is_named(source: Database, server: str) -> None:
    outcome = Settled(key=link(1).key, state=LinkState.GONE, reason="broken \x00 reason", at=NOON)
    Room(source).ledger.settle(outcome, run=1)
    with pytest.raises(StorageError, match=r"links 2: the target does not take this row: .*NUL"):
        copy(source, server, watch=silent)
