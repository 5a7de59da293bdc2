"""A table as plain values, read and written in the order of its keys: the same on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Enum,
    String,
    bindparam,
    collate,
    column,
    delete,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy import table as table_clause
from sqlalchemy.exc import DataError, IntegrityError

from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, TableClause
    from sqlalchemy import Table as SqlTable
    from sqlalchemy.orm import Session
    from sqlalchemy.types import TypeEngine

    Key = tuple[Any, ...]
    Row = tuple[Any, ...]


class Rows:
    """What the columns of a table hold, whatever words a newer version may have put there."""

    def __init__(self, table: SqlTable) -> None:
        self.name = table.name
        self.own = {fk.parent.name for fk in table.foreign_keys if fk.column.table is table}
        self._table: TableClause = table_clause(table.name, *(column(c.name, _plain(c)) for c in table.columns))
        self._names = [c.name for c in table.columns]
        self._key = [c.name for c in table.primary_key.columns]
        self._places = [self._names.index(name) for name in self._key]

    def key(self, row: Row) -> Key:
        """The row's key."""
        return tuple(row[place] for place in self._places)

    def blank(self, row: Row) -> Row:
        """The row without what it says of other rows of its table."""
        return tuple(None if name in self.own else value for name, value in zip(self._names, row, strict=True))

    def read(
        self, session: Session, *, after: Key | None, upto: Key | None = None, limit: int | None = None
    ) -> list[Row]:
        """Rows by key, those `after` one, up to and with another."""
        return self._select(session, self._names, after, upto, limit)

    def keys(
        self, session: Session, *, after: Key | None, upto: Key | None = None, limit: int | None = None
    ) -> list[Key]:
        """The keys alone."""
        return self._select(session, self._key, after, upto, limit)

    def insert(self, session: Session, rows: Sequence[Row]) -> None:
        """Add rows. Raises `StorageError` naming the one that cannot be taken."""
        if rows:
            values = [dict(zip(self._names, row, strict=True)) for row in rows]
            self._do(session, insert(self._table), values)

    def change(self, session: Session, rows: Sequence[Row]) -> None:
        """Let rows that are there be like these."""
        if rows:
            others = [name for name in self._names if name not in self._key]
            statement = update(self._table).where(*self._is()).values({n: bindparam(f"new_{n}") for n in others})
            names = [f"at_{name}" if name in self._key else f"new_{name}" for name in self._names]
            self._do(session, statement, [dict(zip(names, row, strict=True)) for row in rows])

    def delete(self, session: Session, keys: Sequence[Key]) -> None:
        """Take rows out."""
        if keys:
            names = [f"at_{name}" for name in self._key]
            self._do(session, delete(self._table).where(*self._is()), [dict(zip(names, k, strict=True)) for k in keys])

    def _is(self) -> list[ColumnElement[bool]]:
        return [self._table.c[name] == bindparam(f"at_{name}") for name in self._key]

    def _do(self, session: Session, statement: Any, values: list[dict[str, Any]]) -> None:
        connection = session.connection()
        try:
            with connection.begin_nested():
                connection.execute(statement, values)
        except (DataError, IntegrityError):
            raise StorageError(self._refused(session, statement, values)) from None

    def _refused(self, session: Session, statement: Any, values: list[dict[str, Any]]) -> str:
        """Which row it was: the database tells only what was wrong with it."""
        connection = session.connection()
        for value in values:
            try:
                with connection.begin_nested():
                    connection.execute(statement, value)
            except (DataError, IntegrityError) as error:
                key = ", ".join(str(value.get(name, value.get(f"at_{name}"))) for name in self._key)
                why = str(error.orig).strip().splitlines()[0]
                return f"{self.name} {key}: the target does not take this row: {why}"
        return f"{self.name}: the target took these rows one by one, and not together"

    def _select(
        self, session: Session, names: Iterable[str], after: Key | None, upto: Key | None, limit: int | None
    ) -> list[Row]:
        places = [self._sorted(self._table.c[name], session) for name in self._key]
        query = select(*(self._table.c[name] for name in names)).order_by(*places)
        if after is not None:
            query = query.where(tuple_(*places) > self._point(after))
        if upto is not None:
            query = query.where(tuple_(*places) <= self._point(upto))
        return [tuple(row) for row in session.connection().execute(query.limit(limit))]

    def _sorted(self, place: ColumnElement[Any], session: Session) -> ColumnElement[Any]:
        """Text sorts byte by byte on both sides, whatever the database's language."""
        if not isinstance(place.type, String):
            return place
        return collate(place, "BINARY" if session.get_bind().dialect.name == "sqlite" else "C")

    def _point(self, key: Key) -> Any:
        return tuple_(*(literal(value, self._table.c[name].type) for name, value in zip(self._key, key, strict=True)))


def _plain(place: ColumnElement[Any]) -> TypeEngine[Any]:
    if isinstance(place.type, Enum):
        return String()
    if isinstance(place.type, JSON):
        return JSON(none_as_null=bool(getattr(place, "nullable", False)))
    return place.type
