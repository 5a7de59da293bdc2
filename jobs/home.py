"""Where an installation keeps its settings, its data and its locks."""

from __future__ import annotations

import errno
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.exits import BusyError, ConfigError, UsageError
from storage.errors import StorageError
from storage.locks import FileLock, Holder, database_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from storage.locks import Lock

KEPT = "SPYWIRE_KEPT"  # names the folder with the last good settings and sources; a daemon sets it for its jobs
LOOK_AGAIN = 0.2  # seconds, while waiting for a lock
WAIT = ", or let --wait do so"  # said by those commands that have it

_early: dict[Path, FileLock] = {}  # what `take_early` took for this process


@dataclass(frozen=True, kw_only=True)
class Home:
    """Three folders that are one when it is named (`--home`, `SPYWIRE_HOME`), and the XDG folders otherwise."""

    config: Path
    data: Path
    state: Path
    kept: Path | None = None  # settings and sources are read from here, while those in `config` are broken

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return (self.kept or self.config) / "spywire.toml"

    @property
    def sources_file(self) -> Path:
        """The sources."""
        return (self.kept or self.config) / "sources.toml"

    @property
    def database_url(self) -> str:
        """The embedded database, unless the settings name another."""
        return f"sqlite:///{self.data / 'spywire.db'}"


def find_home(named: Path | None, environment: Mapping[str, str]) -> Home:
    """The home that was named, or the user's own. Raises `UsageError` for the home of a user that there is not."""
    kept = Path(environment[KEPT]) if environment.get(KEPT) else None
    folder = named or (Path(environment["SPYWIRE_HOME"]) if environment.get("SPYWIRE_HOME") else None)
    if folder is not None:
        try:
            folder = folder.expanduser().absolute()
        except RuntimeError as error:
            raise UsageError(f"nobody knows where {folder} is; name the home by a whole path") from error
        return Home(config=folder, data=folder, state=folder, kept=kept)
    from platformdirs import PlatformDirs

    folders = PlatformDirs("spywire", appauthor=False)
    return Home(
        config=Path(folders.user_config_dir),
        data=Path(folders.user_data_dir),
        state=Path(folders.user_state_dir),
        kept=kept,
    )


def take_early(home: Home, job: str) -> str:
    """Take the lock of a job before anything slow is loaded; `locked` goes on with it. Says who has it, if not we."""
    lock = FileLock(home.state / f"{job}.lock")
    try:
        if not lock.take(Holder.me(job, at=datetime.now(UTC))):
            return _busy(lock, f"{home.state}")
    except OSError:  # `locked` says what is wrong
        return ""
    _early[lock.path] = lock
    return ""


@contextmanager
def locked(home: Home, job: str, *, wait: timedelta = timedelta()) -> Iterator[None]:
    """Be the only run of this job in this home. Raises `BusyError`, which says who is, after `wait`."""
    path = home.state / f"{job}.lock"
    lock = _early.pop(path, None) or FileLock(path)
    try:
        if not lock.held():
            _take(lock, job, f"{home.state}", wait=wait)
    except OSError as error:
        raise _unwritable(lock.path, error) from error
    try:
        yield
    finally:
        lock.free()


def _unwritable(path: Path, error: OSError) -> Exception:
    """Why a home's lock cannot be taken. Another home is no cure where this one has an archive: it would begin anew."""
    said = f"cannot write {path}: {error.strerror}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}:
        return StorageError(f"{said}; make room on that disk, or mount it for writing, and run the same again")
    try:
        owner = path.owner()
    except (OSError, KeyError):  # it is not there, or nobody has that number
        return ConfigError(f"{said}; choose a home you may write with --home")
    return ConfigError(f"{said}; it belongs to {owner}: run spywire as {owner}, or give the home to your own user")


@contextmanager
def alone(home: Home, url: str, job: str, *, wait: timedelta = timedelta()) -> Iterator[None]:
    """Be the only run of this job on a database that other homes may use. Taken after `locked`, once settings are read.

    Raises `BusyError`, which says who is at work, and from which machine.
    """
    lock = database_lock(url, job, own=home.data)
    if lock is None:
        yield
        return
    try:
        _take(lock, job, "the database", wait=wait)
    except OSError as error:
        file = error.filename or "its lock"
        raise StorageError(f"cannot open the database: {file}: {error.strerror}; check [storage] url") from error
    try:
        yield
    finally:
        lock.free()


def _take(lock: Lock, job: str, place: str, *, wait: timedelta) -> None:
    me, until = Holder.me(job, at=datetime.now(UTC)), time.monotonic() + wait.total_seconds()
    while not lock.take(me):
        if time.monotonic() >= until:
            raise BusyError(_busy(lock, place))
        time.sleep(LOOK_AGAIN)


def _busy(lock: Lock, place: str) -> str:
    return f"{place} is in use by {lock.holder()}; wait for it to end"


def stand_by(lock: Lock, job: str, *, stopped: Callable[[float], bool], waiting: Callable[[str], None]) -> bool:
    """Wait for a lock until it is ours, or until we are `stopped`; `waiting` hears once who has it."""
    me, told = Holder.me(job, at=datetime.now(UTC)), False
    while not lock.take(me):
        if not told:
            waiting(lock.holder())
            told = True
        if stopped(1.0):
            return False
    return True
