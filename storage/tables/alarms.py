"""Alarms about sources."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import AlarmKind
from storage.tables.columns import Table

STANDING = text("ended_at IS NULL")  # alarms that are not over


class AlarmRow(Table):
    """An alarm about a source, a row for each episode. It is open while it has no end, and then there is only one."""

    __tablename__ = "alarms"
    __table_args__ = (
        # one row an episode, whoever looks at the same time
        Index("ix_alarms_open", "source", "kind", unique=True, sqlite_where=STANDING, postgresql_where=STANDING),
        Index(None, "since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    kind: Mapped[AlarmKind]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    detail: Mapped[str]
