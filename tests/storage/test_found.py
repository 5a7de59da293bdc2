"""What becomes of a link that is found again, on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage.found import SPELLINGS
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import Decision, Link, LinkHistory, LinkState, Poll, PollState, Settled, Waited
from tests.storage.test_contract import LATER, NOON, Room, link, settled

if TYPE_CHECKING:
    from datetime import datetime

    from storage.database import Database

KEY = link(1).key
AMP, PLAIN = "https://example.org/1/amp", "https://example.org/1"
BARE = Link(key=KEY, url=AMP, source="wire")


class Newsroom(Room):
    """Several sources that find the same link."""

    def find(self, found: Link, *, forgotten: set[str] | None = None) -> int:
        poll = Poll(source=found.source, url="x", at=LATER, state=PollState.OK, links=(found,))
        return self.polls.record(poll, run=self.run, forgotten=forgotten or set())

    def end(
        self, state: LinkState, *, reason: str = "HTTP 404", retry_at: datetime | None = None, tried: bool = True
    ) -> None:
        outcome = replace(settled(1, state), reason=reason, retry_at=retry_at, tried=tried)
        self.ledger.settle(outcome, run=self.run)

    def known(self) -> LinkHistory:
        history = self.ledger.history(KEY)
        assert history is not None
        return history

    def waiting(self, source: str = "wire") -> list[Link]:
        return self.ledger.waiting(source, owner="me", at=LATER, limit=9)


@pytest.fixture
def room(database: Database) -> Newsroom:
    return Newsroom(database)


def test_what_a_later_source_says_of_a_waiting_link_is_filled_in(room: Newsroom) -> None:
    room.find(BARE)
    assert room.find(link(1, "feed")) == 0
    assert room.waiting() == [link(1)._replace(url=AMP)]


def test_what_was_said_first_stays(room: Newsroom) -> None:
    room.find(BARE._replace(title="First", authors=("Eve",)))
    room.find(link(1, "feed"))
    (waiting,) = room.waiting()
    assert (waiting.title, waiting.authors, waiting.summary) == ("First", ("Eve",), "A summary.")


def test_a_link_under_way_is_filled_in_and_otherwise_left_to_its_crawl(room: Newsroom) -> None:
    room.find(BARE)
    room.ledger.lease("wire", owner="other", at=LATER, until=LATER + timedelta(hours=1), limit=1)
    room.find(link(1, "feed"), forgotten={"wire"})
    known = room.known()
    assert (known.state, known.link.source, known.link.title) == (LinkState.LEASED, "wire", "Story 1")


@pytest.mark.parametrize("decision", list(Decision))
def test_an_article_keeps_its_link_as_it_was(room: Newsroom, decision: Decision) -> None:
    room.find(BARE)
    room.store(1, decision)
    before = room.known()
    room.find(link(1, "feed")._replace(url=PLAIN), forgotten={"wire"})
    assert room.known() == before


def test_a_waiting_link_goes_over_from_a_source_that_is_no_more(room: Newsroom) -> None:
    room.find(BARE)
    room.find(BARE._replace(source="new"), forgotten={"another"})
    room.find(BARE._replace(source="new"))
    assert room.known().link.source == "wire", "nobody said that it is no more"
    room.find(BARE._replace(source="new"), forgotten={"wire"})
    assert ([found.source for found in room.waiting("new")], room.waiting()) == (["new"], [])


def test_one_that_is_to_be_tried_again_goes_over_and_keeps_its_time(room: Newsroom) -> None:
    room.find(BARE)
    room.end(LinkState.FAILED, reason="HTTP 500", retry_at=LATER)
    room.find(BARE._replace(source="new"), forgotten={"wire"})
    known = room.known()
    assert (known.link.source, known.state, known.retry_at) == ("new", LinkState.FAILED, LATER)


@pytest.mark.parametrize("state", [LinkState.GONE, LinkState.FAILED, LinkState.BLOCKED, LinkState.UNEXTRACTABLE])
def test_a_link_that_was_asked_for_in_vain_is_opened_under_another_url(room: Newsroom, state: LinkState) -> None:
    room.find(BARE._replace(title="A lie"))
    room.end(state)
    assert room.find(link(1, "own")._replace(url=PLAIN)) == 0, "it is not new"
    assert room.waiting("own") == [link(1, "own")._replace(url=PLAIN)]
    assert room.known().reason == f"HTTP 404: as before at <{AMP}>"


@pytest.mark.parametrize("state", [LinkState.NOT_AN_ARTICLE, LinkState.DUPLICATE])
def test_what_was_read_is_not_opened_again(room: Newsroom, state: LinkState) -> None:
    room.find(BARE)
    room.end(state)
    room.find(link(1, "own")._replace(url=PLAIN))
    assert (room.known().state, room.waiting("own")) == (state, [])


def test_the_same_url_is_not_asked_for_again_however_long_both_stand_in_their_feeds(room: Newsroom) -> None:
    room.find(BARE)
    asked = []
    for _ in range(9):
        if room.waiting():
            asked.append(room.waiting()[0].url)
        room.end(LinkState.GONE)
        room.find(BARE._replace(url=PLAIN))
        room.find(BARE)
    assert asked == [AMP, PLAIN]
    assert room.known().reason == f"HTTP 404: as before at <{AMP}>"


def test_a_few_spellings_are_tried_and_no_more(room: Newsroom) -> None:
    room.find(BARE)
    asked = set()
    for number in range(20):
        asked |= {found.url for found in room.waiting()}
        room.end(LinkState.GONE)
        room.find(BARE._replace(url=f"{PLAIN}?utm_source={number}"))
    assert len(asked) == 1 + SPELLINGS


def test_a_url_that_begins_like_one_that_was_tried_is_another(room: Newsroom) -> None:
    room.find(BARE)
    room.end(LinkState.GONE)
    room.find(BARE._replace(url=f"{AMP}?x"))
    room.end(LinkState.GONE)
    room.find(BARE._replace(url=PLAIN))
    assert [found.url for found in room.waiting()] == [PLAIN]


def test_one_that_is_to_be_tried_again_waits_for_that_under_the_new_url(room: Newsroom) -> None:
    room.find(BARE)
    room.end(LinkState.FAILED, reason="HTTP 500", retry_at=LATER + timedelta(hours=1))
    room.find(BARE._replace(url=PLAIN))
    assert (room.waiting(), room.known().link.url) == ([], PLAIN)


def test_what_nobody_was_asked_for_is_no_attempt(room: Newsroom) -> None:
    room.find(BARE)
    for _ in range(9):
        room.end(LinkState.FAILED, reason="host is left alone", retry_at=LATER, tried=False)
    assert room.known().attempts == 0
    room.find(BARE._replace(url=PLAIN))
    assert room.known().link.url == AMP, "it may well be there"


def test_where_a_link_was_tried_is_not_forgotten_by_a_crawl_that_ends(room: Newsroom) -> None:
    room.find(BARE)
    room.end(LinkState.GONE)
    room.find(BARE._replace(url=PLAIN))
    room.lease()
    room.ledger.release(owner="me")
    room.lease()
    room.ledger.put_back(KEY, owner="me", reason="late")
    room.ledger.explain("wire", "late")
    room.end(LinkState.GONE)
    room.find(BARE)
    assert room.waiting() == []


def test_a_link_that_waits_says_why(room: Newsroom) -> None:
    room.discover(link(1), link(2), link(3))
    room.lease(limit=2)
    room.ledger.put_back(KEY, owner="me", reason="late")
    room.ledger.explain("wire", "too many")
    room.ledger.release(owner="me")
    histories = [room.ledger.history(link(n).key) for n in (1, 2, 3)]
    assert [history.reason for history in histories if history] == [
        "too many",
        "the crawl that had it ended before its turn",
        "too many",
    ]
    assert room.lease() == [link(n).key for n in (1, 2, 3)]


def test_how_long_a_link_was_put_off_is_known_once_it_could_not_be_had(database: Database) -> None:
    room, hour = Newsroom(database), timedelta(hours=1)
    assert room.discover(link(1)) == 1
    assert room.ledger.waited(KEY) is None
    outcome = Settled(key=KEY, state=LinkState.FAILED, reason="timeout", at=LATER, retry_at=LATER + hour, tried=False)
    Ledger(database).settle(outcome, run=room.run)
    assert room.ledger.waited(KEY) == Waited(found=NOON, last=hour)


def test_a_poll_without_links_takes_nothing_over(database: Database) -> None:
    room = Newsroom(database)
    room.find(BARE)
    empty = Poll(source="new", url="x", at=LATER, state=PollState.EMPTY)
    assert Polls(database).record(empty, run=room.run, forgotten={"wire"}) == 0
    assert room.known().link.source == "wire"
