"""The one door to run records: every job that changes something goes through `recorded`."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.exits import ConfigError, Exit, exit_of
from jobs.log import LOG
from storage.errors import StorageError
from storage.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from storage.database import Database
    from storage.records import Run

OLDEST = datetime(2026, 1, 1, tzinfo=UTC)  # older than the program: a clock that says so is not set
SLACK = timedelta(seconds=5)  # between a process's start as the kernel has it, and as a run has it
ERROR = 1000  # characters kept
UNSURE = (Exit.STORAGE, Exit.STOPPED, Exit.TERMINATED)  # ends with which the server may well be away


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    ENDED = "ended"
    KILLED = "killed"


@dataclass(kw_only=True)
class Record:
    """A run that goes on. What is written here before its end is kept."""

    id: int
    job: str
    started_at: datetime
    counts: dict[str, int] = field(default_factory=dict)
    received: int = 0
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    exit_code: int = Exit.OK
    error: str = ""


def now() -> datetime:
    """The clock of every job."""
    return datetime.now(UTC)


@contextmanager
def recorded(database: Database, job: str, *, clock: Callable[[], datetime] = now) -> Iterator[Record]:
    """Record a run of a job from its start to its end, however that comes.

    An exception closes the record with its exit code and goes on its way. Whoever was stopped by a signal does not wait
    for a server that is away: then the record stays open. Raises `ConfigError` if the clock is not set.
    """
    started = check_clock(clock())
    runs = Runs(database)
    number = database.again(
        runs.start, job, version=version("spywire"), at=started, host=socket.gethostname(), process=os.getpid()
    )
    run = Record(id=number, job=job, started_at=started)
    outer = LOG.run, LOG.job
    LOG.run, LOG.job = number, job
    LOG.event("run.started", version=version("spywire"))
    try:
        yield run
    except BaseException as error:
        if not isinstance(error, Exception):
            database.hurry()
        run.exit_code, run.error = exit_of(error), run.error or f"{type(error).__name__}: {error}".removesuffix(": ")
        _close_if_it_can(database, run, clock=clock)
        raise
    if run.exit_code in UNSURE:
        _close_if_it_can(database, run, clock=clock)
    else:
        _close(database, run, clock=clock)
    if outer[0] is not None:  # a run that another one goes on with
        LOG.run, LOG.job = outer


def check_clock(at: datetime) -> datetime:
    """The same time. Raises `ConfigError` for one before this program was written."""
    if at < OLDEST:
        raise ConfigError(f"the clock says {at:%Y-%m-%d %H:%M} UTC; set it (timedatectl set-ntp true), then run again")
    return at


def state_of(run: Run, *, newest: Mapping[str, int]) -> RunState:
    """Where a run stands: one without an end is killed when its process is gone, or when the job has run since."""
    if run.ended_at is not None:
        return RunState.ENDED
    if newest.get(run.job, run.id) > run.id:
        return RunState.KILLED
    if run.host != socket.gethostname():
        return RunState.RUNNING
    return RunState.RUNNING if _alive(run.process, before=run.started_at) else RunState.KILLED


def _close_if_it_can(database: Database, run: Record, *, clock: Callable[[], datetime]) -> None:
    try:
        _close(database, run, clock=clock)
    except StorageError as error:  # it may be the very reason of the end; the run stays open, and reads as killed
        LOG.event("run.unrecorded", f"the end of run {run.id} cannot be recorded: {error}", level="warning")


def _close(database: Database, run: Record, *, clock: Callable[[], datetime]) -> None:
    said = clean_line(LOG.redact(run.error), limit=ERROR)
    ended = max(clock(), run.started_at)  # a clock that was set back in between
    database.again(
        Runs(database).end,
        run.id,
        at=ended,
        exit_code=run.exit_code,
        counts=run.counts,
        received=run.received,
        sources=run.sources,
        error=said,
    )
    LOG.event("run.ended", exit_code=int(run.exit_code), counts=run.counts, received=run.received, error=said)


def _alive(process: int, *, before: datetime) -> bool:
    """Whether this process lives and began before then: numbers are given out again."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        booted = _booted()
    except (OSError, StopIteration):
        return _answers(process)
    began = booted + int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return began <= (before + SLACK).timestamp()


