"""Second looks and revisions, on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from storage.labels import Labels
from storage.records import (
    FOREVER,
    Article,
    Contracts,
    Decision,
    Judged,
    Keeping,
    Label,
    LinkState,
    Past,
    Revisit,
    Seen,
    Validators,
    Word,
)
from storage.retention import Retention
from storage.revisions import Revisions
from tests.storage.test_contract import DAY, LATER, NOON, Room, article, link, settled, verdict

if TYPE_CHECKING:
    from storage.database import Database

HOUR = timedelta(hours=1)
NOW = NOON + HOUR


class Desk(Room):
    """A room with a flagged, a held and a rejected article that were fetched at noon."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.database, self.revisions = database, Revisions(database)
        self.discover(*(link(n) for n in (1, 2, 3)))
        for n, decision in enumerate((Decision.FLAG, Decision.HOLD, Decision.REJECT), 1):
            judged = Judged(key=link(n).key, article=article(n), verdict=verdict(decision))
            self.archive.add(judged, settled(n, validators=Validators(etag=f'"{n}"')), run=self.run)

    def due(self, at: timedelta) -> list[int]:
        return [revisit.stored.id for revisit in self.take(at)]

    def take(self, at: timedelta) -> list[Revisit]:
        return self.revisions.take("wire", at=NOON + at, limit=10)

    def revise(self, n: int, decision: Decision = Decision.FLAG) -> None:
        judged = Judged(key=link(n).key, article=edited(n), verdict=verdict(decision, model="m2"))
        self.revisions.note(Seen(article_id=n, at=NOW, judged=judged, what="text changed (+2 -3 words)"))

    def history(self, n: int) -> tuple[LinkState, Article, str]:
        history = self.ledger.history(link(n).key)
        assert history is not None
        assert history.stored is not None
        return history.state, history.stored.article, history.stored.verdict.model


def edited(n: int) -> Article:
    return replace(article(n), title=f"Story {n}, edited", text=f"Other body of story {n}.\nAnother paragraph.")


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_young_flagged_and_held_articles_are_due_at_each_step_once(desk: Desk) -> None:
    assert desk.due(HOUR - timedelta(seconds=1)) == []
    assert desk.revisions.sources_due(at=NOW) == {"wire"}
    assert desk.due(HOUR) == [1, 2]
    assert desk.due(HOUR) == [], "nobody else takes what one crawl has taken"
    assert desk.due(6 * HOUR) == [1, 2]


def test_a_missed_step_is_not_made_up_for(desk: Desk) -> None:
    assert desk.due(2 * DAY) == [1, 2]
    assert desk.due(2 * DAY + HOUR) == []
    assert desk.due(3 * DAY) == [1, 2]
    assert desk.due(7 * DAY) == [1, 2]
    assert desk.due(400 * DAY) == []


def test_the_validators_of_the_first_fetch_come_back(desk: Desk) -> None:
    assert [revisit.validators.etag for revisit in desk.take(HOUR)] == ['"1"', '"2"']
    desk.revisions.note(Seen(article_id=1, at=NOW, validators=Validators(etag='"9"')))
    assert [revisit.validators.etag for revisit in desk.take(6 * HOUR)] == ['"9"', '"2"']


def test_a_revision_keeps_what_was_said_and_judges_what_is(desk: Desk) -> None:
    desk.revise(1)
    state, now, model = desk.history(1)
    assert (state, model) == (LinkState.FLAGGED, "m2")
    assert now == edited(1)
    (before,) = desk.revisions.past(1).revisions
    assert (before.title, before.text, before.what) == ("Story 1", article(1).text, "text changed (+2 -3 words)")


def test_what_stays_flagged_is_no_news_and_what_becomes_flagged_is(desk: Desk) -> None:
    desk.revise(1)
    desk.revise(2)
    later = desk.archive.decided(Decision.FLAG, since=NOW, until=NOW + DAY)
    assert [stored.id for stored in later] == [2]
    assert [stored.id for stored in desk.archive.decided(Decision.FLAG, since=NOON, until=NOW)] == [1]


def test_a_label_stays_in_force(desk: Desk) -> None:
    label = Label(article_id=1, url="", title="", word=Word.FLAG, by="ada", at=LATER)
    Labels(desk.database).give(label, now=LATER)
    desk.revise(1, Decision.REJECT)
    state, now, model = desk.history(1)
    assert (state, model) == (LinkState.FLAGGED, "label")
    assert now == edited(1)


def test_an_edited_article_is_offered_again_and_is_not_new(desk: Desk) -> None:
    desk.revise(1)
    assert desk.discover(replace(link(1), title="Story 1, edited"), at=LATER) == 0


def test_a_page_that_is_gone_twice_in_a_row_is_removed_and_kept(desk: Desk) -> None:
    desk.take(HOUR)
    gone = Seen(article_id=1, at=NOW, gone=True)
    desk.revisions.note(gone)
    assert desk.revisions.past(1) == Past()
    assert desk.due(2 * HOUR) == [1], "one more look, and soon"
    desk.revisions.note(replace(gone, at=NOON + 2 * HOUR))
    assert desk.revisions.past(1).removed_at == NOON + 2 * HOUR
    assert desk.due(7 * DAY) == [2]
    assert desk.history(1)[1] == article(1)


def test_a_page_that_came_back_was_not_removed(desk: Desk) -> None:
    for seen in (
        Seen(article_id=1, at=NOW, gone=True),
        Seen(article_id=1, at=NOW),
        Seen(article_id=1, at=NOW, gone=True),
    ):
        desk.revisions.note(seen)
    assert desk.revisions.past(1).removed_at is None


def test_what_was_withdrawn_meanwhile_is_not_revised(desk: Desk) -> None:
    with desk.database.write() as session:
        session.execute(text("UPDATE verdicts SET superseded_at = judged_at WHERE article_id = 1"))
    desk.revise(1)
    assert desk.revisions.past(1) == Past()


def test_purged_articles_lose_their_earlier_texts_and_are_not_looked_at(desk: Desk) -> None:
    desk.revise(1)
    terms = Contracts(default=Keeping(notable=timedelta(), rejected=FOREVER))
    Retention(desk.database).purge([1, 2], terms, at=NOW)
    (revision,) = desk.revisions.past(1).revisions
    assert (revision.title, revision.text) == ("Story 1", "")
    assert desk.due(6 * HOUR) == []
    desk.revise(1)
    assert desk.history(1)[1].text == "", "a look that was under way brings no text back"
