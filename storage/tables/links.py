"""The ledger's table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import LinkState
from storage.tables.columns import Table

OPEN = "state IN ('discovered', 'leased', 'failed', 'blocked')"  # links that may be fetched now or later


class LinkRow(Table):
    """The ledger: a row for every URL ever discovered, whatever became of it."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(None, "source", "state", "id"),
        Index(None, "source", "discovered_at"),
        # the few that may be fetched again, among millions that are settled
        Index("ix_links_open", "source", "retry_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    url: Mapped[str]
    source: Mapped[str] = mapped_column(String(200))
    title: Mapped[str | None]
    published: Mapped[datetime | None]
    summary: Mapped[str | None]
    authors: Mapped[list[Any]]
    discovered_at: Mapped[datetime] = mapped_column(index=True)
    discovered_by: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    state: Mapped[LinkState]
    reason: Mapped[str]
    settled_at: Mapped[datetime | None] = mapped_column(index=True)
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    fetched_at: Mapped[datetime | None]
    http_status: Mapped[int | None]
    final_url: Mapped[str | None]
    attempts: Mapped[int]
    retry_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(300))
    lease_until: Mapped[datetime | None]
