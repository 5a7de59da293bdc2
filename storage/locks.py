"""Locks that the kernel or the server frees when their holder dies: nothing is ever left to clean up.

A file is locked with flock(2); on PostgreSQL a connection of its own holds an advisory lock. Both say who holds them.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from storage.troubles import cannot_open

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Connection

LONGEST = 63  # bytes of an application's name that PostgreSQL keeps


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lock."""

    job: str
    process: int
    host: str
    since: str  # ISO 8601, UTC

    def __str__(self) -> str:
        where = "" if self.host == socket.gethostname() else f" on {self.host}"
        return f"`spywire {self.job}`, process {self.process}{where}, since {self.since}"

    @classmethod
    def me(cls, job: str, *, at: datetime) -> Holder:
        """This process."""
        since = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return cls(job=job, process=os.getpid(), host=socket.gethostname(), since=since)


class Lock(Protocol):
    """One at a time may hold it."""

    def take(self, me: Holder) -> bool:
        """Whether it is ours now; never waits."""

    def holder(self) -> str:
        """Who has it, in words."""

    def held(self) -> bool:
        """Whether it is still ours: a server may have thrown us out."""

    def free(self) -> None:
        """Let go of it."""


class FileLock:
    """A lock on a file, for processes of one machine. Raises `OSError` where the file cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self, me: Holder) -> bool:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except OSError:
            os.close(file)
            raise
        with suppress(OSError):  # on a full disk it is ours all the same, only without our name
            os.ftruncate(file, 0)
            os.pwrite(file, json.dumps(asdict(me)).encode(), 0)
        self._file = file
        return True

    def holder(self) -> str:
        try:
            return str(Holder(**json.loads(self.path.read_bytes())))
        except (OSError, ValueError, TypeError):  # it is just being written
            return "another process"

    def held(self) -> bool:
        return self._file is not None

    def free(self) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None


class ServerLock:
    """An advisory lock of a PostgreSQL database, for processes on any machine."""

    def __init__(self, url: URL, job: str) -> None:
        self._url, self._job = url, job
        self._key = int.from_bytes(sha256(f"spywire {job}".encode()).digest()[:8], signed=True)
        self._connection: Connection | None = None

    def take(self, me: Holder) -> bool:
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            self._connection = connection = self._connect(me)
            taken = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key}))
            self._who = "" if taken else self._asked(connection)
        except SQLAlchemyError as error:
            self.free()
            raise cannot_open(self._url, error) from error
        if not taken:
            self.free()
        return taken

    def holder(self) -> str:
        return self._who

    def held(self) -> bool:
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.free()
            return False
        return True

    def free(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection.engine.dispose()
            self._connection = None

    def _connect(self, me: Holder) -> Connection:
        from sqlalchemy import NullPool, create_engine

        from storage.database import POSTGRESQL

        name = f"spywire {me.job} {me.process} {me.host}"[:LONGEST]
        engine = create_engine(
            self._url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={**POSTGRESQL, "application_name": name},
        )
        return engine.connect()

    def _asked(self, connection: Connection) -> str:
        from sqlalchemy import text

        high, low = (self._key >> 32) & 0xFFFFFFFF, self._key & 0xFFFFFFFF
        row = connection.execute(
            text(
                "SELECT a.application_name, a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                "WHERE l.locktype = 'advisory' AND l.granted AND l.database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database()) "
                "AND l.classid = CAST(:high AS oid) AND l.objid = CAST(:low AS oid)"
            ),
            {"high": high, "low": low},
        ).first()
        words = str(row[0]).split() if row else []
        if row is None or len(words) != 4:  # noqa: PLR2004 - as `_connect` writes them
            return "another process"
        job, process, host = words[1:]
        since = row[1].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return str(Holder(job=job, process=int(process), host=host, since=since))


def database_lock(url: str, job: str, *, own: Path) -> Lock | None:
    """The lock of a database that others may use; None where it lies in the folder `own`, which has one already."""
    from storage.database import file_of, parse

    parsed = parse(url)
    if parsed.get_backend_name() == "postgresql":
        return ServerLock(parsed, job)
    file = file_of(parsed)
    if file is None or file.absolute().parent == own:
        return None
    return FileLock(file.with_name(f"{file.name}.{job}.lock"))
