"""Jobs in processes of their own: each has a deadline and a limit of memory, and cannot take the daemon with it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.home import KEPT
from jobs.log import LOG, VARIABLE
from jobs.paths import settled_path
from jobs.runs import now
from jobs.schedule.plan import Job
from jobs.spans import span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from jobs.home import Home
    from jobs.settings import Settings

GRACE = 30.0  # seconds from SIGTERM to SIGKILL
EARLIER = 60.0  # seconds before its deadline that a crawl ends by itself
MEGABYTE = 1024 * 1024


@dataclass(kw_only=True)
class Child:
    """A job that runs."""

    job: Job
    process: subprocess.Popen[bytes]
    began: datetime
    until: float  # monotonic: its deadline
    killed_at: float | None = None  # monotonic: when it is killed, once it was asked to end

    def ended(self) -> int | None:
        """Its exit code as a shell has it, or None while it runs."""
        code = self.process.poll()
        return None if code is None else code if code >= 0 else 128 - code

    def mind(self) -> None:
        """Ask it to end at its deadline, and kill it if it does not."""
        now = time.monotonic()
        if self.killed_at is not None and now >= self.killed_at:
            self._signal(signal.SIGKILL)
        elif self.killed_at is None and now >= self.until:
            LOG.event("job.late", f"{self.job} has run into its deadline and is ended", level="warning")
            self.stop()

    def stop(self) -> None:
        """Ask it to end."""
        if self.killed_at is None:
            self.killed_at = time.monotonic() + GRACE
            self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        """SIGTERM to the job, which ends its workers itself; SIGKILL to all of them."""
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)


def start(job: Job, home: Home, settings: Settings, *, kept: Path | None, environment: Mapping[str, str]) -> Child:
    """Start a job. What it has to say goes to our standard error; by contract a healthy one says nothing."""
    seconds, began = span(settings.schedule.deadline).total_seconds(), now()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "jobs", *arguments(job, home, settings, seconds=seconds)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**environment, VARIABLE: str(LOG.form)} | ({KEPT: str(kept)} if kept else {}),
        start_new_session=True,
    )
    limit(process.pid, settings.schedule.memory_mb * MEGABYTE)
    return Child(job=job, process=process, began=began, until=time.monotonic() + seconds)


def arguments(job: Job, home: Home, settings: Settings, *, seconds: float) -> Sequence[str]:
    """The command line of a job, without the program. Raises `ConfigError` where a setting of the job is wrong."""
    folder = ["--home", str(home.config)] if home.config == home.data == home.state else []
    match job:
        case Job.CRAWL:
            line = ["crawl", "--quiet", "--if-busy", "skip", "--max-runtime", f"{int(seconds - EARLIER)}s"]
        case Job.DIGEST:
            line = ["digest", "send", "--if-busy", "skip"]
        case Job.SITE:
            line = ["site", "build"]
        case Job.RETAIN:
            line = ["retain", "--if-busy", "skip"]
        case Job.BACKUP:
            target = settled_path(home.config, settings.backup.folder)
            line = ["db", "backup", f"{target}/", "--keep", str(settings.backup.keep)]
    return [*folder, *line]


def limit(process: int, size: int) -> None:
    """Give a process so much address space. Only the soft limit: its workers set their own."""
    with suppress(ProcessLookupError):
        resource.prlimit(process, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
