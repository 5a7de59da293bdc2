"""Databases with their schema and nothing in them. To migrate one costs a tenth of a second, a copy nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.exc import OperationalError

from storage.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCHEMA = """
    SELECT coalesce(string_agg(line, E'\\n' ORDER BY line), '') FROM (
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
            FROM information_schema.columns WHERE table_schema = 'public'
    ) AS parts (line)
"""
PATIENCE_MS = 5000
AFRESH = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


@cache
def file() -> bytes:
    """What stands in an SQLite file of the newest schema."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        Database.open(f"sqlite:///{path}").close()
        return path.read_bytes()


class Served:
    """A database on a PostgreSQL server that one test after the other finds empty."""

    def __init__(self, url: str) -> None:
        self.url = url
        Database.open(url).close()
        self._engine = create_engine(url, connect_args={"options": f"-c lock_timeout={PATIENCE_MS}"})
        tables = MetaData()
        with self._engine.connect() as connection:
            tables.reflect(connection, only=lambda name, _: name != "alembic_version")
            self._schema = _schema(connection)
        self._tables = list(reversed(tables.sorted_tables))  # who refers to others comes first

    def empty(self) -> bool:
        """Delete every row, and number from one again.

        False, and nothing is done, if a test changed the schema or left something locked: then another is needed.
        """
        try:
            with self._engine.begin() as connection:
                if _schema(connection) != self._schema:
                    return False
                for table in self._tables:
                    connection.execute(table.delete())
                connection.execute(text(AFRESH))
        except OperationalError:
            return False
        return True

    def close(self) -> None:
        self._engine.dispose()


def _schema(connection: Connection) -> str:
    return str(connection.scalar(text(SCHEMA)))
