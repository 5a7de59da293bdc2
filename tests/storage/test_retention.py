"""What is purged and what stays, on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from storage.labels import Labels
from storage.queries import parse
from storage.records import (
    FOREVER,
    Article,
    Contracts,
    Decision,
    Keeping,
    KeptText,
    Label,
    LinkState,
    PollState,
    Word,
)
from storage.retention import Retention
from storage.search import Narrowed, Search
from storage.verdicts import Verdicts
from tests.storage.test_contract import LATER, NOON, Room, article, link, verdict

if TYPE_CHECKING:
    from storage.database import Database

DAY = timedelta(days=1)
TERMS = Contracts(default=Keeping(notable=FOREVER, rejected=30 * DAY))


class Store(Room):
    """A room with one article of each class, and what purges."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.database = database
        self.retention, self.verdicts, self.labels = Retention(database), Verdicts(database), Labels(database)
        self.discover(*(link(n) for n in (1, 2, 3)), link(4, source="other"))
        for n, decision in enumerate((Decision.FLAG, Decision.HOLD, Decision.REJECT), 1):
            self.store(n, decision)
        self.store(4, Decision.REJECT)

    def purge(self, after: timedelta, contracts: Contracts = TERMS) -> list[int]:
        at = NOON + after
        found = self.retention.expired(contracts, at=at, limit=2)
        gone: list[int] = []
        while found:
            gone += [kept.article_id for kept in self.retention.purge([k.article_id for k in found], contracts, at=at)]
            found = self.retention.expired(contracts, at=at, after=found[-1].article_id, limit=2)
        return gone

    def text(self, article_id: int) -> Article:
        stored = self.verdicts.article(article_id)
        assert stored is not None
        return stored.article

    def found(self, words: str) -> list[int]:
        return sorted(hit.id for hit in Search(self.database).find(parse(words), Narrowed(), limit=10).articles)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def test_rejected_text_goes_after_its_time_and_nothing_else_does(store: Store) -> None:
    assert store.purge(30 * DAY - timedelta(seconds=1)) == []
    assert store.purge(30 * DAY) == [3, 4]
    assert [store.text(n).text for n in (3, 4)] == ["", ""]
    assert store.text(1).text == article(1).text


def test_a_source_may_have_terms_of_its_own(store: Store) -> None:
    terms = replace(TERMS, sources={"wire": Keeping(notable=7 * DAY, rejected=FOREVER)})
    assert store.purge(8 * DAY, terms) == [1, 2]
    assert store.purge(31 * DAY, terms) == [4], "a source that is not in the catalogue has the terms of all"


def test_forever_is_forever(store: Store) -> None:
    never = Contracts(default=Keeping(notable=FOREVER, rejected=FOREVER))
    assert store.purge(100_000 * DAY, never) == []


def test_what_is_purged_keeps_its_metadata_verdict_and_hash(store: Store) -> None:
    before = store.verdicts.article(3)
    store.purge(40 * DAY)
    after = store.verdicts.article(3)
    assert before is not None
    assert after is not None
    assert after.article == replace(before.article, text="", summary=None)
    assert after.verdict == before.verdict
    assert after.purged_at == NOON + 40 * DAY
    with store.database.read() as session:
        assert session.execute(text("SELECT text_hash FROM articles WHERE id = 3")).scalar()
    history = store.ledger.history(link(3).key)
    assert history is not None
    assert history.state is LinkState.REJECTED
    assert history.link.summary is None


def test_purged_text_is_found_by_its_title_only(store: Store) -> None:
    assert store.found("second paragraph") == [1, 2, 3, 4]
    store.purge(40 * DAY)
    assert store.found("second paragraph") == [1, 2]
    assert store.found("title:story") == [1, 2, 3, 4]


def test_what_is_purged_is_not_fetched_again_or_new(store: Store) -> None:
    store.purge(40 * DAY)
    assert store.discover(link(3), at=NOON + 41 * DAY) == 0
    assert store.lease(at=NOON + 41 * DAY) == []


def test_a_copy_of_purged_text_is_still_a_duplicate(store: Store) -> None:
    store.purge(40 * DAY)
    store.discover(link(9), at=NOON + 41 * DAY)
    copy = replace(article(9), title="Story 3", text=article(3).text)
    assert store.store(9, Decision.REJECT, article=copy) is LinkState.DUPLICATE


def test_purging_twice_changes_nothing(store: Store) -> None:
    store.purge(40 * DAY)
    assert store.purge(50 * DAY) == []
    stored = store.verdicts.article(3)
    assert stored is not None
    assert stored.purged_at == NOON + 40 * DAY


def test_a_labelled_reject_is_kept_like_what_was_flagged(store: Store) -> None:
    store.labels.give(Label(article_id=3, url="", title="", word=Word.REJECT, by="ada", at=LATER), now=LATER)
    assert store.purge(40 * DAY) == [4]


