"""All of a database into another one, from SQLite to PostgreSQL or back: row by row, and each row read back.

A copy that was killed goes on where it was: rows that are there and equal are passed over. Until it is finished the
target bears a mark in place of its schema's revision, so that nothing else opens it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from storage.copy_rows import Rows
from storage.database import COPYING, HEAD, Database, make_engine, parse, revision_on
from storage.errors import OccupiedError, StorageError
from storage.search import refresh
from storage.tables import ArticleRow, LinkRow, Table
from storage.troubles import cannot_open, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Table as SqlTable
    from sqlalchemy.orm import Session

    from storage.copy_rows import Key

    Watch = Callable[[str, int, int], None]

BATCH = 1000  # rows of one transaction
INDEXED = 200  # articles of one transaction
TABLES = Table.metadata.sorted_tables  # parents before children
NAMED = 3  # tables of somebody else's, in the words of a refusal


@dataclass(kw_only=True)
class Copied:
    """How many rows each table has, on both sides, and how many of them this run had to write."""

    rows: dict[str, int] = field(default_factory=dict)
    written: int = 0
    indexed: int = 0


def copy(source: Database, url: str, *, watch: Watch) -> Copied:
    """Make the database at `url` equal to the source, as that is now. `watch` is told a table, and rows of how many.

    Raises `OccupiedError` for a target that holds something else, `StorageError` for a row it cannot take.
    """
    with source.read() as reading:
        if reading.get_bind().dialect.name == "postgresql":
            reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        target, begun = _claim(url, _mark(reading))
        try:
            return _Copy(reading, target, watch).run(begun=begun)
        finally:
            target.close()


def clear(url: str) -> None:
    """Take everything of ours out of a database, and nothing else."""
    engine = make_engine(parse(url))
    with engine.execution_options(spywire_write=True).begin() as connection:
        for name in ("search", "alembic_version"):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
        Table.metadata.drop_all(connection)
    engine.dispose()


class _Copy:
    def __init__(self, reading: Session, target: Database, watch: Watch) -> None:
        self._reading, self._target, self._watch = reading, target, watch
        self._copied = Copied()

    def run(self, *, begun: bool) -> Copied:
        totals = {table.name: _count(self._reading, table) for table in TABLES}
        if begun:  # the source may have lost rows since
            for table in reversed(TABLES):
                self._withdraw(Rows(table))
        for table in TABLES:
            rows = Rows(table)
            if rows.own:
                self._outline(rows)
            self._fill(rows, totals[table.name])
        self._index(anew=begun and self._copied.written > 0)
        self._finish(totals)
        self._copied.rows = totals
        return self._copied

    def _withdraw(self, rows: Rows) -> None:
        """Delete what the source does not have."""
        last: Key | None = None
        while True:
            with self._target.write() as session:
                there = rows.keys(session, after=last, limit=BATCH)
                if not there:
                    return
                known = set(rows.keys(self._reading, after=last, upto=there[-1]))
                rows.delete(session, [key for key in there if key not in known])
                self._copied.written += sum(key not in known for key in there)
            last = there[-1]

    def _outline(self, rows: Rows) -> None:
        """Insert rows without what they say of each other: that may be said of a later one."""
        last: Key | None = None
        while page := rows.read(self._reading, after=last, limit=BATCH):
            upto = rows.key(page[-1])
            with self._target.write() as session:
                there = set(rows.keys(session, after=last, upto=upto))
                rows.insert(session, [rows.blank(row) for row in page if rows.key(row) not in there])
            last = upto

    def _fill(self, rows: Rows, total: int) -> None:
        """Insert and change until the target has what the source has; what was written is read back and compared."""
        done, last = 0, None
        while page := rows.read(self._reading, after=last, limit=BATCH):
            upto = rows.key(page[-1])
            with self._target.write() as session:
                there = {rows.key(row): row for row in rows.read(session, after=last, upto=upto)}
                new = [row for row in page if rows.key(row) not in there]
                other = [row for row in page if there.get(rows.key(row), row) != row]
                rows.insert(session, new)
                rows.change(session, other)
                if (new or other) and rows.read(session, after=last, upto=upto) != page:
                    raise StorageError(f"{rows.name}: the target does not give back what was written into it")
            done += len(page)
            self._copied.written += len(new) + len(other)
            self._watch(rows.name, done, total)
            last = upto

    def _index(self, *, anew: bool) -> None:
        key = "rowid" if self._sqlite() else "article_id"
        with self._target.write() as session:
            if anew:
                session.execute(text("DELETE FROM search"))
            last = session.scalar(text(f"SELECT max({key}) FROM search")) or 0  # noqa: S608 - two constants
            total = session.scalar(select(func.count()).select_from(ArticleRow).where(ArticleRow.id > last)) or 0
        while True:
            with self._target.write() as session:
                query = select(ArticleRow.id).where(ArticleRow.id > last).order_by(ArticleRow.id).limit(INDEXED)
                ids = session.scalars(query).all()
                for article_id in ids:
                    refresh(session, article_id)
            if not ids:
                return
            last = ids[-1]
            self._copied.indexed += len(ids)
            self._watch("search", self._copied.indexed, total)

    def _finish(self, totals: dict[str, int]) -> None:
        with self._target.write() as session:
            for table in TABLES:
                if (there := _count(session, table)) != totals[table.name]:
                    raise StorageError(f"{table.name}: {there} rows in the target, {totals[table.name]} in the source")
            if not self._sqlite():
                _set_sequences(session)
            session.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})

    def _sqlite(self) -> bool:
        with self._target.read() as session:
            return session.get_bind().dialect.name == "sqlite"


def _mark(reading: Session) -> str:
    """By its first link a source is known again: links stay for ever."""
    first = reading.execute(select(LinkRow.key, LinkRow.discovered_at).order_by(LinkRow.id).limit(1)).first()
    return f"{COPYING}{HEAD}-{sha256(repr(first and tuple(first)).encode()).hexdigest()[:12]}"


def _claim(url: str, mark: str) -> tuple[Database, bool]:
    """The target, empty and marked, or with the beginning of this very copy in it."""
    parsed = parse(url)
    place = shown(parsed)
    engine = make_engine(parsed)
    try:
        with engine.connect() as connection:
            revision, tables = revision_on(connection), sorted(inspect(connection).get_table_names())
    except (SQLAlchemyError, OSError) as error:
        raise cannot_open(parsed, error, named_by="--to") from error
    if revision == mark:
        return Database(engine), True
    engine.dispose()
    if revision is None and tables:
        raise OccupiedError(f"{place} holds something else ({', '.join(tables[:NAMED])}): name an empty database")
    if revision is not None and revision.startswith(COPYING):
        raise OccupiedError(f"{place} holds the beginning of another copy: name an empty database")
    target = Database.open(url)
    with target.write() as session:
        held = next(((table.name, count) for table in TABLES if (count := _count(session, table))), None)
        if held is None:
            session.execute(text("UPDATE alembic_version SET version_num = :mark"), {"mark": mark})
    if held is not None:
        target.close()
        raise OccupiedError(f"{place} holds {held[1]:,} {held[0]} already: name an empty database")
    return target, False


def _count(session: Session, table: SqlTable) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def _set_sequences(session: Session) -> None:
    """Numbers go on after the highest that was copied."""
    for table in TABLES:
        sequence, key = text("SELECT pg_get_serial_sequence(:name, :key)"), next(iter(table.primary_key.columns))
        if named := session.scalar(sequence, {"name": table.name, "key": key.name}):
            highest = session.scalar(select(func.max(key)))
            values = {"named": named, "at": highest or 1, "used": highest is not None}
            session.execute(text("SELECT setval(CAST(:named AS regclass), :at, :used)"), values)
