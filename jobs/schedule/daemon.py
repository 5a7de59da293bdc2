"""`spywire schedule`: one process that starts the jobs that are due, and a second one that stands by."""

from __future__ import annotations

import gc
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from jobs.exits import CommandError, ConfigError, Exit
from jobs.home import stand_by
from jobs.log import LOG
from jobs.runs import check_clock
from jobs.runs import now as clock
from jobs.schedule.children import GRACE, Child, start
from jobs.schedule.configured import Configured, Configuring
from jobs.schedule.plan import Errand, Job, due, pause, plan
from jobs.schedule.state import read_known, wanted_by
from jobs.settings import Settings
from jobs.watch.after import beat, serving
from jobs.watch.standing import stand
from storage.database import Database
from storage.errors import StorageError
from storage.locks import FileLock, database_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from threading import Event

    from jobs.home import Home
    from jobs.watch.standing import Standing
    from storage.locks import Lock

JOB = "schedule"
AGAIN = 10.0  # seconds until the next try to be the scheduler
LOCKS_EVERY = 5.0  # seconds between two looks at whether our locks are still ours
STUCK = 3  # ticks: without one for so long, the clock was set back under the ticker
FINE = (0, 1, 69, 75, 124)  # exit codes that are no reason to wait longer


@dataclass(kw_only=True)
class Waiting:
    """A job that failed, and is left alone for a while."""

    failures: int = 0
    until: float = 0.0  # monotonic


@dataclass(kw_only=True)
class Scheduler:
    """Looks at what is due and starts it, each job once at a time. A look that went well touches the heartbeat file."""

    home: Home
    environment: Mapping[str, str]
    now: Callable[[], datetime] = clock
    steadfast: bool = True  # goes on with the last good settings while the files are broken
    children: dict[Job, Child] = field(default_factory=dict)
    waiting: dict[Job, Waiting] = field(default_factory=dict)
    told: str = ""
    stopping: bool = False

    def __post_init__(self) -> None:
        self._configuring = Configuring(self.home, self.environment, steadfast=self.steadfast)
        self.ticked = time.monotonic()

    def tick(self) -> None:
        """One look. What goes wrong with it is told once, and the next one may go better."""
        self.ticked = time.monotonic()
        self.reap()
        try:
            configured, errands = self.look()
        except (CommandError, StorageError, OSError) as error:
            self.blocked(f"nothing is started: {error}")
            return
        self.blocked("")
        for errand in due(errands, now=self.now()):
            self._start(errand, configured)
        try:
            beat(self.home, configured.settings, at=self.now())
        except OSError as error:
            self.blocked(f"[watch] heartbeat cannot be written: {error}")
        gc.collect()  # a look leaves an engine that refers to itself; megabytes would pile up before Python collects

    def standing(self) -> Standing:
        """How everything stands, for whoever asks for /metrics."""
        configured = self._configuring.read()
        database = Database.open(configured.settings.storage.url, patience=0)
        try:
            return stand(self.home, configured.settings, configured.sources, database, at=self.now())
        finally:
            database.close()

    def look(self) -> tuple[Configured, tuple[Errand, ...]]:
        """What is in force, and what is due when. Raises `ConfigError` or `StorageError`."""
        now = check_clock(self.now())
        configured = self._configuring.read()
        database = Database.open(configured.settings.storage.url, patience=0)
        try:
            known = read_known(database, configured.settings, configured.sources, now=now)
        finally:
            database.close()
        return configured, plan(known, wanted_by(configured.settings), now=now)

    def url(self) -> str:
        """The database that the settings in force name. Raises `ConfigError`."""
        return self._configuring.read().settings.storage.url

    def blocked(self, wrong: str) -> None:
        """Say why nothing is started when that changes, not at every look; empty: something may be."""
        if wrong and wrong != self.told:
            LOG.event("schedule.blocked", wrong, level="error")
        self.told = wrong

    def reap(self) -> None:
        """See which jobs have ended, and how; end those that take too long."""
        for job, child in list(self.children.items()):
            child.mind()
            code = child.ended()
            if code is not None:
                del self.children[job]
                self._ended(job, code)

    def stop(self) -> None:
        """End every job: they have 30 seconds, and are killed then."""
        self.stopping = True
        for child in self.children.values():
            child.stop()
        until = time.monotonic() + GRACE + 5
        while self.children and time.monotonic() < until:
            self.reap()
            time.sleep(0.05)
        self.stopping = False

    def _start(self, errand: Errand, configured: Configured) -> None:
        pausing = self.waiting.get(errand.job)
        if errand.job in self.children or (pausing and time.monotonic() < pausing.until):
            return
        LOG.event("job.started", f"{errand.job}: {errand.why}", of=str(errand.job), due=errand.at.isoformat())
        self.children[errand.job] = start(
            errand.job, self.home, configured.settings, kept=configured.kept, environment=self.environment
        )

    def _ended(self, job: Job, code: int) -> None:
        LOG.event("job.ended", f"{job} ended with {code}", of=str(job), exit_code=code)
        if code in FINE or self.stopping:
            self.waiting.pop(job, None)
            return
        pausing = self.waiting.setdefault(job, Waiting())
        pausing.failures += 1
        rest = pause(pausing.failures)
        pausing.until = time.monotonic() + rest.total_seconds()
        minutes = rest // timedelta(minutes=1)
        LOG.event("job.failed", f"{job} failed with exit code {code}; not again for {minutes} minutes", level="error")


