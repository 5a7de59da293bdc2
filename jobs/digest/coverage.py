"""Whether an edition saw the day: normal, quiet or blind, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from jobs.digest.edition import Coverage, Day, Fault, SourceNote
from jobs.digest.plain import short
from jobs.digest.words import FATES, NOTHING_FLAGGED, NOTHING_FOR_PROFILE, NOTHING_TO_TELL, count
from storage.records import AlarmKind, LinkState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from storage.records import Activity, Alarm, SourcePoll, Tally

_NAME, _DETAIL = 60, 160  # columns
_UNREAD = {LinkState.DISCOVERED, LinkState.LEASED, LinkState.FAILED, LinkState.UNEXTRACTABLE}
_FAULTS = {AlarmKind.SILENT: Fault.SILENT, AlarmKind.DEGRADED: Fault.DEGRADED}
IDLE = "No source was due for a look in this window, and none was looked at."
_JUDGED = {LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED}
_READ = {*_JUDGED, LinkState.DUPLICATE}


def cover(
    activity: Activity,
    *,
    sources: Iterable[str] = (),
    flagged: int,
    unjudged: int,
    left_out: int = 0,
    stale: int = 0,
    alarms: Iterable[Alarm] = (),
    resting: Collection[str] = (),
) -> Coverage:
    """Judge a window by the sources that answered in it, the links that were read, and the alarms that are open.

    `sources` names every source that should have been looked at; those of `activity` are always counted. `flagged`
    counts stories, `left_out` those that were flagged and that these readers do not ask for, `stale` those that were no
    news any more when this installation began; `unjudged` counts articles that are held because no model could judge
    them. `resting` are sources that answered when they were last looked at, and are due only after the window: that
    nobody looked at them in it is no fault of theirs. They are told apart. Where all of them rest, silence says
    nothing, and nothing is wrong; where nobody looked at any and some were due, the day is blind.

    A look after the window's end counts too: an edition is composed when the next one may have happened already. Links
    that waited when the window began count like those that were found in it: read, or still unread.
    """
    polls = {poll.source: poll for poll in activity.sources}
    every = {*sources, *polls}
    rested = {name for name in resting if name in every and not _looked_at(name, polls, activity.since)}
    if rested != every and not any(_looked_at(name, polls, activity.since) for name in every):
        rested = set()
    ended = (*activity.tallies, *activity.before)
    undisturbed = bool(every) and rested == every
    names = sorted(every - rested)
    failed = tuple(note for name in names if (note := _note(name, polls.get(name), activity.since)))
    unwell = _unwell(alarms, names, {note.source for note in failed}, polls)
    answered = len(names) - len(failed)
    unread, read = _links(ended, _UNREAD), _links(ended, _READ)
    degraded = sum(note.fault is Fault.DEGRADED for note in unwell)
    seen = "" if undisturbed else _blindness(failed, answered)
    blindness = seen or _unjudged(unread + unjudged, unread + _links(ended, _JUDGED)) or _misread(degraded, len(names))
    quiet = bool(names) and not flagged and not failed and not unwell and not unjudged
    return Coverage(
        day=_day(blind=bool(blindness), idle=undisturbed and not flagged and not read, quiet=quiet),
        words=(
            *_seen(blindness, answered, names, rested),
            *_silence(flagged, left_out, stale, blind=bool(blindness)),
            *_backstory(stale),
            *_before(activity.before),
            *_backlog(unread, unjudged),
        ),
        sources=len(names),
        answered=answered,
        failed=failed,
        unwell=unwell,
    )


def _unwell(
    alarms: Iterable[Alarm], names: Sequence[str], failed: AbstractSet[str], polls: Mapping[str, SourcePoll]
) -> tuple[SourceNote, ...]:
    """Sources that answered and are not to be trusted all the same, by their alarms."""
    found = {
        (alarm.source, _FAULTS[alarm.kind]): alarm
        for alarm in alarms
        if alarm.kind in _FAULTS and alarm.source in names and short(alarm.source, _NAME) not in failed
    }
    return tuple(
        SourceNote(
            source=short(source, _NAME),
            state=polls[source].state if source in polls else None,
            at=_second(polls.get(source)),
            detail=short(alarm.detail, _DETAIL),
            fault=fault,
        )
        for (source, fault), alarm in sorted(found.items())
    )


def _misread(degraded: int, sources: int) -> str:
    """Half of the sources and more come out otherwise than they used to: what they say may not have been read."""
    return (
        f"The pages of {degraded:,} of {sources:,} sources come out otherwise than usual."
        if 2 * degraded > sources
        else ""
    )


def _links(tallies: Iterable[Tally], states: AbstractSet[LinkState]) -> int:
    return sum(tally.count for tally in tallies if tally.state in states)


def _looked_at(source: str, polls: Mapping[str, SourcePoll], since: datetime) -> bool:
    return source in polls and polls[source].at >= since


def _note(source: str, poll: SourcePoll | None, since: datetime) -> SourceNote | None:
    """What was wrong with a source; None when it answered."""
    if poll is None or poll.at < since:
        return SourceNote(source=short(source, _NAME), state=None, at=_second(poll))
    if poll.state.succeeded:
        return None
    return SourceNote(
        source=short(source, _NAME), state=poll.state, at=_second(poll), detail=short(poll.detail, _DETAIL)
    )


def _second(poll: SourcePoll | None) -> datetime | None:
    return poll.at.replace(microsecond=0) if poll else None


def _day(*, blind: bool, idle: bool, quiet: bool) -> Day:
    if blind:
        return Day.BLIND
    return Day.IDLE if idle else Day.QUIET if quiet else Day.NORMAL


def _seen(blindness: str, answered: int, names: Collection[str], rested: Collection[str]) -> tuple[str, ...]:
    """What was looked at. Without a source that should have been, all of them rested."""
    if rested and not names:
        return (IDLE, blindness) if blindness else (IDLE,)
    return (blindness or _answers(answered, len(names)), *_rest(len(rested)))


def _blindness(failed: Sequence[SourceNote], answered: int) -> str:
    """Why too few sources were seen for silence to mean something; empty when enough were."""
    sources = answered + len(failed)
    if not sources:
        return "There is no source to look at."
    if not answered and all(note.state is None for note in failed):
        return "No source was looked at in this window."
    if 2 * answered < sources:
        return _answers(answered, sources)
    return ""


def _unjudged(unjudged: int, articles: int) -> str:
    few = 2 * unjudged <= articles
    return "" if few else f"{unjudged:,} of {count(articles, 'article')} could not be judged yet."


def _answers(answered: int, sources: int) -> str:
    if sources == 1:
        return "The only source answered." if answered else "The only source did not answer."
    if answered == sources:
        return f"All {sources:,} sources answered."
    most = f"{answered:,}" if 2 * answered >= sources else f"Only {answered:,}" if answered else "None"
    return f"{most} of {sources:,} sources answered."


def _silence(flagged: int, left_out: int, stale: int, *, blind: bool) -> Iterator[str]:
    if not flagged:
        nothing = NOTHING_FOR_PROFILE if left_out else NOTHING_TO_TELL if stale else NOTHING_FLAGGED
        yield f"{nothing[:-1]}, which on such a day says little." if blind else nothing


def _rest(resting: int) -> Iterator[str]:
    if resting:
        yield f"{count(resting, 'more was', 'more were')} not due for a look."


def _backstory(stale: int) -> Iterator[str]:
    if stale:
        told = count(stale, "flagged story was", "flagged stories were")
        yield f"This first edition leaves out what is older than a day: {told} published before."


def _before(tallies: Sequence[Tally]) -> Iterator[str]:
    """What became of links that waited already when the window began: earlier editions called them unread."""
    counts: Counter[LinkState] = Counter()
    for tally in tallies:
        counts[LinkState.DISCOVERED if tally.state is LinkState.LEASED else tally.state] += tally.count
    states = sorted(LinkState, key=lambda state: state is LinkState.DISCOVERED)  # what still waits at the end
    told = [f"{counts[state]:,} {FATES[state]}" for state in states if counts[state]]
    if told:
        yield f"{count(counts.total(), 'link')} from before: {', '.join(told)}."


def _backlog(unread: int, unjudged: int) -> Iterator[str]:
    if unread:
        yield f"{count(unread, 'link has', 'links have')} not been read: waiting, or failed."
    if unjudged:
        yield f"{count(unjudged, 'article is', 'articles are')} held because no model could judge them."
