"""`spywire schedule`: one process that starts the jobs that are due, and a second one that stands by."""

from __future__ import annotations

import gc
import logging
import time
from contextlib import closing, contextmanager, suppress
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
from jobs.schedule.orphans import bury
from jobs.schedule.plan import Errand, Job, due, pause, plan
from jobs.schedule.state import read_known, wanted_by
from jobs.schedule.unrecorded import remember
from jobs.settings import Settings
from jobs.watch.after import beat, serving, unwritten, write_down
from jobs.watch.standing import stand
from storage.database import Database
from storage.errors import StorageError
from storage.locks import FileLock, database_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
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
    failed: list[tuple[Child, int]] = field(default_factory=list)  # with their codes, until that is on record
    told: str = ""
    unwritten: str = ""  # why heartbeat or figures cannot be written, once that was told
    news: bool = True  # a job has ended since the figures were written
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
        self.record(configured)
        for errand in due(errands, now=self.now()):
            self._start(errand, configured)
        self.tell(configured)
        gc.collect()  # a look leaves an engine that refers to itself; megabytes would pile up before Python collects

    def standing(self) -> Standing:
        """How everything stands, for whoever asks for /metrics."""
        configured = self._configuring.read()
        with _opened(configured) as database:
            return stand(
                self.home,
                configured.settings,
                configured.sources,
                database,
                broken=configured.broken,
                at=self.now(),
            )

    def look(self) -> tuple[Configured, tuple[Errand, ...]]:
        """What is in force, and what is due when. Raises `ConfigError` or `StorageError`."""
        now = check_clock(self.now())
        configured = self._configuring.read()
        with _opened(configured) as database:
            known = read_known(database, configured.settings, configured.sources, now=now)
        return configured, plan(known, wanted_by(configured.settings), now=now)

    def tell(self, configured: Configured) -> None:
        """Touch the heartbeat file and, after a job, write the figures anew. What goes wrong with it is told once."""
        settings, news = configured.settings, self.news
        try:
            if news and settings.watch.textfile:
                with _opened(configured) as database:
                    write_down(
                        self.home, settings, configured.sources, database, broken=configured.broken, at=self.now()
                    )
            else:
                beat(self.home, settings, at=self.now())
        except (CommandError, StorageError, OSError) as error:
            if str(error) != self.unwritten:
                unwritten(error)
            self.unwritten = str(error)
        else:
            self.unwritten, self.news = "", False

    def record(self, configured: Configured) -> None:
        """Put failures on record that the jobs themselves could not."""
        with suppress(StorageError, OSError):  # then it is tried again at the next look
            while self.failed:
                with _opened(configured) as database:
                    remember(database, *self.failed[0], at=self.now())
                del self.failed[0]

    def url(self) -> str:
        """The database that the settings in force name. Raises `ConfigError`."""
        return self._configuring.read().settings.storage.url

    def blocked(self, wrong: str) -> None:
        """Say why nothing is started when that changes, not at every look; empty: something may be."""
        if wrong and wrong != self.told:
            LOG.event("schedule.blocked", wrong, level="error")
        self.told = wrong

    def reap(self) -> None:
        """See which jobs have ended, and how; end those that take too long, and bury whom nobody else does."""
        bury(self.children.values())
        for job, child in list(self.children.items()):
            child.mind()
            code = child.ended()
            if code is not None:
                del self.children[job]
                self._ended(child, code)

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
        try:
            self.children[errand.job] = start(
                errand.job, self.home, configured.settings, kept=configured.kept, environment=self.environment
            )
        except (CommandError, OSError) as error:
            self._pause(errand.job, f"cannot be started: {error}")
            return
        LOG.event("job.started", f"{errand.job}: {errand.why}", of=str(errand.job), due=errand.at.isoformat())

    def _ended(self, child: Child, code: int) -> None:
        job, self.news = child.job, True
        LOG.event("job.ended", f"{job} ended with {code}", of=str(job), exit_code=code)
        if code in FINE or self.stopping:
            self.waiting.pop(job, None)
            return
        self.failed.append((child, code))
        self._pause(job, f"failed with exit code {code}")

    def _pause(self, job: Job, why: str) -> None:
        pausing = self.waiting.setdefault(job, Waiting())
        pausing.failures += 1
        rest = pause(pausing.failures)
        pausing.until = time.monotonic() + rest.total_seconds()
        minutes = rest // timedelta(minutes=1)
        LOG.event("job.failed", f"{job} {why}; not again for {minutes} minutes", level="error")


@contextmanager
def _opened(configured: Configured) -> Iterator[Database]:
    with closing(Database.open(configured.settings.storage.url, patience=0)) as database:
        yield database


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
            scheduler.tell(configured)
            break
        scheduler.news = True
        try:
            child = start(errand.job, scheduler.home, configured.settings, kept=None, environment=scheduler.environment)
        except CommandError as error:
            LOG.event("job.failed", f"{errand.job} cannot be started: {error}", level="error")
            codes[errand.job] = error.exit
            continue
        LOG.event("job.started", f"{errand.job}: {errand.why}", of=str(errand.job), due=errand.at.isoformat())
        code = codes[errand.job] = _waited(child, stop=stop)
        LOG.event("job.ended", f"{errand.job} ended with {code}", of=str(errand.job))
        bury(())
        if code not in FINE and not stop.is_set():
            scheduler.failed.append((child, code))
            scheduler.record(configured)
        scheduler.tell(configured)
    return max(codes.values(), key=lambda code: (code not in FINE, code), default=Exit.OK)


def _waited(child: Child, *, stop: Event) -> int:
    while (code := child.ended()) is None:
        if stop.wait(0.05):
            child.stop()
            time.sleep(0.05)
        child.mind()
    return code
