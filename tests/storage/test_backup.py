"""Backups while everything goes on, and files put back."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.backup import backup, restore, spare, verify
from storage.database import HEAD, Database
from storage.errors import OccupiedError, SchemaNewerError, StorageError
from storage.upkeep import check
from tests.storage.shelf import everything, fill
from tests.storage.test_contract import Room, link

if TYPE_CHECKING:
    from pathlib import Path


def silent(*_: object) -> None:
    """Nobody watches."""


def test_a_backup_holds_everything_and_is_one_file(database: Database, database_url: str, tmp_path: Path) -> None:
    fill(database, 8)
    target = tmp_path / "kept" / "backup.db"
    backup(database, database_url, target, watch=silent)
    assert [path.name for path in target.parent.iterdir()] == ["backup.db"]
    assert verify(target) == HEAD
    copied = Database.open(f"sqlite:///{target}")
    assert everything(copied) == everything(database)
    assert check(copied).faults == ()
    copied.close()


def test_a_backup_beside_a_writer_is_of_one_moment(tmp_path: Path) -> None:
    """A poll and its link are one transaction: in no backup is one without the other."""
    url = f"sqlite:///{tmp_path / 'spywire.db'}"
    database = Database.open(url)
    room, over = Room(database), threading.Event()

    def write() -> None:
        n = 0
        while not over.is_set():
            room.discover(link(n := n + 1))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            backup(database, url, tmp_path / f"{n}.db", watch=silent)
    finally:
        over.set()
        writer.join()
    database.close()
    seen = []
    for n in range(5):
        with closing(sqlite3.connect(tmp_path / f"{n}.db")) as copied:
            polls, links = copied.execute(
                "SELECT (SELECT count(*) FROM polls), (SELECT count(*) FROM links)"
            ).fetchone()
        assert polls == links
        seen.append(polls)
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_a_backup_comes_back_and_the_old_file_is_put_aside(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    fill(database, 6)
    before, target = everything(database), tmp_path / "backup.db"
    backup(database, database_url, target, watch=silent)
    Room(database).discover(link(50))
    database.close()
    with pytest.raises(OccupiedError, match=r"already: name"):
        restore(target, database_url, force=False, room=tmp_path, watch=silent)
    aside = restore(target, database_url, force=True, room=tmp_path, watch=silent)
    again = Database.open(database_url)
    assert everything(again) == before
    assert check(again).faults == ()
    again.close()
    if aside is not None:
        old = Database.open(f"sqlite:///{aside}")
        assert len(everything(old)["links"]) == 7
        old.close()


def test_what_is_damaged_or_no_backup_is_not_restored(tmp_path: Path) -> None:
    url, target = f"sqlite:///{tmp_path / 'spywire.db'}", tmp_path / "backup.db"
    database = Database.open(url)
    fill(database, 40)
    backup(database, url, target, watch=silent)
    database.close()
    whole = target.read_bytes()
    middle = len(whole) // 2
    target.write_bytes(whole[:middle] + b"\xff" * 8192 + whole[middle + 8192 :])
    (tmp_path / "half.db").write_bytes(whole[:middle])
    (tmp_path / "letter.db").write_text("Dear database, ...")
    for name, words in (("backup.db", "damaged|cannot be read"), ("half.db", "damaged|cannot be read")):
        with pytest.raises(StorageError, match=words):
            restore(tmp_path / name, url, force=True, room=tmp_path, watch=silent)
    for name, words in (("letter.db", "is not an SQLite file"), ("none.db", "cannot be read as a backup")):
        with pytest.raises(StorageError, match=words):
            restore(tmp_path / name, url, force=True, room=tmp_path, watch=silent)
    Database.open(url).close()


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url, target = f"sqlite:///{tmp_path / 'spywire.db'}", tmp_path / "backup.db"
    Database.open(f"sqlite:///{target}").close()
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
        connection.execute("PRAGMA journal_mode=DELETE")
    with pytest.raises(SchemaNewerError, match="install the newer"):
        restore(target, url, force=False, room=tmp_path, watch=silent)


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'spywire.db'}"
    database = Database.open(url)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write .*file/backup\.db"):
        backup(database, url, tmp_path / "file" / "backup.db", watch=silent)
    database.close()


@given(st.sets(st.integers(10, 59), max_size=20), st.integers(1, 9))
def test_only_the_oldest_dated_backups_are_spare(minutes: set[int], keep: int) -> None:
    names = [f"spywire-20261122T12{minute}00Z.db" for minute in minutes]
    gone = spare([*names, "spywire.db", "my-backup.db", "spywire-2026.db"], keep=keep)
    assert len(names) - len(gone) == min(keep, len(names))
    assert set(gone) <= set(names)
    assert all(name < kept for name in gone for kept in set(names) - set(gone))
