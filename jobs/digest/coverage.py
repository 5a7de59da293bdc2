"""Whether an edition saw the day: normal, quiet or blind, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest.edition import Coverage, Day, SourceNote
from jobs.digest.plain import short
from jobs.digest.words import count
from storage.records import LinkState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from storage.records import Activity, SourcePoll

_NAME, _DETAIL = 60, 160  # columns
_UNREAD = {LinkState.DISCOVERED, LinkState.LEASED, LinkState.FAILED, LinkState.UNEXTRACTABLE}
_JUDGED = {LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED}


def cover(activity: Activity, *, sources: Iterable[str] = (), flagged: int, unjudged: int) -> Coverage:
    """Judge a window by the sources that answered in it and the links that were read.

    `sources` names every source that should have been looked at; those of `activity` are always counted. `flagged`
    counts stories; `unjudged` counts articles that are held because no model could judge them.

    A look after the window's end counts too: an edition is composed when the next one may have happened already.
    """
    polls = {poll.source: poll for poll in activity.sources}
    names = sorted({*sources, *polls})
    failed = tuple(note for name in names if (note := _note(name, polls.get(name), activity.since)))
    answered = len(names) - len(failed)
    unread = _links(activity, _UNREAD)
    blindness = _blindness(failed, answered, unread + unjudged, unread + _links(activity, _JUDGED))
    quiet = not flagged and not failed and not unjudged
    return Coverage(
        day=Day.BLIND if blindness else Day.QUIET if quiet else Day.NORMAL,
        words=(
            blindness or _answers(answered, len(names)),
            *_silence(flagged, blind=bool(blindness)),
            *_backlog(unread, unjudged),
        ),
        sources=len(names),
        answered=answered,
        failed=failed,
    )


def _links(activity: Activity, states: AbstractSet[LinkState]) -> int:
    return sum(tally.count for tally in activity.tallies if tally.state in states)


def _note(source: str, poll: SourcePoll | None, since: datetime) -> SourceNote | None:
    """What was wrong with a source; None when it answered."""
    if poll is None or poll.at < since:
        return SourceNote(source=short(source, _NAME), state=None, at=poll.at if poll else None)
    if poll.state.succeeded:
        return None
    return SourceNote(source=short(source, _NAME), state=poll.state, at=poll.at, detail=short(poll.detail, _DETAIL))


def _blindness(failed: Sequence[SourceNote], answered: int, unjudged: int, articles: int) -> str:
    """Why silence would mean nothing; empty when it would mean something."""
    sources = answered + len(failed)
    if not sources:
        return "There is no source to look at."
    if not answered and all(note.state is None for note in failed):
        return "No source was looked at in this window."
    if 2 * answered < sources:
        return _answers(answered, sources)
    if 2 * unjudged > articles:
        return f"{unjudged:,} of {count(articles, 'article')} could not be judged yet."
    return ""


def _answers(answered: int, sources: int) -> str:
    if sources == 1:
        return "The only source answered." if answered else "The only source did not answer."
    if answered == sources:
        return f"All {sources:,} sources answered."
    most = f"{answered:,}" if 2 * answered >= sources else f"Only {answered:,}" if answered else "None"
    return f"{most} of {sources:,} sources answered."


def _silence(flagged: int, *, blind: bool) -> list[str]:
    if flagged:
        return []
    return ["Nothing was flagged, which on such a day says little." if blind else "Nothing was flagged."]


def _backlog(unread: int, unjudged: int) -> Iterator[str]:
    if unread:
        yield f"{count(unread, 'link has', 'links have')} not been read: waiting, or failed."
    if unjudged:
        yield f"{count(unjudged, 'article is', 'articles are')} held because no model could judge them."
