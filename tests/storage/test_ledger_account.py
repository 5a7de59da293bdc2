"""What became of links, window by window: none is forgotten, and none ends twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.archive import Archive
from storage.database import Database
from storage.labels import Labels
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import (
    Article,
    Decision,
    Judged,
    Label,
    Link,
    LinkState,
    PageLines,
    Poll,
    PollState,
    Settled,
    Tally,
    Verdict,
    Word,
)
from storage.runs import Runs
from tests import empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.records import Account

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GONE, FAILED, WAITING = LinkState.GONE, LinkState.FAILED, LinkState.DISCOVERED


@dataclass(frozen=True, kw_only=True)
class Book:
    """A ledger in which a test finds and settles links of one source."""

    database: Database
    run: int
    source: str = "wire"

    def found(self, *names: str, at: datetime) -> None:
        links = tuple(Link(key=self._key(name), url=self._key(name), source=self.source) for name in names)
        Polls(self.database).record(
            Poll(source=self.source, url="u", at=at, state=PollState.OK, links=links), run=self.run
        )

    def settled(self, name: str, state: LinkState, *, at: datetime, again: datetime | None = None) -> None:
        Ledger(self.database).settle(self._settled(name, state, at, again), run=self.run)

    def judged(self, name: str, decision: Decision, *, at: datetime, page: str = "") -> None:
        verdict = Verdict(decision=decision, score=0.5, threshold=0.6, reject_below=0.1, model="m-1", why="because")
        article = Article(url=self._key(name), title=page or name, text=page or f"The text of {name}.")
        lines = PageLines(host=f"{self.source}.example", short=frozenset(), long=frozenset())
        judged = Judged(key=self._key(name), article=article, verdict=verdict, lines=lines)
        Archive(self.database).add(judged, self._settled(name, WAITING, at), run=self.run)

    def account(self, since: datetime, until: datetime) -> Account:
        return Ledger(self.database).account(since=since, until=until)

    def _key(self, name: str) -> str:
        return f"https://{self.source}.example/{name}"

    def _settled(self, name: str, state: LinkState, at: datetime, again: datetime | None = None) -> Settled:
        return Settled(key=self._key(name), state=state, reason="because", at=at, http_status=200, retry_at=again)


@pytest.fixture
def book(database: Database) -> Book:
    return Book(database=database, run=Runs(database).start("crawl", version="1", at=NOON))


def counted(tallies: Iterable[Tally]) -> dict[LinkState, int]:
    counts: Counter[LinkState] = Counter()
    for tally in tallies:
        counts[tally.state] += tally.count
    return dict(counts)


def test_what_waited_is_told_with_its_outcome_in_the_window_in_which_it_ended(book: Book) -> None:
    book.found("a", "b", "c", at=NOON)
    book.found("d", at=NOON + DAY)
    book.settled("a", GONE, at=NOON + DAY)
    first, second = book.account(NOON, NOON + DAY), book.account(NOON + DAY, NOON + 2 * DAY)
    assert counted(first.found["wire"]) == {WAITING: 3}  # it ended only after the window
    assert counted(second.found["wire"]) == {WAITING: 1}
    assert counted(second.before["wire"]) == {GONE: 1, WAITING: 2}
    assert first.before == {}


def test_what_is_to_be_tried_again_has_no_outcome_yet(book: Book) -> None:
    book.found("given up", "tried again", at=NOON)
    book.settled("given up", FAILED, at=NOON + HOUR)
    book.settled("tried again", FAILED, at=NOON + HOUR, again=NOON + DAY)
    assert counted(book.account(NOON, NOON + DAY).found["wire"]) == {FAILED: 2}
    assert counted(book.account(NOON + DAY, NOON + 2 * DAY).before["wire"]) == {FAILED: 1}
    book.settled("tried again", GONE, at=NOON + 2 * DAY)
    assert counted(book.account(NOON + 2 * DAY, NOON + 3 * DAY).before["wire"]) == {GONE: 1}
    assert book.account(NOON + 3 * DAY, NOON + 4 * DAY).before == {}


def test_a_later_word_on_an_article_is_no_second_end(book: Book) -> None:
    book.found("rejected", "flagged", at=NOON)
    book.judged("rejected", Decision.REJECT, at=NOON + HOUR)
    book.judged("flagged", Decision.FLAG, at=NOON + 25 * HOUR)
    address = "https://wire.example/rejected"
    said = Label(article_id=1, url=address, title="", word=Word.FLAG, by="ada", at=NOON + 26 * HOUR)
    Labels(book.database).give(said, now=NOON + 26 * HOUR)
    assert counted(book.account(NOON, NOON + DAY).found["wire"]) == {LinkState.FLAGGED: 1, WAITING: 1}
    assert counted(book.account(NOON + DAY, NOON + 2 * DAY).before["wire"]) == {LinkState.FLAGGED: 1}


def test_pages_that_turn_out_to_be_none_ended_when_they_were_read(book: Book) -> None:
    book.found("harvest", "election", "weather", at=NOON)
    for name, hours in (("harvest", 1), ("election", 1), ("weather", 25)):
        book.judged(name, Decision.REJECT, at=NOON + hours * HOUR, page="Nothing is here.")
    assert counted(Ledger(book.database).tallies(since=NOON, until=NOON + DAY)) == {LinkState.NOT_AN_ARTICLE: 3}
    assert counted(book.account(NOON + DAY, NOON + 2 * DAY).before["wire"]) == {LinkState.NOT_AN_ARTICLE: 1}


def test_each_source_has_its_own_account(book: Book) -> None:
    book.found("a", at=NOON)
    Book(database=book.database, run=book.run, source="blog").found("a", "b", at=NOON)
    account = book.account(NOON, NOON + DAY)
    assert {source: counted(tallies) for source, tallies in account.found.items()} == {
        "wire": {WAITING: 1},
        "blog": {WAITING: 2},
    }


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("ledger") / "spywire.db"
    path.write_bytes(empty.file())
    database = Database.open(f"sqlite:///{path}")
    Runs(database).start("crawl", version="1", at=NOON)
    yield database
    database.close()


NUMBERS = count()
HOURS = st.integers(0, 71)
# Of a link: when it was found, how often it failed, and whether it ended; each try hours after the one before.
LIVES = st.lists(st.tuples(HOURS, st.lists(st.integers(1, 30), max_size=3), st.booleans()), min_size=1, max_size=5)


@settings(max_examples=12)
@given(LIVES, st.integers(0, 40))
def test_windows_that_follow_each_other_tell_each_end_once_and_forget_no_link(
    lasting: Database, lives: list[tuple[int, list[int], bool]], late: int
) -> None:
    book = Book(database=lasting, run=1, source=f"source-{next(NUMBERS)}")
    events = sorted(event for number, life in enumerate(lives) for event in _life(str(number), *life))
    accounts = []
    for start, end in pairwise((0, 24, 48, 100, 200)):
        while events and events[0][0] < end + late:  # the edition may be composed late
            hour, number, tries, state = events.pop(0)
            at = NOON + hour * HOUR
            if not tries:
                book.found(number, at=at)
            else:
                book.settled(number, state, at=at, again=at + HOUR if state is FAILED else None)
        accounts.append(book.account(NOON + start * HOUR, NOON + end * HOUR))
    found = [counted(account.found.get(book.source, ())) for account in accounts]
    before = [counted(account.before.get(book.source, ())) for account in accounts]
    assert sum(sum(some.values()) for some in found) == len(lives)
    assert sum(some.get(GONE, 0) for some in (*found, *before)) == sum(bool(tries) and ends for _, tries, ends in lives)
    for then, waited, now in zip(found, before, before[1:], strict=False):
        assert sum(now.values()) == sum(n for some in (then, waited) for state, n in some.items() if state is not GONE)


def _life(number: str, found: int, tries: list[int], ends: bool) -> Iterator[tuple[int, str, int, LinkState]]:  # noqa: FBT001 - of a strategy
    """What happens to a link, and at which hour: found, tried and failed, gone."""
    yield found, number, 0, WAITING
    for place, hour in enumerate(accumulate(tries, initial=found)):
        if place:
            yield hour, number, place, GONE if ends and place == len(tries) else FAILED
