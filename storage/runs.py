"""The record of every job: when, where and by which version, what it counted, how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from storage.records import JobHistory
from storage.rows import run_record
from storage.tables import RunRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

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
        latest = select(func.max(RunRow.id))
        with self._database.read() as session:
            return {job: session.scalars(latest.where(RunRow.job == job)).one() for job in _jobs(session)}

    def histories(self) -> dict[str, JobHistory]:
        """What became of every job that ever ran: its latest run, its latest that did its work, failures since then."""
        latest = select(RunRow).order_by(RunRow.id.desc()).limit(AHEAD)
        with self._database.read() as session:
            found = {job: session.scalars(latest.where(RunRow.job == job)).all() for job in _jobs(session)}
            return {job: _history([run_record(row) for row in rows]) for job, rows in found.items()}


def _jobs(session: Session) -> Iterator[str]:
    """Every job that ever ran, from one to the next in the index: years of runs are not read for it."""
    job: str | None = ""
    while job := session.scalar(select(func.min(RunRow.job)).where(RunRow.job > job)):
        yield job


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
