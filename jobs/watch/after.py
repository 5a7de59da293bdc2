"""What is done for whoever watches: after each job, and while the daemon runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from jobs.exits import ConfigError, exit_of
from jobs.log import LOG
from jobs.runs import now, recorded
from jobs.watch.ping import Event, ended, ping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from crawler.sources import Source
    from jobs.home import Home
    from jobs.runs import Record
    from jobs.settings import Settings
    from jobs.watch.standing import Standing
    from storage.database import Database
    from storage.records import Alarm


def after(
    home: Home,
    settings: Settings,
    sources: Sequence[Source],
    database: Database,
    *,
    clock: Callable[[], datetime] = now,
) -> tuple[Alarm, ...]:
    """Look at all sources if the last look is an hour ago, then tell what the settings name.

    Gives the alarms that began with it, and those that ended. `sources` are all of them. Raises `OSError` for a file
    that cannot be written.
    """
    from jobs.watch.look import due

    changed: tuple[Alarm, ...] = ()
    if due(database, at=clock()):
        changed = looked(database, sources, clock=clock)
    if settings.watch.textfile:
        from jobs.watch.figures import text_of
        from jobs.watch.standing import stand

        _write(home.config / settings.watch.textfile, text_of(stand(home, settings, sources, database, at=clock())))
    beat(home, settings, at=clock())
    return changed


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
        _write(home.config / settings.watch.heartbeat, f"{at.isoformat(timespec='seconds')}\n")


@contextmanager
def calling(settings: Settings, run: Record) -> Iterator[None]:
    """Call the ping URL, if there is one, when a run starts and when it has ended, whatever its end is."""
    _call(settings, Event.START, run)
    try:
        yield
    except BaseException as error:
        _call(settings, ended(exit_of(error)), run, exit_code=exit_of(error))
        raise
    _call(settings, ended(run.exit_code), run, exit_code=run.exit_code)


def _call(settings: Settings, event: Event, run: Record, *, exit_code: int | None = None) -> None:
    note = " ".join(f"{name}={count}" for name, count in sorted(run.counts.items()))
    if wrong := ping(settings.watch, event, run=run.id, exit_code=exit_code, note=note):
        LOG.event("ping.failed", wrong, level="warning")


@contextmanager
def serving(settings: Settings, read: Callable[[], Standing]) -> Iterator[None]:
    """Serve /metrics where the settings say, if they do. Raises `ConfigError` if that address cannot be had."""
    if not settings.watch.metrics:
        yield
        return
    from prometheus_client import CollectorRegistry, start_http_server

    from jobs.watch.figures import Figures

    host, _, port = settings.watch.metrics.rpartition(":")
    registry = CollectorRegistry()
    registry.register(Figures(read))
    try:
        server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=registry)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"[watch] metrics: cannot serve at {settings.watch.metrics}: {error}; name another"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _write(path: Path, text: str) -> None:
    """All of it or nothing: whoever reads it at the same time reads the last one."""
    path = path.expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        part.write_text(text, encoding="utf-8")
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
