"""`spywire status`: one screen, and the same as plain data."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.runs import RunState
from jobs.watch.check import level_of
from jobs.watch.look import span
from storage.records import DeliveryState, LinkState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from jobs.watch.check import Finding
    from jobs.watch.standing import JobStanding, Standing
    from storage.records import Alarm

WIDTH = 80
ALARMS = 12  # shown
WAITING = {LinkState.DISCOVERED, LinkState.LEASED}
FATES = (LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED)


def status_text(standing: Standing, findings: tuple[Finding, ...]) -> str:
    """One screen, 80 columns wide."""
    title = f"spywire {version('spywire')}, {standing.at:%d %b %Y %H:%M} UTC"
    verdict = level_of(findings).name
    lines = [f"{title}{verdict:>{WIDTH - len(title)}}"]
    for finding in findings:
        lines += wrap(finding.words, WIDTH, initial_indent="  ! ", subsequent_indent="    ")
    return "\n".join([*lines, "", *_jobs(standing), "", *_sources(standing), "", *_rest(standing)])


def status_json(standing: Standing, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Everything, as plain data."""
    return {
        "at": standing.at.isoformat(),
        "version": version("spywire"),
        "level": level_of(findings).name.lower(),
        "findings": [{"level": finding.level.name.lower(), "words": finding.words} for finding in findings],
        "jobs": [_job_json(job) for job in standing.jobs],
        "due": [{"job": str(one.job), "at": one.at.isoformat(), "why": one.why} for one in standing.due],
        "upcoming": [{"job": str(one.job), "at": one.at.isoformat(), "why": one.why} for one in standing.upcoming],
        "sources": standing.sources,
        "broken": list(standing.broken),
        "alarms": [alarm_json(alarm) for alarm in standing.alarms],
        "looked_at": _iso(standing.looked_at),
        "held": standing.held,
        "deliveries": {str(state): standing.deliveries.get(state, 0) for state in DeliveryState},
        "links_last_day": {str(state): count for state, count in standing.links.items()},
        "database": {"bytes": standing.size, "schema": standing.schema, "disk_free": standing.free},
        "model": {"version": standing.model, "why": standing.model_why, "since": _iso(standing.model_since)},
    }


def alarm_json(alarm: Alarm) -> dict[str, Any]:
    """An alarm as plain data."""
    return {
        "source": alarm.source,
        "kind": str(alarm.kind),
        "since": alarm.since.isoformat(),
        "ended_at": _iso(alarm.ended_at),
        "detail": alarm.detail,
    }


def _jobs(standing: Standing) -> Iterator[str]:
    yield f"{'JOB':<10} {'last run':<15} {'ended':<10} {'did its work':<15} next"
    upcoming = {str(errand.job): errand for errand in (*standing.upcoming, *standing.due)}
    names = [job.name for job in standing.jobs]
    for job in standing.jobs:
        last, done = _ago(standing.at, job.started_at), _ago(standing.at, job.done_at)
        yield f"{job.name:<10} {last:<15} {_end(job):<10} {done:<15} {_next(standing, job.name)}".rstrip()
    for name in upcoming:
        if name not in names:
            yield f"{name:<10} {'never':<15} {'':<10} {'never':<15} {_next(standing, name)}"


def _next(standing: Standing, name: str) -> str:
    for errand in standing.due:
        if errand.job == name:
            return f"{span(standing.at - errand.at)} late" if errand in standing.late else "due"
    for errand in standing.upcoming:
        if errand.job == name:
            return f"in {span(errand.at - standing.at)}"
    return ""


def _end(job: JobStanding) -> str:
    if job.state is not RunState.ENDED:
        return str(job.state)
    return "ok" if job.exit_code == 0 else f"exit {job.exit_code}"


def _ago(at: datetime, then: datetime | None) -> str:
    if then is None:
        return "never"
    return f"{span(at - then)} ago" if then <= at + timedelta(minutes=1) else f"{then:%d %b %H:%M}"


def _sources(standing: Standing) -> Iterator[str]:
    counted = ", ".join(f"{count} {state}" for state, count in standing.sources.items() if count or state == "ok")
    yield f"SOURCES    {counted}"
    looked = _ago(standing.at, standing.looked_at)
    yield f"           looked for silence and drift: {looked}" + ("; run `spywire health`" * (looked == "never"))
    for alarm in standing.alarms[:ALARMS]:
        words = f"{alarm.source}: {clean_line(alarm.detail, limit=200)}"
        yield from wrap(words, WIDTH, initial_indent=f"{alarm.kind!s:>9}  ", subsequent_indent=" " * 13)
    more = len(standing.alarms) - ALARMS
    if more > 0:
        yield f"           and {more} more: `spywire health --open`"


def _rest(standing: Standing) -> Iterator[str]:
    links = standing.links
    counts = {state: links[state] for state in FATES}
    waiting = sum(links[state] for state in WAITING)
    other = sum(links.values()) - sum(counts.values()) - waiting
    told = [f"{count:,} {state}" for state, count in counts.items()] + [f"{other:,} other", f"{waiting:,} waiting"]
    yield f"LINKS      {sum(links.values()):,} in 24 hours: {', '.join(told)}"
    yield f"HELD       {standing.held:,} for a person, or for the gate: `spywire export --verdict hold`"
    yield f"OUTBOX     {_outbox(standing)}"
    yield from wrap(_model(standing), WIDTH, initial_indent="MODEL      ", subsequent_indent=" " * 11)
    yield f"DATABASE   {_bytes(standing.size)}, schema {standing.schema}; {_bytes(standing.free)} free on its disk"


def _outbox(standing: Standing) -> str:
    counts = standing.deliveries
    parts = [f"{counts.get(DeliveryState.SENT, 0)} sent in 24 hours"]
    parts += [
        f"{counts[state]} {state}" for state in DeliveryState if state is not DeliveryState.SENT and counts.get(state)
    ]
    return ", ".join(parts)


def _model(standing: Standing) -> str:
    since = f", since {standing.model_since:%d %b %Y}" if standing.model_since else ""
    return f"{clean_line(standing.model, limit=80)}, {standing.model_why}{since}"


def _bytes(many: int) -> str:
    units: Iterable[tuple[int, str]] = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
    return next((f"{many / size:.1f} {unit}" for size, unit in units if many >= size), f"{many} bytes")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _job_json(job: JobStanding) -> dict[str, Any]:
    return {
        "job": job.name,
        "state": str(job.state),
        "started_at": job.started_at.isoformat(),
        "ended_at": _iso(job.ended_at),
        "exit_code": job.exit_code,
        "done_at": _iso(job.done_at),
        "failures": job.failures,
    }
