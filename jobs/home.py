"""Where an installation keeps its settings, its data and its lock."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.exits import BusyError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Home:
    """Three folders that are one when it is named (`--home`, `SPYWIRE_HOME`), and the XDG folders otherwise."""

    config: Path
    data: Path
    state: Path

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.config / "spywire.toml"

    @property
    def sources_file(self) -> Path:
        """The sources."""
        return self.config / "sources.toml"

    @property
    def database_url(self) -> str:
        """The embedded database, unless the settings name another."""
        return f"sqlite:///{self.data / 'spywire.db'}"


def find_home(named: Path | None, environment: Mapping[str, str]) -> Home:
    """The home that was named, or the user's own."""
    folder = named or (Path(environment["SPYWIRE_HOME"]) if environment.get("SPYWIRE_HOME") else None)
    if folder is not None:
        folder = folder.expanduser().absolute()
        return Home(config=folder, data=folder, state=folder)
    from platformdirs import PlatformDirs

    folders = PlatformDirs("spywire", appauthor=False)
    return Home(
        config=Path(folders.user_config_dir), data=Path(folders.user_data_dir), state=Path(folders.user_state_dir)
    )


@contextmanager
def locked(home: Home, job: str) -> Iterator[None]:
    """Be the only run in this home. The kernel frees the lock of a process that dies; nothing is left to clean up."""
    import os

    from filelock import FileLock, Timeout

    path = home.state / "spywire.lock"
    holder = path.with_suffix(".holder")
    try:
        home.state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        lock.acquire()
    except Timeout as error:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
        raise BusyError(f"{home.state} is in use by {who}; wait for it to end") from error
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; choose a home you may write with --home") from error
    try:
        holder.write_text(f"`spywire {job}`, process {os.getpid()}", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
