"""The engine: one door to SQLite and PostgreSQL, with the schema brought up to date behind it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from storage.errors import BadUrlError, SchemaNewerError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

HEAD = "0004"  # the newest migration; a test holds it to the folder
BUSY_TIMEOUT_MS = 15_000


class Database:
    """A database that is open, reachable and of this version's schema.

    `read()` and `write()` are the only ways in; each is one transaction. Raises `StorageError` with the cure.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database at an SQLAlchemy URL, creating an SQLite file and upgrading an older schema."""
        parsed = _parse(url)
        shown = parsed.render_as_string(hide_password=True)
        try:
            engine = _engine(parsed)
            _upgrade(engine)
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"cannot open the database {shown}: {_cause(error)}; check [storage] url") from error
        return cls(engine)

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
            with _translated():
                session.commit()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        with Session(engine, expire_on_commit=False) as session, _translated():
            yield session


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StorageError(f"the database failed: {_cause(error)}; check its disk, rights and server") from error


def _cause(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        name = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadUrlError(f"[storage] url is not a database URL ({error}); write sqlite:///FILE") from error
    if name == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if name == "sqlite":
        return parsed
    raise BadUrlError(f"[storage] url names {name}; write sqlite:///FILE or postgresql+psycopg://HOST/NAME")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # pysqlite's own BEGIN comes too late: after the first SELECT
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("spywire_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _upgrade(engine: Engine) -> None:
    revision = _revision(engine)
    if revision == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaNewerError(
            f"the database has schema {revision}, this spywire knows up to {HEAD}: install the newer spywire"
        )
    with engine.execution_options(spywire_write=True).begin() as connection:
        if engine.dialect.name == "postgresql":  # two first starts at once: the second waits, then finds it done
            connection.execute(text("SELECT pg_advisory_xact_lock(7775001)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
