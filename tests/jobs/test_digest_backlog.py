"""What one edition calls unread, the next ones account for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jobs.digest.coverage import cover
from jobs.digest.edition import Day
from storage.records import Activity, Decision, LinkState, PollState, SourcePoll, Tally
from tests.jobs.digest_archive import DAY, SEVEN, Newsroom, newsroom
from tests.jobs.digest_day import SINCE, UNTIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobs.digest.edition import Fate

HOUR = timedelta(hours=1)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = newsroom(tmp_path / "home", "[profile.daily]\nchannels = []\n")
    yield room
    room.database.close()


def counted(fates: tuple[Fate, ...]) -> dict[LinkState | None, int]:
    return {fate.state: fate.count for fate in fates}


def test_links_that_an_edition_left_waiting_are_told_by_the_next_with_what_became_of_them(room: Newsroom) -> None:
    room.look("wire", at=SEVEN - HOUR, found=range(1, 9))
    room.look("blog", at=SEVEN - HOUR)
    room.send(SEVEN)
    room.report(1, at=SEVEN + HOUR)
    for number in (2, 3, 4):
        room.report(number, at=SEVEN + HOUR, decision=Decision.REJECT, score=0.01)
    room.report(9, at=SEVEN + HOUR, decision=Decision.REJECT, score=0.01)
    room.look("blog", at=SEVEN + HOUR)
    room.send(SEVEN + DAY)
    room.send(SEVEN + 2 * DAY)
    first, second, third = room.editions()
    assert (first.links, counted(first.fates), first.before) == (8, {LinkState.DISCOVERED: 8}, ())
    assert (second.links, second.articles, counted(second.fates)) == (1, 5, {LinkState.REJECTED: 1})
    assert counted(second.before) == {LinkState.FLAGGED: 1, LinkState.REJECTED: 3, LinkState.DISCOVERED: 4}
    assert counted(third.before) == {LinkState.DISCOVERED: 4}
    assert (first.coverage.day, second.coverage.day) == (Day.BLIND, Day.NORMAL)
    assert {
        "8 links from before: 1 flagged, 3 read and judged irrelevant, 4 still waiting to be read.",
        "4 links have not been read: waiting, or failed.",
    } <= set(second.coverage.words)


def test_a_source_that_is_there_no_more_leaves_nothing_waiting(room: Newsroom) -> None:
    room.look("wire", at=SEVEN - HOUR, found=(1, 2))
    room.look("taken out", at=SEVEN - HOUR, found=(1, 2, 3))
    room.send(SEVEN)
    room.send(SEVEN + DAY)
    first, second = room.editions()
    assert (first.links, counted(second.before)) == (5, {LinkState.DISCOVERED: 2})


def seen(*, before: tuple[Tally, ...], polls: tuple[SourcePoll, ...] = ()) -> Activity:
    return Activity(since=SINCE, until=UNTIL, links=0, tallies=(), sources=polls, before=before)


def test_a_day_on_which_most_of_what_waited_was_not_read_is_blind() -> None:
    poll = SourcePoll(source="A", at=SINCE + HOUR, state=PollState.UNCHANGED)
    waiting = Tally(state=LinkState.DISCOVERED, reason="", count=40)
    coverage = cover(seen(before=(waiting,), polls=(poll,)), flagged=0, unjudged=0)
    assert (coverage.day, coverage.words[0]) == (Day.BLIND, "40 of 40 articles could not be judged yet.")


def test_where_no_source_was_due_and_something_was_read_it_is_not_said_that_nothing_was() -> None:
    read = Tally(state=LinkState.REJECTED, reason="sport", count=3)
    coverage = cover(seen(before=(read,)), sources=("A",), flagged=0, unjudged=0, resting={"A"})
    assert coverage.day is Day.NORMAL
