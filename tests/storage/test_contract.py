"""What the storage room promises, on every engine it runs on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from storage.archive import NO_MODEL, Archive
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import (
    Article,
    Because,
    DateSource,
    Decision,
    Evidence,
    Judged,
    Link,
    LinkState,
    Poll,
    PollState,
    Settled,
    Tally,
    Validators,
    Verdict,
)
from storage.runs import Runs

if TYPE_CHECKING:
    from storage.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=15)
DAY = timedelta(days=1)


def link(n: int, source: str = "wire") -> Link:
    return Link(
        key=f"example.org/{n}",
        url=f"https://example.org/{n}?utm_source=feed",
        source=source,
        title=f"Story {n}",
        published=NOON - timedelta(hours=n),
        summary="A summary.",
        authors=("Ada", "Grace"),
    )


def verdict(decision: Decision = Decision.FLAG, model: str = "m1") -> Verdict:
    return Verdict(
        decision=decision,
        score=0.9,
        threshold=0.65,
        reject_below=0.02,
        model=model,
        why="because",
        evidence=(Evidence(text="spies", weight=1.5, start=3, end=8), Evidence(text="ministry", weight=0.5)),
    )


def article(n: int, text: str = "", outlet: str = "Example Wire") -> Article:
    return Article(
        url=f"https://example.org/{n}",
        title=f"Story {n}",
        text=text or f"Body of story {n}.\nSecond paragraph.",
        authors=("Ada",),
        outlet=outlet,
        published=NOON,
        date_source=DateSource.JSON_LD,
        language="en",
    )


def settled(n: int, state: LinkState = LinkState.FLAGGED, *, at: datetime = NOON, **more: object) -> Settled:
    return Settled(key=link(n).key, state=state, reason="because", at=at, http_status=200, **more)  # type: ignore[arg-type]


class Room:
    """The stores over one database, and a run that works in it."""

    def __init__(self, database: Database) -> None:
        self.ledger, self.archive, self.polls, self.runs = (
            Ledger(database),
            Archive(database),
            Polls(database),
            Runs(database),
        )
        self.run = self.runs.start("crawl", version="0", at=NOON)

    def discover(self, *links: Link, at: datetime = NOON, state: PollState = PollState.OK) -> int:
        url = "https://example.org/feed"
        poll = Poll(source="wire", url=url, at=at, state=state, links=links, etag='"1"', dropped=(("not-http", 2),))
        return self.polls.record(poll, run=self.run)

    def lease(self, *, owner: str = "me", at: datetime = NOON, limit: int = 100) -> list[str]:
        until = at + timedelta(minutes=10)
        return [taken.key for taken in self.ledger.lease("wire", owner=owner, at=at, until=until, limit=limit)]

    def store(self, n: int, decision: Decision = Decision.FLAG, **judged: object) -> LinkState:
        fields = {"key": link(n).key, "article": article(n), "verdict": verdict(decision)} | judged
        state = {Decision.FLAG: LinkState.FLAGGED, Decision.HOLD: LinkState.HELD, Decision.REJECT: LinkState.REJECTED}
        return self.archive.add(Judged(**fields), settled(n, state[decision]), run=self.run)  # type: ignore[arg-type]


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


def test_a_link_is_new_exactly_once(room: Room) -> None:
    assert room.discover(link(1), link(2), link(1)) == 2
    assert room.discover(link(2), link(3)) == 1
    assert [unknown.key for unknown in room.ledger.unknown([link(3), link(4), link(4)])] == ["example.org/4"]


def test_a_poll_of_thousands_of_links_is_one_transaction(room: Room) -> None:
    assert room.discover(*(link(n) for n in range(1200))) == 1200
    assert room.discover(*(link(n) for n in range(1300))) == 100


def test_what_the_feed_said_travels_with_the_link(room: Room) -> None:
    room.discover(link(1))
    until = NOON + DAY
    assert room.ledger.lease("wire", owner="me", at=NOON, until=until, limit=5) == [link(1)]


def test_a_leased_link_is_not_given_twice(room: Room) -> None:
    room.discover(link(1), link(2), link(3))
    assert room.lease(owner="a", limit=2) == ["example.org/1", "example.org/2"]
    assert room.lease(owner="b") == ["example.org/3"]
    assert room.lease(owner="b", at=NOON + timedelta(minutes=9)) == []


def test_the_link_of_a_dead_run_comes_back(room: Room) -> None:
    room.discover(link(1))
    room.lease(owner="dead")
    assert room.lease(owner="other") == []
    assert room.lease(owner="dead") == [], "a run is given no link twice"
    assert room.ledger.count_waiting("wire", at=NOON) == 0
    assert room.ledger.release(owner="dead") == 1
    assert room.ledger.count_waiting("wire", at=NOON) == 1
    assert room.lease(owner="dead") == ["example.org/1"], "the owner's next run need not wait"
    assert room.lease(owner="other", at=NOON + timedelta(minutes=10)) == ["example.org/1"]


def test_a_released_link_waits_for_the_next_run(room: Room) -> None:
    room.discover(link(1))
    room.lease(owner="me")
    assert room.ledger.release(owner="me") == 1
    assert room.lease(owner="other") == ["example.org/1"]


def test_what_would_be_leased_can_be_looked_at(room: Room) -> None:
    room.discover(link(1))
    for _ in range(2):
        assert room.ledger.waiting("wire", owner="me", at=NOON, limit=5) == [link(1)]


def test_a_failed_link_is_tried_again_when_it_is_due(room: Room) -> None:
    room.discover(link(1))
    room.lease()
    room.ledger.settle(settled(1, LinkState.FAILED, retry_at=LATER), run=room.run)
    assert room.lease(at=LATER - timedelta(seconds=1)) == []
    assert room.lease(at=LATER) == ["example.org/1"]
    assert room.ledger.attempts("example.org/1") == 1


def test_a_failed_link_without_a_date_is_given_up(room: Room) -> None:
    room.discover(link(1))
    room.ledger.settle(settled(1, LinkState.FAILED), run=room.run)
    assert room.lease(at=NOON + 365 * DAY) == []


def test_an_article_comes_back_as_it_went_in(room: Room) -> None:
    room.discover(link(1))
    assert room.store(1) is LinkState.FLAGGED
    (stored,) = room.archive.decided(Decision.FLAG, since=NOON, until=LATER)
    assert (stored.article, stored.verdict) == (article(1), verdict())
    assert (stored.source, stored.first_seen) == ("wire", NOON)
    assert room.lease() == []


def test_the_window_goes_by_the_verdict_and_is_half_open(room: Room) -> None:
    room.discover(link(1), at=NOON - DAY)
    room.store(1)
    assert len(room.archive.decided(Decision.FLAG, since=NOON, until=LATER)) == 1, "found yesterday, judged today"
    assert room.archive.decided(Decision.FLAG, since=NOON - DAY, until=NOON) == []
    assert room.archive.decided(Decision.HOLD, since=NOON, until=LATER) == []


@pytest.mark.parametrize(
    ("judged", "state"),
    [
        ({"key": link(1).key, "article": replace(article(2), title="Story 1")}, LinkState.DUPLICATE),
        ({"key": link(1).key, "article": article(2, text=article(1).text)}, LinkState.DUPLICATE),
        (
            {"article": replace(article(2, text=article(1).text.replace("\n", " \n\n")), title="Story 1")},
            LinkState.DUPLICATE,
        ),
        ({"article": article(2, text=article(1).text)}, LinkState.FLAGGED),
        ({"article": article(2, text=article(1).text, outlet="Another Paper")}, LinkState.FLAGGED),
        ({"key": link(1).key, "article": article(2)}, LinkState.FLAGGED),
    ],
    ids=[
        "same page, title kept",
        "same page, text kept",
        "same text in the same outlet, title kept",
        "a short text under another title may be what a paywall shows",
        "a wire text in another outlet is no duplicate",
        "a canonical URL that all pages share is not believed",
    ],
)
def test_twins(room: Room, judged: dict[str, object], state: LinkState) -> None:
    room.discover(link(1), link(2))
    room.store(1)
    assert room.store(2, Decision.FLAG, **judged) is state
    history = room.ledger.history(link(2).key)
    assert history is not None
    assert history.state is state
    assert (history.stored is None) == (state is LinkState.DUPLICATE)
    if state is LinkState.DUPLICATE:
        assert history.reason == "same article as https://example.org/1"


def test_what_is_flagged_never_vanishes_behind_what_was_rejected(room: Room) -> None:
    room.discover(link(1), link(2))
    room.store(1, Decision.REJECT)
    twin = replace(article(2, text=article(1).text), title="Story 1")
    assert room.store(2, Decision.FLAG, article=twin) is LinkState.FLAGGED


def test_two_crawls_that_find_the_same_links_at_once_both_go_on(database: Database) -> None:
    rooms = [Room(database) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(lambda each: each.discover(*(link(n) for n in range(300))), rooms))
    assert sum(new) == 300


def test_a_link_is_known_by_the_address_its_page_claims(room: Room) -> None:
    room.discover(link(1))
    room.store(1, key="example.org/claimed")
    history = room.ledger.history("example.org/claimed")
    assert history is not None
    assert history.link == link(1)


def test_a_later_verdict_stands_and_the_earlier_is_kept(room: Room) -> None:
    room.discover(link(1))
    room.store(1, Decision.HOLD, verdict=verdict(Decision.HOLD, model=NO_MODEL))
    (waiting,) = room.archive.unjudged(limit=10)
    room.archive.rejudge(waiting.id, verdict(Decision.REJECT), at=LATER)
    assert room.archive.unjudged(limit=10) == []
    assert room.archive.decided(Decision.HOLD, since=NOON, until=LATER) == []
    history = room.ledger.history(link(1).key)
    assert history is not None
    assert history.stored is not None
    assert (history.state, history.stored.verdict) == (
        LinkState.REJECTED,
        replace(verdict(Decision.REJECT), because=Because.REJUDGED),
    )


def test_every_link_of_a_window_is_in_one_tally(room: Room) -> None:
    room.discover(link(1), link(2), link(3), link(4))
    room.store(1)
    for n in (2, 3):
        room.ledger.settle(settled(n, LinkState.GONE), run=room.run)
    assert room.ledger.tallies(since=NOON, until=LATER) == (
        Tally(state=LinkState.DISCOVERED, reason="", count=1),
        Tally(state=LinkState.FLAGGED, reason="because", count=1),
        Tally(state=LinkState.GONE, reason="because", count=2),
    )


def test_the_ledger_never_heard_of_a_strange_link(room: Room) -> None:
    assert room.ledger.history("example.org/unheard-of") is None


def test_validators_come_from_the_last_poll_that_was_read_to_the_end(room: Room) -> None:
    url = "https://example.org/feed"
    assert room.polls.validators("wire", url) == Validators()
    room.discover(link(1))
    room.polls.record(
        Poll(source="wire", url=url, at=LATER, state=PollState.HTTP_ERROR, detail="HTTP 500"), run=room.run
    )
    assert room.polls.validators("wire", url) == Validators(etag='"1"')
    assert room.polls.validators("wire", "https://example.org/moved") == Validators()


def test_a_source_answers_with_its_latest_poll(room: Room) -> None:
    room.discover(link(1), link(2))
    room.polls.record(
        Poll(source="wire", url="u", at=LATER, state=PollState.UNREACHABLE, detail="refused"), run=room.run
    )
    (poll,) = room.polls.latest(since=NOON, until=LATER + DAY)
    assert (poll.state, poll.detail, poll.new, poll.at) == (PollState.UNREACHABLE, "refused", 2, LATER)


def test_a_run_is_open_until_it_ends(room: Room) -> None:
    (run,) = room.runs.recent(limit=5)
    assert (run.ended_at, run.exit_code) == (None, None)
    room.runs.end(run.id, at=LATER, exit_code=1, counts={"flagged": 3})
    (run,) = room.runs.recent(limit=5)
    assert (run.ended_at, run.exit_code, run.counts) == (LATER, 1, {"flagged": 3})
