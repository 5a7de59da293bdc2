"""The record of every job: when, where and by which version, what it counted, how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from storage.records import JobHistory
from storage.rows import run_record
from storage.tables import RunRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storage.database import Database
    from storage.records import Run

AHEAD = 20  # runs of a job that are read to tell how often it failed in a row
DONE = (0, 1, 69, 124)  # exit codes of jobs that did what could be done


class Runs:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, job: str, *, version: str, at: datetime, host: str = "", process: int = 0) -> int:
        """Open a run and give its id."""
        with self._database.write() as session:
            row = RunRow(job=job, version=version, started_at=at, counts={}, host=host, process=process)
            session.add(row)
            session.flush()
            return row.id

    def end(
        self,
        run: int,
        *,
        at: datetime,
        exit_code: int,
        counts: Mapping[str, int],
        received: int = 0,
        sources: Mapping[str, Mapping[str, Any]] | None = None,
        error: str = "",
    ) -> None:
        """Close a run. One that was killed stays open: it has no end and no exit code."""
        changes = {
            "ended_at": at,
            "exit_code": exit_code,
            "counts": dict(counts),
            "received": received,
            "sources": {name: dict(result) for name, result in (sources or {}).items()},
            "error": error,
        }
        with self._database.write() as session:
            session.execute(update(RunRow).where(RunRow.id == run).values(changes))

    def recent(self, *, limit: int, job: str | None = None) -> list[Run]:
        """The latest runs, newest first; of one job, if it is named."""
        query = select(RunRow).order_by(RunRow.id.desc()).limit(limit)
        query = query if job is None else query.where(RunRow.job == job)
        with self._database.read() as session:
            return [run_record(row) for row in session.scalars(query)]

    def named(self, run: int) -> Run | None:
        """A run by its id."""
        with self._database.read() as session:
            row = session.get(RunRow, run)
            return None if row is None else run_record(row)

    def newest(self) -> dict[str, int]:
        """The id of the latest run of every job that ever ran."""
        with self._database.read() as session:
            rows = session.execute(select(RunRow.job, func.max(RunRow.id).label("latest")).group_by(RunRow.job))
            return {row.job: row.latest for row in rows}

    def histories(self) -> dict[str, JobHistory]:
        """What became of every job that ever ran: its latest run, its latest that did its work, failures since then."""
        ranked = select(
            RunRow.id, func.row_number().over(partition_by=RunRow.job, order_by=RunRow.id.desc()).label("place")
        ).subquery()
        query = select(RunRow).join(ranked, ranked.c.id == RunRow.id).where(ranked.c.place <= AHEAD)
        found: dict[str, list[Run]] = {}
        with self._database.read() as session:
            for row in session.scalars(query.order_by(RunRow.id.desc())):
                found.setdefault(row.job, []).append(run_record(row))
        return {job: _history(runs) for job, runs in found.items()}


def _history(runs: list[Run]) -> JobHistory:
    done = next((run for run in runs if run.exit_code in DONE), None)
    since = runs if done is None else runs[: runs.index(done)]
    failures = sum(run.ended_at is not None or number > 0 for number, run in enumerate(since))  # the latest may run yet
    return JobHistory(
        started_at=runs[0].started_at,
        ended_at=runs[0].ended_at,
        exit_code=runs[0].exit_code,
        done_at=None if done is None else done.started_at,
        failures=failures,
    )
