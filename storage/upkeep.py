"""Whether a database is whole, and what it takes to keep it lean."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, text
from sqlalchemy.exc import SQLAlchemyError

from storage.database import HEAD, file_of, make_engine, parse, revision_on
from storage.errors import StorageError
from storage.records import LinkState
from storage.tables import ArticleRow, LinkRow, PollRow, RunRow, Table, VerdictRow
from storage.troubles import cannot_open

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import URL, Connection, ForeignKey
    from sqlalchemy.orm import Session

    from storage.database import Database

FAULTS = 20  # told at most, of each kind
# pg_current_xact_id_if_assigned and pg_xact_status(xid8) came with PostgreSQL 13, RETURNING with SQLite 3.35
NEEDED = {"PostgreSQL": (13, 0), "SQLite": (3, 35, 0)}
JUDGED = LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED
NOT_VALID = """
    SELECT 'constraint ' || conname || ' of ' || conrelid::regclass || ' is not validated' FROM pg_constraint
    WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'index ' || indexrelid::regclass || ' is not valid: REINDEX INDEX ' || indexrelid::regclass FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace
"""


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """What a look at every row found. Without faults the database is whole."""

    revision: str
    size: int  # bytes
    rows: dict[str, int]
    faults: tuple[str, ...]


def look(url: str) -> str | None:
    """The schema a database has, without changing anything; None where there is none yet.

    Raises `StorageError` where it cannot be opened.
    """
    parsed = parse(url)
    path = file_of(parsed)
    if path is not None and not path.exists():
        return None
    with _connected(parsed) as connection:
        return revision_on(connection)


def version_of(url: str) -> tuple[str, tuple[int, ...]]:
    """Which engine keeps the database, and its version. Raises `StorageError` where a server does not answer."""
    parsed = parse(url)
    if parsed.get_backend_name() == "sqlite":
        return "SQLite", sqlite3.sqlite_version_info
    with _connected(parsed) as connection:
        parts = connection.dialect.server_version_info or ()
        return "PostgreSQL", tuple(part for part in parts if isinstance(part, int))


def searches() -> bool:
    """Whether the SQLite library was built with its full-text index."""
    with closing(sqlite3.connect(":memory:")) as connection:
        built = {option for (option,) in connection.execute("PRAGMA compile_options")}
    return "ENABLE_FTS5" in built


def check(database: Database) -> Checkup:
    """Look at every row: what the engine says of its files, and what our own rules say of the rows."""
    with database.read() as session:
        faults = [*_of_engine(session), *_of_rows(session)]
        rows = {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in Table.metadata.sorted_tables}
        return Checkup(revision=HEAD, size=_size(session), rows=rows, faults=tuple(faults))


def vacuum(database: Database, url: str) -> tuple[int, int]:
    """Give back what deleted rows have left, and let the planner count anew; gives the size before and after.

    On SQLite nobody else can write meanwhile, and as much room again is needed.
    """
    path = file_of(parse(url))
    with database.read() as session:
        before = _size(session)
    if path is not None and before > shutil.disk_usage(path.parent).free:
        raise StorageError(f"to vacuum {path} takes {before >> 20} MiB beside it, which are not free: make room")
    if path is not None:
        commands = ["INSERT INTO search (search) VALUES ('optimize')", "VACUUM", "ANALYZE"]
        commands += ["PRAGMA wal_checkpoint(TRUNCATE)"]
    else:
        commands = [f"VACUUM (ANALYZE) {name}" for name in (*Table.metadata.tables, "search")]
    database.command(commands)
    with database.read() as session:
        return before, _size(session)


def newest_time(database: Database) -> datetime | None:
    """The latest moment that anything in the database says it was written at."""
    times = (RunRow.started_at, RunRow.ended_at, PollRow.at, LinkRow.discovered_at)
    with database.read() as session:
        found = [session.scalar(select(func.max(time))) for time in times]
    return max((time for time in found if time is not None), default=None)


def last_find(database: Database) -> datetime | None:
    """When a link was discovered last."""
    with database.read() as session:
        return session.scalar(select(func.max(LinkRow.discovered_at)))


def owners(database: Database) -> list[str]:
    """Who holds leases of links: one name for each home that crawls, or crawled and was killed."""
    query = select(LinkRow.lease_owner).where(LinkRow.state == LinkState.LEASED).distinct()
    with database.read() as session:
        return sorted(owner for owner in session.scalars(query) if owner)


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise cannot_open(url, error) from error
    finally:
        engine.dispose()


def _of_engine(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name != "sqlite":
        yield from session.scalars(text(NOT_VALID))
        return
    yield from (row for row in session.scalars(text(f"PRAGMA integrity_check({FAULTS})")) if row != "ok")


def _of_rows(session: Session) -> Iterator[str]:
    for table in Table.metadata.sorted_tables:
        for foreign in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            if orphans := _orphans(session, foreign):
                yield f"{orphans:,} {table.name}: their {foreign.parent.name} is not in {foreign.column.table.name}"
    standing = select(VerdictRow.article_id).where(VerdictRow.superseded_at.is_(None))
    many = standing.group_by(VerdictRow.article_id).having(func.count() > 1)
    unjudged = select(ArticleRow.id).where(ArticleRow.id.not_in(standing))
    stored = select(ArticleRow.id).where(ArticleRow.link_id == LinkRow.id).exists()
    empty = select(LinkRow.id).where(LinkRow.state.in_(JUDGED), ~stored)
    ownerless = or_(LinkRow.lease_owner.is_(None), LinkRow.lease_until.is_(None))
    forgotten = select(LinkRow.id).where(LinkRow.state == LinkState.LEASED, ownerless)
    rules = {
        "articles have more than one verdict that stands": many,
        "articles have no verdict": unjudged,
        "links were judged, and have no article": empty,
        "links are leased by nobody, and wait for ever": forgotten,
    }
    for words, query in rules.items():
        if count := session.scalar(select(func.count()).select_from(query.subquery())):
            yield f"{count:,} {words}"
    key = "rowid" if session.get_bind().dialect.name == "sqlite" else "article_id"
    missing = text(f"SELECT count(*) FROM articles WHERE id NOT IN (SELECT {key} FROM search)")  # noqa: S608
    if lost := session.scalar(missing):
        yield f"{lost:,} articles cannot be found by search: `spywire db copy` into a new database builds the index"


def _orphans(session: Session, key: ForeignKey) -> int:
    parent = key.column.table.alias()
    there = select(parent.c[key.column.name]).where(parent.c[key.column.name] == key.parent).exists()
    query = select(func.count()).select_from(key.parent.table).where(key.parent.is_not(None), ~there)
    return session.scalar(query) or 0


def _size(session: Session) -> int:
    if session.get_bind().dialect.name == "sqlite":
        pages, size = (session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
        return int(pages) * int(size)
    return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
