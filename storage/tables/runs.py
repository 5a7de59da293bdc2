"""Executions of a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.columns import Table


class RunRow(Table):
    """One execution of a job."""

    __tablename__ = "runs"
    __table_args__ = (Index(None, "job", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    counts: Mapped[dict[str, Any]]
    host: Mapped[str] = mapped_column(String(255), server_default="")
    process: Mapped[int] = mapped_column(server_default="0")
    received: Mapped[int] = mapped_column(BigInteger, server_default="0")  # bytes
    sources: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    error: Mapped[str] = mapped_column(server_default="")
