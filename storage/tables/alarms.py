"""Alarms about sources."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import AlarmKind
from storage.tables.columns import Table


class AlarmRow(Table):
    """An alarm about a source; it is open while it has no end."""

    __tablename__ = "alarms"
    __table_args__ = (Index(None, "source", "kind", "ended_at"), Index(None, "since"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(200))
    kind: Mapped[AlarmKind]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    detail: Mapped[str]
