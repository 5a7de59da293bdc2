"""What the watch asks, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage.archive import Archive
from storage.health import EARLIER, RECENT, Health
from storage.polls import Polls
from storage.records import (
    Article,
    DateSource,
    Decision,
    Judged,
    Link,
    LinkState,
    Outcome,
    Poll,
    PollState,
    Settled,
    Verdict,
)
from storage.runs import Runs

if TYPE_CHECKING:
    from storage.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
URL = "https://example.org"


class Room:
    """Stores over one database, and a run that works in it."""

    def __init__(self, database: Database) -> None:
        self.polls, self.archive, self.health = Polls(database), Archive(database), Health(database)
        self.run = Runs(database).start("crawl", version="0", at=NOON)

    def discover(self, source: str, *numbers: int, at: datetime) -> None:
        links = tuple(Link(key=f"{source}/{n}", url=f"{URL}/{source}/{n}", source=source) for n in numbers)
        self.polls.record(Poll(source=source, url=URL, at=at, state=PollState.OK, links=links), run=self.run)

    def store(self, source: str, n: int, decision: Decision = Decision.REJECT, **fields: object) -> None:
        url = f"{URL}/{source}/{n}"
        article = Article(**{"url": url, "title": f"Title {n}", "text": f"Text of {source} {n}."} | fields)  # type: ignore[arg-type]
        verdict = Verdict(decision=decision, score=0.5, threshold=0.6, reject_below=0.1, model="m", why="because")
        state = {Decision.REJECT: LinkState.REJECTED, Decision.HOLD: LinkState.HELD, Decision.FLAG: LinkState.FLAGGED}
        settled = Settled(key=f"{source}/{n}", state=state[decision], reason="", at=NOON, http_status=200)
        self.archive.add(Judged(key=f"{source}/{n}", article=article, verdict=verdict), settled, run=self.run)


def test_the_first_poll_is_no_habit_and_hours_stand_for_their_links(database: Database) -> None:
    room = Room(database)
    room.discover("wire", *range(50), at=NOON - 3 * DAY)
    room.discover("wire", 50, 51, at=NOON - 2 * DAY)
    room.discover("wire", 52, at=NOON - 2 * DAY + 20 * HOUR / 60)
    room.discover("wire", 53, at=NOON - DAY)
    known = dict(room.health.discoveries(["wire", "nowhere"], before=NOON))
    assert list(known) == ["wire"]
    assert known["wire"].since == NOON - 3 * DAY
    assert known["wire"].spells == (
        (NOON - 2 * DAY, NOON - 2 * DAY + 20 * HOUR / 60),
        (NOON - DAY, NOON - DAY),
    )
    assert dict(room.health.discoveries(["wire"], before=NOON - DAY)) == {}, "it had something new since"


def test_outcomes_are_the_latest_and_those_before_in_order(database: Database) -> None:
    room = Room(database)
    room.discover("blog", *range(4), at=NOON - DAY)
    room.discover("blog", 4, 5, at=NOON)
    room.store("blog", 0, Decision.FLAG, text="Title 0\nand more", date_source=DateSource.META, published=NOON)
    room.store("blog", 4, dropped_lines=3)
    ((_, outcomes),) = room.health.outcomes(["blog"])
    assert outcomes.earlier == ()
    assert outcomes.recent == (
        Outcome(at=NOON - DAY, state=LinkState.FLAGGED, size=16, date_source=DateSource.META, headed=True),
        Outcome(at=NOON, state=LinkState.REJECTED, size=15, dropped_lines=3),
    ), "what waits to be fetched has not come out yet"
    ((_, anchored),) = room.health.outcomes(["blog"], anchors={"blog": NOON})
    assert [len(anchored.recent), len(anchored.earlier)] == [1, 1]


def test_no_more_than_two_windows_are_read(database: Database) -> None:
    room = Room(database)
    many = RECENT + EARLIER + 5
    room.discover("wire", *range(many), at=NOON)
    for n in range(many):
        room.store("wire", n)
    ((_, outcomes),) = room.health.outcomes(["wire"])
    assert [len(outcomes.recent), len(outcomes.earlier)] == [RECENT, EARLIER]


def test_what_waits_and_how_large_it_is(database: Database) -> None:
    room = Room(database)
    room.discover("wire", 1, 2, at=NOON)
    room.store("wire", 1, Decision.HOLD)
    room.store("wire", 2, Decision.FLAG)
    assert room.health.held() == 1
    assert room.health.deliveries(since=NOON, failed_since=NOON) == {}
    assert room.health.size() > 10_000
    assert room.health.revision() == "0006"
