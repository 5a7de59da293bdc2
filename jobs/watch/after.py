"""What is done for whoever watches: after each job, and while the daemon runs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from jobs.catalogue import pollable_sources
from jobs.exits import BusyError, CommandError, ConfigError, UsageError, exit_of
from jobs.log import LOG
from jobs.paths import settled_path
from jobs.runs import now, recorded
from jobs.watch.ping import Event, ended, ping
from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from crawler.sources import Source
    from jobs.home import Home
    from jobs.settings import Settings
    from jobs.watch.standing import Standing
    from storage.database import Database
    from storage.records import Alarm

EXPECTED = (CommandError, StorageError, OSError)  # their words are enough
UNSAID = (BusyError, UsageError)  # no crawl began


def after(
    home: Home,
    settings: Settings,
    sources: Sequence[Source],
    database: Database,
    *,
    broken: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = now,
) -> tuple[Alarm, ...]:
    """Look at all sources if the last look is an hour ago, then write down what the settings name.

    Gives the alarms that began with it, and those that ended. `sources` are all of them, `broken` says by name what is
    wrong with the others. Raises `OSError` for a file that cannot be written.
    """
    from jobs.watch.look import due

    changed: tuple[Alarm, ...] = ()
    if due(database, at=clock()):
        changed = looked(database, sources, clock=clock)
    write_down(home, settings, sources, database, broken=broken or {}, at=clock())
    return changed


def write_down(
    home: Home,
    settings: Settings,
    sources: Sequence[Source],
    database: Database,
    *,
    broken: Mapping[str, str],
    at: datetime,
) -> None:
    """Write the figures and touch the heartbeat file, if there are to be any. Raises `OSError` or `StorageError`."""
    if settings.watch.textfile:
        from jobs.watch.figures import text_of
        from jobs.watch.standing import stand

        standing = stand(home, settings, sources, database, broken=broken, at=at)
        _write(settled_path(home.config, settings.watch.textfile), text_of(standing))
    beat(home, settings, at=at)


def noted(home: Home, settings: Settings, database: Database, *, clock: Callable[[], datetime] = now) -> None:
    """The same after a job that did its work, whatever comes of it."""
    if not (settings.watch.textfile or settings.watch.heartbeat):
        return
    try:
        sources, broken = pollable_sources(home.sources_file)
        write_down(home, settings, sources, database, broken=broken, at=clock())
    except (CommandError, OSError, StorageError) as error:
        unwritten(error)


def unwritten(error: Exception) -> None:
    """Say what kept figures or heartbeat from being written: it is nothing to fail for."""
    LOG.event("watch.failed", f"[watch] cannot be told: {error}", level="error")


def looked(database: Database, sources: Sequence[Source], *, clock: Callable[[], datetime] = now) -> tuple[Alarm, ...]:
    """Look at all sources as a run of its own; gives the alarms that began with it, and those that ended."""
    from jobs.watch.look import JOB, alarm_line, look

    with recorded(database, JOB, clock=clock) as run:
        changed = look(database, sources, at=run.started_at)
        begun = sum(alarm.ended_at is None for alarm in changed)
        run.counts = {"alarms.begun": begun, "alarms.ended": len(changed) - begun}
    for alarm in changed:
        name = "alarm.ended" if alarm.ended_at else "alarm.begun"
        LOG.event(name, alarm_line(alarm), level="warning", source=alarm.source, kind=str(alarm.kind))
    return tuple(changed)


def beat(home: Home, settings: Settings, *, at: datetime) -> None:
    """Touch the heartbeat file, if there is to be one. Raises `OSError`."""
    if settings.watch.heartbeat:
        _write(settled_path(home.config, settings.watch.heartbeat), f"{at.isoformat(timespec='seconds')}\n")


@dataclass(kw_only=True)
class Calls:
    """The calls of one run: who is called, how the run ended, and which calls came to nothing."""

    settings: Settings
    rid: str = field(default_factory=lambda: str(uuid4()))
    exit_code: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)  # in words

    def start(self) -> None:
        """Say that the run begins."""
        self._call(Event.START)

    def end(self, exit_code: int) -> None:
        """Say how it ended."""
        self._call(ended(exit_code), exit_code)

    def _call(self, event: Event, exit_code: int | None = None) -> None:
        """One that fails is a blip: a line in a log that has everything."""
        note = " ".join(f"{name}={count}" for name, count in sorted(self.counts.items()))
        if wrong := ping(self.settings.watch, event, rid=self.rid, exit_code=exit_code, note=note):
            self.failed.append(wrong)
            LOG.event("ping.failed", wrong)


@contextmanager
def calling(settings: Settings) -> Iterator[Calls]:
    """Call the ping URL, if there is one, when a run has ended, whatever its end is; `start` is up to the run.

    That another one is at work, or that nobody knows what was asked for, is not told: no run began.
    """
    calls = Calls(settings=settings)
    try:
        yield calls
    except BaseException as error:
        if not isinstance(error, UNSAID):
            calls.end(exit_of(error))
        raise
    calls.end(calls.exit_code)


@contextmanager
def serving(settings: Settings, read: Callable[[], Standing]) -> Iterator[None]:
    """Serve /metrics where the settings say, if they do. Raises `ConfigError` if that address cannot be had."""
    if not settings.watch.metrics:
        yield
        return
    from prometheus_client import CollectorRegistry, start_http_server

    host, _, port = settings.watch.metrics.rpartition(":")
    try:
        server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=CollectorRegistry())
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"[watch] metrics: cannot serve at {settings.watch.metrics}: {error}; name another"
        ) from error
    server.set_app(_Figures(read))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Figures:
    """What answers whoever scrapes: every figure, or 503 where none can be read. The log says why when that changes."""

    def __init__(self, read: Callable[[], Standing]) -> None:
        self._read, self._told = read, ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        from prometheus_client import CollectorRegistry, make_wsgi_app

        from jobs.watch.figures import Figures

        try:
            standing = self._read()
        except Exception as error:  # noqa: BLE001 - whoever scrapes is given an answer, and the daemon goes on
            self._tell(f"{error}" if isinstance(error, EXPECTED) else f"{type(error).__name__}: {error}")
            start_response("503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"the figures cannot be read; the log says why\n"]
        self._tell("")
        registry = CollectorRegistry()
        registry.register(Figures(lambda: standing))
        return make_wsgi_app(registry)(environ, start_response)  # type: ignore[no-any-return]

    def _tell(self, wrong: str) -> None:
        if wrong and wrong != self._told:
            LOG.event("metrics.failed", f"[watch] metrics cannot be read: {wrong}", level="error")
        self._told = wrong


def _write(path: Path, text: str) -> None:
    """All of it or nothing: whoever reads it at the same time reads the last one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        part.write_text(text, encoding="utf-8")
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