def _booted() -> float:
    lines = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
    return float(next(line for line in lines if line.startswith("btime ")).split()[1])


def _answers(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process > 0


def runs_json(runs: Sequence[Run], *, newest: Mapping[str, int]) -> list[dict[str, Any]]:
    """Runs as plain data."""
    return [
        {
            "id": run.id,
            "job": run.job,
            "state": str(state_of(run, newest=newest)),
            "exit_code": run.exit_code,
            "started_at": run.started_at.isoformat(),
            "ended_at": run.ended_at and run.ended_at.isoformat(),
            "version": run.version,
            "host": run.host,
            "process": run.process,
            "received": run.received,
            "counts": run.counts,
            "sources": run.sources,
            "error": run.error,
        }
        for run in runs
    ]


def runs_text(runs: Sequence[Run], *, newest: Mapping[str, int]) -> str:
    """A line a run: id, job, start, how long, how it ended, what it did."""
    lines = [f"{'run':>7}  {'job':<10} {'started (UTC)':<16} {'took':>7}  {'ended':<9} what"]
    rows = (
        f"{run.id:>7}  {run.job:<10} {run.started_at:%Y-%m-%d %H:%M} {_took(run):>7}  "
        f"{_end(run, newest):<9} {_gist(run)}".rstrip()
        for run in runs
    )
    return "\n".join([*lines, *rows])


def run_text(run: Run, *, newest: Mapping[str, int]) -> str:
    """Everything about a run."""
    ended = "" if run.ended_at is None else f" to {run.ended_at:%Y-%m-%d %H:%M:%S}"
    lines = [
        f"run {run.id}: {run.job}, {_end(run, newest)}",
        f"  time      {run.started_at:%Y-%m-%d %H:%M:%S}{ended} UTC ({_took(run)})",
        f"  by        spywire {run.version}, process {run.process} on {run.host or 'an unknown host'}",
        f"  received  {_size(run.received)}",
    ]
    lines += [f"  error     {run.error}"] if run.error else []
    lines += ["  counts", *(f"    {name:<40} {count:>9,}" for name, count in sorted(run.counts.items()))]
    if run.sources:
        lines.append("  sources that failed or had news")
        for name, result in sorted(run.sources.items()):
            detail = clean_line(str(result.get("detail", "")), limit=120)
            found = f"{result.get('new', 0)} new of {result.get('found', 0)}" if result.get("found") else ""
            lines.append(f"    {name:<28} {result.get('state', ''):<12} {found}{detail}".rstrip())
    return "\n".join(lines)


def _end(run: Run, newest: Mapping[str, int]) -> str:
    state = state_of(run, newest=newest)
    if state is not RunState.ENDED or run.exit_code is None:
        return str(state)
    return "ok" if run.exit_code == Exit.OK else f"exit {run.exit_code}"


def _took(run: Run) -> str:
    if run.ended_at is None:
        return ""
    seconds = (run.ended_at - run.started_at).total_seconds()
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two digits read best


def _gist(run: Run) -> str:
    if run.error:
        return clean_line(run.error, limit=60)
    counts = run.counts
    known = {"links.new": "new links", "pages.settled": "pages", "pages.flagged": "flagged", "pages.held": "held"}
    parts = [f"{counts[key]} {word}" for key, word in known.items() if counts.get(key)]
    failed = [name for name, result in run.sources.items() if not result.get("found") and result.get("detail")]
    parts += [f"{len(failed)} sources failed"] if len(failed) > 1 else [f"{name} failed" for name in failed]
    if not parts and run.job != "crawl":
        parts = [f"{count} {name}" for name, count in sorted(counts.items())[:3]]
    return ", ".join(parts)


def _size(received: int) -> str:
    return f"{received / 1e6:.1f} MB" if received >= 1e5 else f"{received:,} bytes"  # noqa: PLR2004
