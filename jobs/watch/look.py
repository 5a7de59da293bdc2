"""One look at all sources: who fails, who is silent, whose articles come out otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.sources import SourceKind
from crawler.text import clean_line
from jobs.watch.drift import drift
from jobs.watch.failing import failing
from jobs.watch.silence import SHORTEST, pace, promised, silent, unusual
from storage.alarms import Alarms
from storage.health import Health
from storage.polls import Polls
from storage.records import Alarm, AlarmKind
from storage.runs import Runs
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from crawler.sources import Source
    from jobs.watch.silence import Pace
    from storage.database import Database
    from storage.records import Discoveries, SourceState

JOB = "health"
HOURLY = timedelta(minutes=55)  # an hour, with room for a crawl that came a little sooner than the last one
POLLS = timedelta(days=2)  # a failing source is looked at again within less
ABSORBED = timedelta(days=14)  # after this long the new way is the usual one


def due(database: Database, *, at: datetime) -> bool:
    """Whether the last look is an hour ago. A clock that went back makes it so."""
    last = Runs(database).recent(limit=1, job=JOB)
    return not last or not timedelta() <= at - last[0].started_at < HOURLY


def look(database: Database, sources: Sequence[Source], *, at: datetime) -> list[Alarm]:
    """Look at all sources and remember the alarms; gives those that began with this look, and those that ended."""
    watched = {source.name: source for source in sources if source.kind is not SourceKind.ARCHIVE}
    states = {
        name: state for name, state in Sources(database).states().items() if name in watched and state.rhythm.polled_at
    }
    found = list(_failing(database, states, at=at))
    down = {alarm.source for alarm in found}
    found += _silent(database, {name: state for name, state in states.items() if name not in down}, watched)
    found += _degraded(database, list(states), at=at)
    return Alarms(database).keep(found, at=at)


def _failing(database: Database, states: dict[str, SourceState], *, at: datetime) -> Iterator[Alarm]:
    down = [state for state in states.values() if failing(state.rhythm, at=at)]
    polls = {poll.source: poll for poll in Polls(database).latest(since=at - POLLS, until=at)} if down else {}
    for state in down:
        poll, rhythm = polls.get(state.name), state.rhythm
        said = (clean_line(poll.detail, limit=120) or str(poll.state)) if poll else "no answer"
        last = f"last answer {rhythm.read_at:%Y-%m-%d %H:%M} UTC" if rhythm.read_at else "it never answered"
        looks = f"{rhythm.failures} look{'s' if rhythm.failures > 1 else ''} in a row"
        yield _alarm(state.name, AlarmKind.FAILING, rhythm.read_at or at, f"{said}; {looks}, {last}")


def _silent(database: Database, states: dict[str, SourceState], watched: dict[str, Source]) -> Iterator[Alarm]:
    """A source is silent as of the last time it was read: what was not looked at may well have news."""
    read = {name: state.rhythm.read_at for name, state in states.items() if state.rhythm.read_at}
    if not read:
        return
    for name, known in Health(database).discoveries(read, before=max(read.values()) - SHORTEST):
        since, until = _last(known), read[name]
        rhythm = _rhythm(known, watched[name]) if unusual(known, until=until) else None
        if rhythm and silent(rhythm, since=since, until=until):
            detail = f"nothing new for {span(until - since)}; 19 of 20 gaps are shorter than {span(rhythm.usual)}"
            yield _alarm(name, AlarmKind.SILENT, since, detail)


def _rhythm(known: Discoveries, source: Source) -> Pace | None:
    own = pace(known)
    return own or (promised(source.expect_per_day) if source.expect_per_day else None)


def _last(known: Discoveries) -> datetime:
    return known.spells[-1][1] if known.spells else known.since


def _degraded(database: Database, names: list[str], *, at: datetime) -> Iterator[Alarm]:
    """While an alarm lasts, what comes is held against what came before it: broken does not become usual by itself."""
    standing = [alarm for alarm in Alarms(database).open() if alarm.kind is AlarmKind.DEGRADED]
    anchors = {alarm.source: alarm.since for alarm in standing if at - alarm.since < ABSORBED}
    for name, outcomes in Health(database).outcomes(names, anchors=anchors):
        if words := drift(outcomes):
            detail = f"its articles come out otherwise: {'; '.join(words)}"
            yield _alarm(name, AlarmKind.DEGRADED, outcomes.recent[0].at, detail)


def _alarm(source: str, kind: AlarmKind, since: datetime, detail: str) -> Alarm:
    return Alarm(source=source, kind=kind, since=since, ended_at=None, detail=detail)


def span(length: timedelta) -> str:
    """A length of time in the unit that says it best."""
    minutes = max(length.total_seconds(), 0) / 60
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2 * 1440 else f"{minutes / 1440:.0f} days"


def alarm_line(alarm: Alarm) -> str:
    """An alarm in a line."""
    over = f"over since {alarm.ended_at:%d %b %H:%M} UTC: " if alarm.ended_at else ""
    return f"{alarm.kind!s:<9} {alarm.source}: {over}{clean_line(alarm.detail, limit=400)}"