def test_what_a_model_rejects_late_is_kept_for_its_time_from_then(store: Store) -> None:
    rejected = verdict(Decision.REJECT, model="m2")
    store.verdicts.reclassify([(1, rejected, None)], at=NOON + 100 * DAY)
    assert store.purge(101 * DAY) == [3, 4]
    assert store.purge(129 * DAY) == []
    assert store.purge(130 * DAY) == [1]


def test_what_became_notable_between_the_look_and_the_purge_is_kept(store: Store) -> None:
    at = NOON + 40 * DAY
    found = store.retention.expired(TERMS, at=at, limit=10)
    store.verdicts.reclassify([(3, verdict(Decision.HOLD, model="m2"), None)], at=at)
    assert [kept.article_id for kept in store.retention.purge([k.article_id for k in found], TERMS, at=at)] == [4]
    assert store.text(3).text


def test_no_model_judges_what_has_no_text(store: Store) -> None:
    store.purge(40 * DAY)
    assert [stored.id for stored in store.verdicts.others("m2", since=NOON - DAY, limit=10)] == [1, 2]
    assert store.verdicts.count_others("m2", since=NOON - DAY) == 2


def test_an_error_in_the_middle_of_a_batch_leaves_all_of_it(store: Store) -> None:
    with store.database.write() as session:
        session.execute(text("DROP TABLE search"))
    with pytest.raises(Exception, match="search"):
        store.purge(40 * DAY)
    assert store.text(3).text == article(3).text


def test_a_purged_article_can_still_be_labelled(store: Store) -> None:
    store.purge(40 * DAY)
    store.labels.give(Label(article_id=3, url="", title="", word=Word.REJECT, by="ada", at=LATER), now=LATER)
    assert store.labels.taught(limit=10) == [], "there is nothing to learn from without a text"


def test_old_polls_go_but_never_the_last_that_was_read(store: Store) -> None:
    for n in range(5):
        store.discover(at=NOON + n * DAY, state=PollState.UNCHANGED)
    thinned = store.retention.thin_polls(before=NOON + 10 * DAY, limit=100, dry=True)
    assert thinned.rows == 4
    assert store.retention.thin_polls(before=NOON + 10 * DAY, limit=100) == thinned
    assert store.retention.thin_polls(before=NOON + 10 * DAY, limit=100).rows == 0
    assert store.polls.validators("wire", "https://example.org/feed").etag == '"1"'


def test_polls_are_thinned_page_by_page(store: Store) -> None:
    for n in range(7):
        store.discover(at=NOON + n * DAY, state=PollState.UNCHANGED)
    after, dropped = 0, 0
    while (thinned := store.retention.thin_polls(before=NOON + 4 * DAY, after=after, limit=2)).last is not None:
        after, dropped = thinned.last, dropped + thinned.rows
    assert dropped == 4, "days 0 to 3 are old, and newer polls stand behind them"


def test_old_runs_lose_what_is_bulky_page_by_page_and_links_still_know_theirs(store: Store) -> None:
    for n in range(6):
        run = store.runs.start("crawl", version="0", at=NOON + n * DAY)
        store.runs.end(run, at=NOON + n * DAY, exit_code=0, counts={"polls.ok": n}, sources={"wire": {"found": 2}})
    before, after, emptied = NOON + 5 * DAY, 0, 0
    assert store.retention.thin_runs(before=before, keep=3, limit=100, dry=True).rows == 3
    while (thinned := store.retention.thin_runs(before=before, keep=3, after=after, limit=2)).last is not None:
        after, emptied = thinned.last, emptied + thinned.rows
    assert emptied == 3, "days 0 to 2; 3 to 5 are the newest"
    assert [run.counts for run in store.runs.recent(limit=9)] == [{"polls.ok": n} for n in (5, 4, 3)] + [{}] * 4
    assert store.ledger.history(link(1).key) is not None
    assert store.retention.thin_runs(before=before, keep=1, limit=100).rows == 2, "day 5 is too young"


@given(
    age=st.timedeltas(min_value=-DAY, max_value=4000 * DAY),
    notable=st.booleans(),
    spans=st.tuples(*[st.timedeltas(min_value=timedelta(), max_value=4000 * DAY) | st.just(FOREVER)] * 2),
)
def test_text_goes_exactly_when_it_has_been_kept_for_its_time(
    age: timedelta,
    notable: bool,  # noqa: FBT001 - hypothesis gives it by name
    spans: tuple[timedelta, timedelta],
) -> None:
    kept = KeptText(article_id=1, source="wire", notable=notable, since=NOON, size=1)
    terms = Contracts(default=Keeping(notable=spans[0], rejected=spans[1]))
    expired = terms.expired(kept, at=NOON + age)
    assert expired == (age >= spans[0 if notable else 1])
    assert not expired or age >= terms.shortest
