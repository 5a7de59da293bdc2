"""Whether a database is whole; upgrades that are killed; a disk that is full; many writers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, text

import storage
from storage.backup import verify
from storage.database import HEAD, Database
from storage.errors import StorageError
from storage.ledger import Ledger
from storage.upkeep import check, look, newest_time, owners, vacuum
from tests.bench.writers import contest
from tests.storage.shelf import dies, everything, fill
from tests.storage.test_contract import NOON, Room, link

if TYPE_CHECKING:
    from collections.abc import Iterator

LINKS = 200


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of the first schema, with links in it."""
    path = tmp_path / "spywire.db"
    engine, config = create_engine(f"sqlite:///{path}"), Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO runs VALUES (1, 'crawl', '0', '2026-11-22', NULL, NULL, '{}')"))
        for n in range(LINKS):
            connection.execute(
                text(
                    "INSERT INTO links (id, key, url, source, authors, discovered_at, discovered_by, state, reason, "
                    "attempts) VALUES (:n, :n, 'u', 'wire', '[]', '2026-11-22 12:00:00', 1, 'discovered', '', 0)"
                ),
                {"n": n + 1},
            )
    engine.dispose()
    return path


def test_an_upgrade_that_is_killed_leaves_the_old_schema_or_the_new_one(old: Path) -> None:
    url, deaths = f"sqlite:///{old}", 0
    for at in (3, 8, 15, 25, 40, 60, 90):
        deaths += dies(partial(Database.open, url), at=at)
        with closing(sqlite3.connect(old)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT count(*) FROM links").fetchone() == (LINKS,)
        assert look(url) in {"0001", HEAD}
    assert deaths >= 5
    database = Database.open(url)
    assert check(database).faults == ()
    assert Ledger(database).count_waiting("wire", at=NOON) == LINKS
    database.close()


def test_an_older_file_is_kept_as_it_was(old: Path) -> None:
    Database.open(f"sqlite:///{old}").close()
    assert verify(old.with_name(f"spywire.db.before-{HEAD}")) == "0001"


def test_a_file_that_need_not_be_kept_is_not(old: Path) -> None:
    Database.open(f"sqlite:///{old}", keep_before=False).close()
    assert sorted(path.name for path in old.parent.iterdir()) == ["spywire.db"]


def test_a_whole_database_has_no_fault(database: Database) -> None:
    fill(database, 8)
    found = check(database)
    assert found.faults == ()
    assert found.rows["links"] == 8
    assert newest_time(database) == NOON
    assert owners(database) == ["host:/home"]


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        ("DELETE FROM verdicts WHERE article_id = 1", "1 articles have no verdict"),
        ("UPDATE links SET lease_until = NULL WHERE state = 'leased'", "1 links are leased by nobody"),
        ("DELETE FROM search", "articles cannot be found by search"),
        ("UPDATE links SET state = 'flagged' WHERE id = 2", "1 links were judged, and have no article"),
    ],
)
def test_what_breaks_our_own_rules_is_told(tmp_path: Path, harm: str, fault: str) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    fill(database, 6)
    with database.write() as session:
        session.execute(text(harm))
    assert any(fault in told for told in check(database).faults), check(database).faults
    database.close()


def test_what_refers_to_nothing_is_told(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    fill(database, 6)
    with closing(sqlite3.connect(tmp_path / "spywire.db")) as connection:
        connection.execute("DELETE FROM runs")  # without foreign_keys=ON
        connection.commit()
    assert "6 links: their discovered_by is not in runs" in check(database).faults
    database.close()


def test_vacuum_gives_room_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'spywire.db'}"
    database = Database.open(url)
    fill(database, 60)
    with database.write() as session:
        for table in ("bands", "paragraphs", "prints"):
            session.execute(text(f"DELETE FROM {table}"))
    left = everything(database)
    before, after = vacuum(database, url)
    assert after < before
    assert everything(database) == left
    database.close()


def test_vacuum_goes_on_beside_others_on_postgresql(database: Database, database_url: str) -> None:
    fill(database, 4)
    assert all(size > 0 for size in vacuum(database, database_url))


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[Database, Path]]:
    """A database whose disk has room for little more, until it is told otherwise."""
    path = tmp_path / "spywire.db"
    database = Database.open(f"sqlite:///{path}")
    yield database, path
    database.close()


def test_a_full_disk_ends_in_an_error_and_harms_nothing(full: tuple[Database, Path]) -> None:
    database, path = full
    room, limits = Room(database), list[int]()

    @event.listens_for(database._engine, "begin")
    def limit(connection: object) -> None:
        pages = limits[-1] if limits else 2**30
        connection.connection.dbapi_connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    limits.append(path.stat().st_size // 4096 + 4)
    done: list[int] = []

    def go_on() -> None:
        while len(done) < 1000:
            done.append(room.discover(link(len(done))))

    with pytest.raises(StorageError, match=r"database or disk is full.*make room on its disk"):
        go_on()
    assert 0 < sum(done) < 1000
    limits.append(2**30)
    assert check(database).faults == ()
    assert check(database).rows["links"] == sum(done)
    assert room.discover(link(2000)) == 1


def test_four_writers_and_a_reader_do_not_lock_each_other_out(tmp_path: Path) -> None:
    """What the times are is for `make bench-writers`, on a machine that does nothing else."""
    found = contest(tmp_path, seconds=2)
    assert found.failures == ()
    assert (found.lost, found.integrity) == (0, "ok")
    assert found.writes > 4
