"""The record of every job: when, by which version, what it counted, how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from storage.rows import run_record
from storage.tables import RunRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storage.database import Database
    from storage.records import Run


class Runs:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, job: str, *, version: str, at: datetime) -> int:
        """Open a run and give its id."""
        with self._database.write() as session:
            row = RunRow(job=job, version=version, started_at=at, counts={})
            session.add(row)
            session.flush()
            return row.id

    def end(self, run: int, *, at: datetime, exit_code: int, counts: Mapping[str, int]) -> None:
        """Close a run. One that was killed stays open: it has no end and no exit code."""
        changes = {"ended_at": at, "exit_code": exit_code, "counts": dict(counts)}
        with self._database.write() as session:
            session.execute(update(RunRow).where(RunRow.id == run).values(changes))

    def recent(self, *, limit: int) -> list[Run]:
        """The latest runs, newest first."""
        with self._database.read() as session:
            rows = session.scalars(select(RunRow).order_by(RunRow.id.desc()).limit(limit))
            return [run_record(row) for row in rows]
