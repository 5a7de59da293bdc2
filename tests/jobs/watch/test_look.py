"""A look at all sources, over a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crawler.sources import Source, SourceKind
from jobs.watch.after import looked
from jobs.watch.look import due, look, span
from storage.alarms import Alarms
from storage.polls import Polls
from storage.records import AlarmKind, Link, Poll, PollState, Rhythm, Settled, SourceState
from storage.records import LinkState as State
from storage.runs import Runs
from storage.sources import Sources

if TYPE_CHECKING:
    from storage.database import Database

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEKS = 8
END = START + WEEKS * 7 * DAY


def url(name: str) -> str:
    return f"https://{name}.example/feed"


def source(name: str, **fields: object) -> Source:
    return Source(name=name, url=url(name), **fields)  # type: ignore[arg-type]


def discovered(database: Database, name: str, times: list[datetime], *, run: int) -> None:
    for number, at in enumerate(times):
        link = Link(key=f"{name}/{number}", url=f"{url(name)}/{number}", source=name)
        Polls(database).record(Poll(source=name, url=url(name), at=at, state=PollState.OK, links=(link,)), run=run)


def keep(database: Database, name: str, *, read_at: datetime | None, polled_at: datetime, failures: int = 0) -> None:
    rhythm = Rhythm(interval=HOUR, next_at=polled_at, polled_at=polled_at, read_at=read_at, failures=failures)
    Sources(database).keep([SourceState(name=name, url=url(name), rhythm=rhythm)])


def test_who_fails_is_failing_and_who_is_read_in_vain_is_silent(database: Database) -> None:
    run = Runs(database).start("crawl", version="0", at=START)
    daily = [START + n * DAY for n in range(WEEKS * 7)]
    now = END + 6 * DAY
    for name in ("lively", "silent", "down", "blip", "unread"):
        discovered(database, name, daily, run=run)
    discovered(database, "lively", [*daily, now - HOUR], run=run)
    refused = Poll(source="down", url=url("down"), at=now, state=PollState.HTTP_ERROR, detail="HTTP 503")
    Polls(database).record(refused, run=run)
    keep(database, "lively", read_at=now, polled_at=now)
    keep(database, "silent", read_at=now, polled_at=now)
    keep(database, "down", read_at=now - 5 * DAY, polled_at=now, failures=3)
    keep(database, "blip", read_at=END, polled_at=END + HOUR, failures=1)
    keep(database, "unread", read_at=END, polled_at=END)
    names = ("lively", "silent", "down", "blip", "unread", "never")
    begun = look(database, [source(name) for name in names], at=END + 2 * HOUR + 6 * DAY)
    assert {(alarm.source, alarm.kind) for alarm in begun} == {
        ("silent", AlarmKind.SILENT),
        ("down", AlarmKind.FAILING),
        ("blip", AlarmKind.FAILING),  # one look failed, but there was no answer for a day
    }, "a source that nobody looked at is not silent"
    said = {alarm.source: alarm for alarm in begun}
    assert said["silent"].since == daily[-1]
    assert said["silent"].detail == "nothing new for 7 days; 19 of 20 gaps are shorter than 24 h"
    assert said["down"].detail == "HTTP 503; 3 looks in a row, last answer 2026-06-30 08:00 UTC"


def test_an_alarm_ends_when_news_comes(database: Database) -> None:
    run = Runs(database).start("crawl", version="0", at=START)
    discovered(database, "wire", [START + n * DAY for n in range(WEEKS * 7)], run=run)
    keep(database, "wire", read_at=END + 9 * DAY, polled_at=END + 9 * DAY)
    assert [alarm.kind for alarm in look(database, [source("wire")], at=END + 9 * DAY)] == [AlarmKind.SILENT]
    late = Link(key="wire/late", url=url("wire"), source="wire")
    Polls(database).record(
        Poll(source="wire", url=url("wire"), at=END + 10 * DAY, state=PollState.OK, links=(late,)), run=run
    )
    keep(database, "wire", read_at=END + 10 * DAY, polled_at=END + 10 * DAY)
    (ended,) = look(database, [source("wire")], at=END + 10 * DAY)
    assert ended.ended_at == END + 10 * DAY
    assert Alarms(database).open() == []


def test_a_source_that_is_taken_out_of_the_catalogue_has_no_alarm(database: Database) -> None:
    keep(database, "gone", read_at=None, polled_at=END, failures=9)
    assert len(look(database, [source("gone")], at=END)) == 1
    assert [alarm.ended_at for alarm in look(database, [], at=END + HOUR)] == [END + HOUR]


def test_files_on_this_machine_are_not_watched(database: Database) -> None:
    keep(database, "files", read_at=None, polled_at=END, failures=9)
    assert look(database, [source("files", kind=SourceKind.ARCHIVE)], at=END) == []


def test_a_promise_is_enough_for_a_source_of_which_nothing_else_is_known(database: Database) -> None:
    run = Runs(database).start("crawl", version="0", at=START)
    discovered(database, "new", [START, START + DAY], run=run)
    keep(database, "new", read_at=START + 9 * DAY, polled_at=START + 9 * DAY)
    assert look(database, [source("new")], at=START + 9 * DAY) == []
    assert len(look(database, [source("new", expect_per_day=4)], at=START + 9 * DAY)) == 1


def test_pages_that_stop_being_articles_degrade_a_source_until_they_are_again(database: Database) -> None:
    run = Runs(database).start("crawl", version="0", at=START)
    times = [START + n * 2 * HOUR for n in range(130)]
    discovered(database, "wire", times, run=run)
    keep(database, "wire", read_at=times[-1], polled_at=times[-1])
    settle(database, range(60), State.HELD, run=run)
    settle(database, range(60, 95), State.UNEXTRACTABLE, run=run)
    (begun,) = look(database, [source("wire")], at=times[95])
    assert begun.detail == "its articles come out otherwise: pages that are articles from 92 % to 0 %"
    settle(database, range(95, 130), State.HELD, run=run)
    (ended,) = look(database, [source("wire")], at=times[-1])
    assert ended.ended_at == times[-1]


def settle(database: Database, numbers: range, state: State, *, run: int) -> None:
    from storage.ledger import Ledger

    for number in numbers:
        Ledger(database).settle(Settled(key=f"wire/{number}", state=state, reason="", at=START), run=run)


def test_it_is_looked_once_an_hour_and_after_a_clock_went_back(database: Database) -> None:
    assert due(database, at=END)
    assert looked(database, [], clock=lambda: END) == ()
    assert not due(database, at=END + HOUR / 2)
    assert due(database, at=END + HOUR)
    assert due(database, at=END - HOUR)
    assert [run.job for run in Runs(database).recent(limit=9)] == ["health"]


def test_lengths_read_well() -> None:
    assert [span(minutes * timedelta(minutes=1)) for minutes in (-5, 0, 119, 120, 2879, 2880, 14400)] == [
        *("0 min", "0 min", "119 min", "2 h", "48 h", "2 days", "10 days"),
    ]