def serve(scheduler: Scheduler, *, stop: Event) -> None:
    """Be the scheduler of this home until `stop`, or stand by while another one is."""
    home = scheduler.home
    while not stop.is_set():
        locks: list[Lock] = [FileLock(home.state / f"{JOB}.lock")]
        try:
            locks += [lock] if (lock := database_lock(scheduler.url(), JOB, own=home.data)) else []
        except (CommandError, StorageError, OSError) as error:  # without its lock two would be at work
            scheduler.blocked(f"nothing is started: {error}")
            stop.wait(AGAIN)
            continue
        try:
            if all(stand_by(lock, JOB, stopped=stop.wait, waiting=_standing_by) for lock in locks):
                LOG.event("schedule.started", "the scheduler is at work")
                _ticking(scheduler, locks, stop=stop)
        except StorageError as error:
            scheduler.blocked(str(error))
            stop.wait(AGAIN)
        except OSError as error:
            raise ConfigError(f"cannot write {home.state}/{JOB}.lock: {error.strerror}; choose another home") from error
        finally:
            for lock in locks:
                lock.free()


def _ticking(scheduler: Scheduler, locks: list[Lock], *, stop: Event) -> None:
    """Let APScheduler tick, and serve /metrics if that is wanted."""
    from apscheduler.schedulers.background import BackgroundScheduler

    settings = _settings(scheduler)
    every = settings.schedule.tick
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # a tick that took longer than one is no news
    ticker = BackgroundScheduler(timezone=UTC)
    ticker.add_job(
        scheduler.tick,
        "interval",
        seconds=every,
        id="tick",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
        next_run_time=clock(),
    )
    gc.freeze()  # what is imported stays: collecting after each look then costs next to nothing
    ticker.start()
    try:
        with serving(settings, scheduler.standing):
            _watch(scheduler, ticker, locks, every=every, stop=stop)
    finally:
        ticker.shutdown(wait=True)
        scheduler.stop()
        LOG.event("schedule.ended", "the scheduler has stopped")


def _watch(scheduler: Scheduler, ticker: Any, locks: list[Lock], *, every: float, stop: Event) -> None:
    """Until `stop`, or until a lock is lost. Without a tick for too long, the clock was set back: tick all the same."""
    while not stop.wait(min(every, LOCKS_EVERY)) and all(lock.held() for lock in locks):
        if time.monotonic() - scheduler.ticked > STUCK * every + GRACE:
            ticker.reschedule_job("tick", trigger="interval", seconds=every)
            ticker.modify_job("tick", next_run_time=clock())


def _settings(scheduler: Scheduler) -> Settings:
    """Those that hold for as long as the daemon runs: how often it ticks, where it serves."""
    try:
        return scheduler.look()[0].settings
    except (CommandError, StorageError, OSError):
        return Settings()


def _standing_by(holder: str) -> None:
    LOG.event("schedule.standby", f"standing by: {holder} is at work", level="warning")


def once(scheduler: Scheduler, *, stop: Event) -> int:
    """Do what is due now, one job after the other, and what that makes due; each job once. Gives the gravest code."""
    codes: dict[Job, int] = {}
    while not stop.is_set():
        configured, errands = scheduler.look()
        errand = next((errand for errand in due(errands, now=scheduler.now()) if errand.job not in codes), None)
        if errand is None:
            break
        child = start(errand.job, scheduler.home, configured.settings, kept=None, environment=scheduler.environment)
        LOG.event("job.started", f"{errand.job}: {errand.why}", of=str(errand.job), due=errand.at.isoformat())
        codes[errand.job] = _waited(child, stop=stop)
        LOG.event("job.ended", f"{errand.job} ended with {codes[errand.job]}", of=str(errand.job))
    return max(codes.values(), key=lambda code: (code not in FINE, code), default=Exit.OK)


def _waited(child: Child, *, stop: Event) -> int:
    while (code := child.ended()) is None:
        if stop.wait(0.05):
            child.stop()
            time.sleep(0.05)
        child.mind()
    return code
