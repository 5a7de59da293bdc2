"""Care for the database: upgrade, check, backup, restore, vacuum, and the way to another one."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from jobs.exits import UsageError
from jobs.home import Home, alone, locked
from storage import backup as backups
from storage import upkeep
from storage.copy import copy
from storage.database import HEAD, Database
from storage.errors import OccupiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from storage.copy import Copied
    from storage.upkeep import Checkup

    Watch = Callable[[str, int, int], None]

SQLITE = "sqlite:///"
SHOWN_EVERY = 1.0  # seconds
WRITERS = "crawl", "digest", "retain", "reclassify", "site"  # what they wrote meanwhile would be lost


@dataclass(frozen=True, kw_only=True)
class Upgraded:
    """Which schema there was, and where the file lies that had it."""

    was: str | None
    now: str
    before: Path | None


class Progress:
    """A line on standard error now and then, for those who watch: on a terminal, where it is rewritten, or if asked."""

    def __init__(self, stream: TextIO, *, verbose: bool = False) -> None:
        self._stream, self._live, self._verbose, self._shown = stream, stream.isatty(), verbose, time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if not (self._live or self._verbose) or time.monotonic() - self._shown < SHOWN_EVERY:
            return
        self._shown = time.monotonic()
        line = f"{what} {done:,}/{total:,}"
        self._stream.write(f"\r\x1b[2K{line}" if self._live else f"{line}\n")
        self._stream.flush()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._stream.write("\r\x1b[2K")


def upgrade(url: str, *, keep_before: bool = True) -> Upgraded:
    """Bring an older schema up to date."""
    was = upkeep.look(url)
    Database.open(url, keep_before=keep_before).close()
    before = Path(f"{url.removeprefix(SQLITE)}.before-{HEAD}")
    kept = keep_before and was not in {None, HEAD} and url.startswith(SQLITE)
    return Upgraded(was=was, now=HEAD, before=before if kept else None)


def back_up(database: Database, url: str, target: str, *, keep: int | None, now: datetime, watch: Watch) -> Path:
    """Write a backup; into a folder under a name of its time, and there keep only the newest ones if so wanted."""
    place = Path(target).absolute()
    folder = target.endswith("/") or place.is_dir()
    if keep is not None and not folder:
        raise UsageError(f"--keep goes with a folder, and {target} is none; write {place.parent}/")
    path = place / f"spywire-{now:%Y%m%dT%H%M%SZ}.db" if folder else place
    if path == Path(url.removeprefix(SQLITE)):
        raise UsageError(f"{path} is the database itself; name another file")
    backups.backup(database, url, path, watch=watch)
    if keep is not None:
        for name in backups.spare((file.name for file in place.iterdir()), keep=keep):
            (place / name).unlink(missing_ok=True)
    return path


def restore(home: Home, url: str, file: Path, *, force: bool, watch: Watch) -> Path | None:
    """Put a backup back; gives where the file lies that was there."""
    with _in_peace(home, url):
        home.data.mkdir(parents=True, exist_ok=True)
        try:
            return backups.restore(file, url, force=force, room=home.data, watch=watch)
        except OccupiedError as error:
            raise UsageError(f"{error}" if force else f"{error}; `--force` restores all the same") from error


def copy_to(home: Home, database: Database, url: str, target: str, *, watch: Watch) -> Copied:
    """Copy everything into another database, with no job beside it whose work would be missing there."""
    with _in_peace(home, url):
        try:
            return copy(database, target, watch=watch)
        except OccupiedError as error:
            raise UsageError(str(error)) from error


def vacuum(home: Home, database: Database, url: str) -> tuple[int, int]:
    """Give room back. An SQLite file is rewritten, and no job may wait for that."""
    if not url.startswith(SQLITE):
        return upkeep.vacuum(database, url)
    with _in_peace(home, url):
        return upkeep.vacuum(database, url)


@contextmanager
def _in_peace(home: Home, url: str) -> Iterator[None]:
    """No job that writes goes on in this home, nor of another one on its database."""
    with ExitStack() as locks:
        for job in WRITERS:
            locks.enter_context(locked(home, job))
            locks.enter_context(alone(home, url, job))
        yield


def checkup_json(found: Checkup) -> dict[str, Any]:
    """What a check found as plain data."""
    return asdict(found) | {"ok": not found.faults}


def checkup_text(found: Checkup) -> str:
    """What a check found, a line for each fault."""
    rows = sum(found.rows.values())
    head = f"schema {found.revision}, {found.size / 2**20:.1f} MiB, {rows:,} rows"
    links = f"{found.rows['links']:,} links, {found.rows['articles']:,} articles"
    return "\n".join([f"{head}: {links}", *(found.faults or ["no fault was found"])])
