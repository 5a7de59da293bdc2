"""The feed that was found for a source, remembered next to what the schedule knows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage.polls import Polls
from storage.records import Poll, PollState, Rhythm, SourceFeed, SourceState
from storage.runs import Runs
from storage.sources import PATIENCE, Sources

if TYPE_CHECKING:
    from storage.database import Database

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE, FEED = "https://example.org/", "https://example.org/feed"
FOUND = SourceFeed(url=FEED, why="announced by the page", at=AT)


def poll(database: Database, state: PollState, *, minutes: int, url: str = FEED) -> None:
    run = Runs(database).start("crawl", version="1", at=AT)
    Polls(database).record(Poll(source="example", url=url, at=AT + timedelta(minutes=minutes), state=state), run=run)


def test_a_feed_is_remembered_until_the_url_changes(database: Database) -> None:
    sources = Sources(database)
    assert sources.feed("example", PAGE) is None
    sources.follow("example", PAGE, FOUND)
    assert sources.feed("example", PAGE) == FOUND
    assert sources.feed("example", "https://example.org/other/") is None
    nothing = SourceFeed(url=None, why="HTTP 404", at=AT)
    sources.follow("example", PAGE, nothing)
    assert sources.feed("example", PAGE) == nothing


def test_a_feed_and_the_rhythm_live_side_by_side(database: Database) -> None:
    sources = Sources(database)
    state = SourceState(name="example", url=PAGE, rhythm=Rhythm(next_at=AT, failures=2))
    sources.keep([state])
    assert sources.feed("example", PAGE) is None
    sources.follow("example", PAGE, FOUND)
    sources.keep([state])
    assert (sources.feed("example", PAGE), sources.state("example", PAGE)) == (FOUND, state)


def test_another_url_starts_the_source_anew(database: Database) -> None:
    sources = Sources(database)
    sources.keep([SourceState(name="example", url=PAGE, rhythm=Rhythm(next_at=AT, failures=2))])
    sources.follow("example", PAGE, FOUND)
    other = "https://example.org/other/"
    sources.follow("example", other, FOUND)
    assert sources.state("example", other).rhythm == Rhythm()
    sources.keep([SourceState(name="example", url=PAGE)])
    assert sources.feed("example", PAGE) is None


def test_a_feed_is_failing_when_its_last_polls_all_failed(database: Database) -> None:
    sources = Sources(database)
    poll(database, PollState.HTTP_ERROR, minutes=-1)  # before it was found
    sources.follow("example", PAGE, FOUND)
    for minutes in range(1, PATIENCE):
        poll(database, PollState.UNREACHABLE, minutes=minutes)
    assert sources.feed("example", PAGE) == FOUND
    poll(database, PollState.OK, minutes=9, url=PAGE)
    poll(database, PollState.NOT_A_FEED, minutes=10)
    assert sources.feed("example", PAGE) == replace(FOUND, failing=True)
    assert sources.feeds() == {("example", PAGE): replace(FOUND, failing=True)}
    poll(database, PollState.UNCHANGED, minutes=11)
    assert sources.feed("example", PAGE) == FOUND
    assert sources.feeds() == {("example", PAGE): FOUND}
