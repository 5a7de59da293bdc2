"""Opening, upgrading and refusing databases."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import storage
from storage.database import HEAD, Database
from storage.errors import SchemaNewerError, StorageError
from storage.polls import Polls
from storage.records import Link, Poll, PollState
from storage.runs import Runs
from storage.tables import Table


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    return config


def differences(url: str) -> list[object]:
    """Between the database and the tables of the code."""
    engine = create_engine(url)
    with engine.connect() as connection:
        ours = {"include_name": lambda name, _kind, _parents: not str(name).startswith("search")}  # the full-text index
        found = compare_metadata(MigrationContext.configure(connection, opts=ours), Table.metadata)
    engine.dispose()
    return list(found)


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    assert ScriptDirectory.from_config(migrations()).get_current_head() == HEAD


def test_the_migrations_build_exactly_the_tables_of_the_code(database_url: str) -> None:
    Database.open(database_url).close()
    assert differences(database_url) == []


def test_a_database_of_the_time_before_0002_was_settled_is_upgraded_too(database_url: str) -> None:
    config, engine = migrations(), create_engine(database_url)
    fourth = ScriptDirectory.from_config(config).get_revision("0004").module
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        with Operations.context(MigrationContext.configure(connection)):
            fourth._look_again_and_purge()
        connection.exec_driver_sql("ALTER TABLE revisits DROP COLUMN url")
    engine.dispose()
    Database.open(database_url).close()
    assert differences(database_url) == []


def test_opening_twice_upgrades_once(database_url: str) -> None:
    for _ in range(2):
        Database.open(database_url).close()


def test_many_first_starts_at_once_agree(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for database in pool.map(Database.open, [database_url] * 4):
            database.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spywire.db"
    Database.open(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(SchemaNewerError, match=r"schema 9999.*install the newer spywire"):
        Database.open(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", r"\[storage\] url is not a database URL"),
        ("mysql://localhost/spywire", r"\[storage\] url names mysql"),
        (
            "postgresql://postgres:sesame@127.0.0.1:1/none",
            r"postgres:\*\*\*@127\.0\.0\.1:1/none.*check \[storage\] url",
        ),
        ("sqlite:////proc/no/such/folder/spywire.db", r"cannot open the database sqlite:////proc"),
    ],
)
def test_what_cannot_be_opened_says_why(url: str, message: str) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        Database.open(url)
    assert "sesame" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spywire.db").write_text("This is a letter, not a database. " * 100)
    with pytest.raises(StorageError, match="file is not a database"):
        Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")


def test_two_writers_wait_for_each_other(database_url: str) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    databases = [Database.open(database_url) for _ in range(4)]
    run = Runs(databases[0]).start("crawl", version="0", at=at)

    def write(n: int) -> int:
        link = Link(key=f"example.org/{n}", url=f"https://example.org/{n}", source="wire")
        poll = Poll(source="wire", url="u", at=at, state=PollState.OK, links=(link,))
        return Polls(databases[n % 4]).record(poll, run=run)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, range(80))) == 80
    for database in databases:
        database.close()


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StorageError, match="naive datetime"):
        Runs(database).start("crawl", version="0", at=datetime(2026, 11, 22))  # noqa: DTZ001
