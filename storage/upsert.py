"""INSERT with ON CONFLICT, which each database says in words of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from storage.tables.columns import Table as Row


def dialect(session: Session) -> str:
    """What the session's database speaks."""
    return session.get_bind().dialect.name


def insert_into(table: type[Row] | Table, spoken: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT in that dialect, which may say what happens to a row that is there."""
    return sqlite.insert(table) if spoken == "sqlite" else postgresql.insert(table)
