"""The engine: one door to SQLite and PostgreSQL, with the schema brought up to date behind it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from random import uniform
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from sqlalchemy import create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from storage.errors import BadUrlError, PassingError, SchemaNewerError, StorageError
from storage.mounts import network_place
from storage.patience import PATIENCE, passing, pauses
from storage.troubles import cannot_open, cause, cure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import URL, Connection, Engine

P = ParamSpec("P")
T = TypeVar("T")

HEAD = "0006"  # the newest migration; a test holds it to the folder
BUSY_TIMEOUT_MS = 15_000
TURN = 0.001, 0.003  # seconds between two looks whether it is our turn to write
COPYING = "copying-"  # stands in place of the schema's revision while a copy is not finished
POSTGRESQL = {
    "connect_timeout": 10,
    # a server that vanished without a word is missed within a minute, not within two hours
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
TOLD_AFTER = 5.0  # seconds of waiting that are worth a line

log = logging.getLogger(__name__)


class Database:
    """A database that is open, reachable and of this version's schema.

    `read()` and `write()` are the only ways in; each is one transaction. Raises `StorageError` with the cure.

    A server that went away since is waited for, `patience` seconds, before a transaction begins. What it threw out
    half done has to be done again as a whole: `again` does that.
    """

    def __init__(self, engine: Engine, *, patience: float = PATIENCE) -> None:
        self._engine = engine
        self._server = engine.dialect.name == "postgresql"
        self._patience = patience
        self._hurried = threading.Event()

    @classmethod
    def open(cls, url: str, *, patience: float = PATIENCE, keep_before: bool = True) -> Self:
        """Open the database at an SQLAlchemy URL, creating an SQLite file and upgrading an older schema.

        An SQLite file is copied before it is upgraded, unless that is not wanted: `FILE.before-REVISION`.
        """
        parsed = parse(url)
        try:
            engine = make_engine(parsed)
            with _disposed(engine):
                _upgrade(engine, keep_before=keep_before)
        except (SQLAlchemyError, OSError) as error:
            raise cannot_open(parsed, error) from error
        return cls(engine, patience=patience)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only looks."""
        with self._session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed at its end, or rolled back by an error.

        On SQLite it is `BEGIN IMMEDIATE`: a deferred one that turns from reading to writing fails at once with
        "database is locked" beside another writer, whatever the busy timeout.
        """
        with self._session(self._engine.execution_options(spywire_write=True)) as session:
            yield session
            self._commit(session)

    def again(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a unit of work, the whole of it once more whenever the server threw it out through no fault of its own.

        The work is one method of a store: one transaction.
        """
        for pause in pauses(self._patience):
            try:
                return work(*args, **kwargs)
            except PassingError:
                if self._hurried.wait(pause):
                    break
        return work(*args, **kwargs)

    def hurry(self) -> None:
        """Wait no longer: whoever waits for the server in any thread, now or later, tries once more and fails."""
        self._hurried.set()

    def command(self, statements: Iterable[str]) -> None:
        """Have the database do what cannot be done within a transaction."""
        # to SQLite's driver AUTOCOMMIT would mean its own BEGIN afterwards
        plainly = {"isolation_level": "AUTOCOMMIT"} if self._server else {"spywire_plain": True}
        engine = self._engine.execution_options(**plainly)
        with _translated(), self._connected(engine) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        with (
            _translated(),
            self._connected(engine) as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session

    def _connected(self, engine: Engine) -> Connection:
        """A connection that answers. The pool asks each one first whether its server is still there."""
        waited = 0.0
        for pause in pauses(self._patience if self._server else 0):
            try:
                return engine.connect()
            except DBAPIError as error:
                if waited < TOLD_AFTER <= waited + pause:
                    log.warning("the database does not answer, waiting for it: %s", cause(error))
                if self._hurried.wait(pause):
                    break
                waited += pause
        return engine.connect()

    def _commit(self, session: Session) -> None:
        """Commit; where the connection breaks just then, ask the server afterwards whether it did."""
        if not self._server:
            session.commit()
            return
        session.flush()
        number = session.scalar(text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)"))
        try:
            session.commit()
        except DBAPIError as error:
            if number is None or not error.connection_invalidated or not self._committed(number):
                raise

    def _committed(self, number: str) -> bool:
        status = text("SELECT pg_xact_status(CAST(:number AS xid8))")
        for pause in pauses(self._patience):
            with self._connected(self._engine) as connection:
                became = connection.scalar(status, {"number": number})
            if became != "in progress":
                return bool(became == "committed")
            self._hurried.wait(pause)
        return False


@contextmanager
def _disposed(engine: Engine) -> Iterator[None]:
    """Let an engine that comes to nothing take its connections along."""
    try:
        yield
    except Exception:
        engine.dispose()
        raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        kind = PassingError if passing(error) else StorageError
        remedy = cure(error, "check its disk, rights and server")
        raise kind(f"the database failed: {cause(error)}; {remedy}") from error


def parse(url: str) -> URL:
    """The URL of a database of a kind that we know. Raises `BadUrlError`."""
    try:
        parsed = make_url(url)
        name = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:  # the last for a port that is no number
        raise BadUrlError(f"[storage] url is not a database URL ({error}); write sqlite:///FILE") from error
    if name == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if name == "sqlite":
        return parsed
    raise BadUrlError(f"[storage] url names {name}; write sqlite:///FILE or postgresql+psycopg://HOST/NAME")


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for a server, and for one in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def make_engine(url: URL) -> Engine:
    """An engine with our pragmas and our way to begin. The folder of an SQLite file is made."""
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, connect_args=POSTGRESQL)
    if path := file_of(url):
        if kind := network_place(path):
            raise StorageError(
                f"{path} lies on a network file system ({kind}), where SQLite loses data: "
                f"keep it on a local disk, or use PostgreSQL ([storage] url)"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # pysqlite's own BEGIN comes too late: after the first SELECT
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("spywire_write"):
        _take_turn(connection)
    elif not options.get("spywire_plain"):
        connection.exec_driver_sql("BEGIN")


def _take_turn(connection: Connection) -> None:
    """Begin to write as soon as nobody else does.

    SQLite's own way to wait sleeps longer and longer, up to 100 ms: who has waited longest is the last to come.
    """
    begin: Any = connection.connection.dbapi_connection
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    begin.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                begin.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(uniform(*TURN))  # noqa: S311 - nothing secret
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # to fail as statements fail
    finally:
        begin.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _upgrade(engine: Engine, *, keep_before: bool) -> None:
    if _revision(engine) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.execution_options(spywire_write=True).begin() as connection:
        if engine.dialect.name == "postgresql":  # two first starts at once: the second waits, then finds it done
            connection.execute(text("SELECT pg_advisory_xact_lock(7775001)"))
        revision = revision_on(connection)
        if revision is not None and revision.startswith(COPYING):
            raise StorageError("a copy into this database was not finished: run the same `spywire db` command again")
        if revision is not None and revision not in known:
            raise SchemaNewerError(
                f"the database has schema {revision}, this spywire knows up to {HEAD}: install the newer spywire"
            )
        path = file_of(engine.url)
        if keep_before and path and revision not in {None, HEAD}:
            from storage.backup import copy_before

            copy_before(path, HEAD)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return revision_on(connection)


def revision_on(connection: Connection) -> str | None:
    """The revision of the schema; None in an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
