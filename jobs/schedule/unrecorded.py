"""Failures of jobs that could not record them: whoever looks next at what is due has to know of them, too."""

from __future__ import annotations

from importlib.metadata import version
from socket import gethostname
from typing import TYPE_CHECKING

from storage.runs import Runs

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.schedule.children import Child
    from storage.database import Database


def remember(database: Database, child: Child, code: int, *, at: datetime) -> None:
    """Record that a job failed, unless it did so itself. Raises `StorageError`."""
    runs, job, host = Runs(database), str(child.job), gethostname()
    latest = next(iter(runs.recent(limit=1, job=job)), None)
    if latest and (latest.host, latest.process) == (host, child.process.pid) and latest.started_at >= child.began:
        return
    run = runs.start(job, version=version("spywire"), at=child.began, host=host, process=child.process.pid)
    error = f"it ended with {code} before it could begin"
    runs.end(run, at=max(at, child.began), exit_code=code, counts={}, error=error)
