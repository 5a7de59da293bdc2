"""The folders: whether they may be written and have room, whether locks hold, and whose disk it is."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.doctor.finding import fail, ok, warn
from jobs.exits import Exit
from storage.locks import FileLock, Holder
from storage.mounts import network_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.doctor.finding import Finding, Subject

SQLITE = "sqlite:///"
MIB = 2**20
LEAST, SOME = 100 * MIB, 1024 * MIB  # free room: a crawl may fill a part of it


def writable(subject: Subject) -> Iterator[Finding]:
    """Whether files can be made in every folder of the home, or a folder that is not there yet can be."""
    folders = sorted({subject.home.config, subject.home.data, subject.home.state})
    for folder in folders:
        try:
            with tempfile.TemporaryFile(dir=_nearest(folder)) as file:
                file.write(b"\0" * 4096)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            remedy = f"give {_user()} the right to write there, make room, or choose another home with --home"
            yield fail("home", f"cannot write {folder}: {error.strerror}", remedy, Exit.STORAGE)
            return
    for path in _files(subject):
        if not os.access(path, os.R_OK | os.W_OK):
            remedy = f"give it to the user that runs spywire: chown {_user()} {path}"
            yield fail("home", f"cannot write {path}, which belongs to {_owner(path)}", remedy, Exit.STORAGE)
            return
    yield ok("home", ", ".join(f"{folder}{'' if folder.is_dir() else ' (not there yet)'}" for folder in folders))


def room(subject: Subject) -> Iterator[Finding]:
    """Whether there is room where the database grows."""
    path = database_file(subject) or subject.home.data
    folder = next(parent for parent in (path, *path.parents) if parent.is_dir())
    try:
        free, files = shutil.disk_usage(folder).free, os.statvfs(folder)
    except OSError as error:
        yield fail("disk", f"cannot look at {folder}: {error.strerror}", "check the disk", Exit.STORAGE)
        return
    yield graded_room(free, folder, size=path.stat().st_size if path.is_file() else 0)
    if files.f_files and not files.f_favail:
        yield fail("disk", f"no more files can be made on the disk of {folder}", "delete files there", Exit.STORAGE)


def graded_room(free: int, folder: Path, *, size: int) -> Finding:
    """Whether so many free bytes are enough beside a database of `size` bytes."""
    found = f"{free / MIB:,.0f} MiB free at {folder}"
    remedy = "make room there, shorten [retention], or run `spywire retain` and `spywire db vacuum`"
    if free < LEAST:
        return fail("disk", found, remedy, Exit.STORAGE)
    if free < max(SOME, size):
        return warn("disk", f"{found}, the database has {size / MIB:,.0f} MiB", remedy)
    return ok("disk", found)


def locks(subject: Subject) -> Iterator[Finding]:
    """Whether a lock keeps a second process out."""
    path = _nearest(subject.home.state) / "spywire-doctor.lock"
    first, second = FileLock(path), FileLock(path)
    me = Holder.me("doctor", at=datetime.now(UTC))
    remedy = "put the home on a local disk: without locks two crawls would run at once"
    try:
        if not first.take(me):
            yield ok("lock", "another doctor holds it")
            return
        if second.take(me):
            second.free()
            yield fail("lock", f"{path} was locked twice at once", remedy)
        else:
            yield ok("lock", "a second process is kept out")
        first.free()
        path.unlink(missing_ok=True)
    except OSError as error:
        yield fail("lock", f"cannot lock {path}: {error.strerror}", remedy, Exit.STORAGE)


def file_system(subject: Subject) -> Iterator[Finding]:
    """Whether an SQLite file lies on a disk of this machine."""
    path = database_file(subject)
    kind = network_place(path) if path else None
    if kind:
        remedy = "move it to a local disk, or use PostgreSQL ([storage] url)"
        yield fail("file system", f"{path} lies on {kind}, where SQLite loses data", remedy, Exit.STORAGE)
    elif path:
        yield ok("file system", "the database lies on a local disk")


def _files(subject: Subject) -> Iterator[Path]:
    """What every job writes into, as far as it is there."""
    if path := database_file(subject):
        yield from (file for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
    if subject.home.state.is_dir():
        yield from sorted(subject.home.state.glob("*.lock"))


def _user() -> str:
    return os.environ.get("USER") or f"user {os.geteuid()}"


def _owner(file: Path) -> str:
    try:
        return file.owner()
    except (OSError, KeyError):
        return "somebody else"


def _nearest(folder: Path) -> Path:
    """The folder, or what is there of the way to it: the doctor makes none."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def database_file(subject: Subject) -> Path | None:
    """The SQLite file, if that is what is used."""
    url = subject.settings.storage.url if subject.configuration else subject.home.database_url
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None
