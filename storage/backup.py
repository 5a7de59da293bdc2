"""Copies of an SQLite file that appear whole or not at all, and files put back into its place.

A backup is always an SQLite file, also that of a PostgreSQL database: it can be read anywhere, and put back into
either.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from storage.database import HEAD, Database, file_of, parse
from storage.errors import OccupiedError, SchemaNewerError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.copy import Watch

PAGES = 4096  # copied in one step
FORGOTTEN_S = 3600.0  # a part that nobody has written for so long was left by a process that died
BESIDE = ("-wal", "-shm")  # what SQLite keeps beside a file
DATED = re.compile(r"spywire-\d{8}T\d{6}Z\.db")
HEADER = b"SQLite format 3\0"


def backup(database: Database, url: str, target: Path, *, watch: Watch) -> None:
    """Write what the database holds now into an SQLite file, beside whatever else goes on in it."""
    source = file_of(parse(url))
    with appearing(target) as part:
        if source is not None:
            _copy_pages(source, part, watch)
        else:
            from storage.copy import copy

            copy(database, f"sqlite:///{part}", watch=watch)
        _settle(part)


def copy_before(path: Path, revision: str) -> Path:
    """Copy a file that is about to be upgraded to a revision; to be called while nobody else may write it."""
    target = path.with_name(f"{path.name}.before-{revision}")
    need, free = _size(path), shutil.disk_usage(path.parent).free
    if need > free:
        raise StorageError(
            f"{path} is copied before it is upgraded, which needs {need >> 20} MiB, and {free >> 20} MiB are free: "
            f"make room, or run `spywire db upgrade --no-copy` with a backup of your own"
        )
    with appearing(target) as part:
        _copy_pages(path, part, lambda *_: None)
        _settle(part)
    return target


def restore(source: Path, url: str, *, force: bool, room: Path, watch: Watch) -> Path | None:
    """Put a backup into the place of a database; gives where the SQLite file lies that was there.

    `room` is a folder for a while. Nobody may have the old file open: who has goes on with that one. Raises
    `OccupiedError` where something is stored already, unless it is forced; `StorageError` for a damaged backup.
    """
    revision = verify(source)
    if revision > HEAD:
        raise SchemaNewerError(
            f"{source} has schema {revision}, this spywire knows up to {HEAD}: install the newer one"
        )
    path = file_of(parse(url))
    if path is None:
        _restore_into_server(source, url, force=force, room=room, watch=watch)
        return None
    if path.exists() and not force:
        raise OccupiedError(f"{path} is there already: name another home")
    with appearing(path) as part:
        shutil.copyfile(source, part)
        _sync(part)
        aside = _put_aside(path)
    Database.open(url, keep_before=False).close()
    return aside


def verify(path: Path) -> str:
    """The schema of a backup that is whole. Raises `StorageError` for any other file."""
    try:
        with path.open("rb") as file:
            if file.read(len(HEADER)) != HEADER:
                raise StorageError(f"{path} is not an SQLite file: name a file that `spywire db backup` wrote")
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{path} cannot be read as a backup: {error}") from error
    if faults != ["ok"] or orphans or revision is None:
        cause = "; ".join(faults) if faults != ["ok"] else f"{len(orphans)} rows lack what they refer to"
        raise StorageError(f"{path} is damaged ({cause}): name another backup")
    return str(revision[0])


def spare(names: Iterable[str], *, keep: int) -> list[str]:
    """Of a folder's files the dated backups that are not among the newest `keep`."""
    return sorted(name for name in names if DATED.fullmatch(name))[:-keep]


def _restore_into_server(source: Path, url: str, *, force: bool, room: Path, watch: Watch) -> None:
    from storage.copy import clear, copy

    with TemporaryDirectory(dir=room, prefix=".restore-") as folder:
        whole = Path(folder) / "spywire.db"  # an older schema is brought up to date, and not in the backup itself
        shutil.copyfile(source, whole)
        database = Database.open(f"sqlite:///{whole}", keep_before=False)
        try:
            if force:  # not before the backup is known to be usable here
                clear(url)
            copy(database, url, watch=watch)
        finally:
            database.close()


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A path to write to; the file appears under the target's name at the end, on the disk, or never.

    Raises `StorageError`.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        yield part
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"cannot write {target}: {error}; check its disk and rights") from error
    finally:
        for left in (part, *(part.with_name(part.name + end) for end in BESIDE)):
            with suppress(OSError):  # what went wrong was told already
                left.unlink(missing_ok=True)


def _copy_pages(source: Path, part: Path, watch: Watch) -> None:
    """SQLite's own online backup, of one moment: writers beside it go on and do not make it begin again."""
    with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=15)) as reading:
        reading.isolation_level = None
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment
        with closing(sqlite3.connect(part)) as writing:
            reading.backup(writing, pages=PAGES, progress=lambda _, left, all_: watch("pages", all_ - left, all_))


def _settle(part: Path) -> None:
    """Make it one file that needs nothing beside it, and see that it is whole."""
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StorageError(f"the copy is damaged, and so may be what was copied: {found}; run `spywire db check`")


def _put_aside(target: Path) -> Path | None:
    """The log goes first: without its file it must not be found beside another one."""
    if not target.exists():
        for end in BESIDE:
            target.with_name(target.name + end).unlink(missing_ok=True)
        return None
    aside = target.with_name(f"{target.name}.replaced")
    if aside.exists():
        raise OccupiedError(f"{aside} is there from an earlier restore: move it away first")
    for end in (*BESIDE, ""):
        path = target.with_name(target.name + end)
        if path.exists():
            path.rename(aside.with_name(aside.name + end))
    return aside


def _sweep(target: Path) -> None:
    for left in target.parent.glob(f".{target.name}.*.part*"):
        if time.time() - left.stat().st_mtime > FORGOTTEN_S:
            left.unlink(missing_ok=True)


def _size(path: Path) -> int:
    beside = (path.with_name(path.name + end) for end in ("", *BESIDE))
    return sum(file.stat().st_size for file in beside if file.exists())


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
