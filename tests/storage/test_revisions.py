"""Second looks and revisions, on every engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from crawler.revisits import edited as edit_of
from crawler.shingles import sketch
from jobs.stories import hand
from jobs.stories.assign import assign_all
from storage.archive import Archive
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
    Moved,
    PageLines,
    Past,
    Revisit,
    Seen,
    Settled,
    StoredStory,
    StoryChange,
    Validators,
    Word,
)
from storage.repeats import SOFT_404, text_number
from storage.retention import Retention
from storage.revisions import Revisions
from storage.stories import Stories
from storage.tables import PrintRow
from tests.storage.test_contract import DAY, LATER, NOON, Room, article, link, settled, verdict

if TYPE_CHECKING:
    from storage.database import Database

HOUR = timedelta(hours=1)
NOW = NOON + HOUR


class Desk(Room):
    """A room with a flagged, a held and a rejected article that were fetched at noon."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.database, self.revisions = database, Revisions(database, edited=edit_of)
        self.archive, self.stories = Archive(database, edited=edit_of), Stories(database)
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
    assert desk.discover(link(1)._replace(title="Story 1, edited"), at=LATER) == 0


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


WIRE = "\n".join(
    f"The investigators of the ministry found implant number {n} on machine {n * 7} in week {n * 3} of the campaign."
    for n in range(12)
)


def page(n: int, text: str, *, title: str = "Spies in the ministry", key: str = "") -> Judged:
    """A page at an address of its own."""
    told = replace(article(n, text), title=title)
    return Judged(key=key or link(n).key, article=told, verdict=verdict(), sketch=sketch(text))


def publish(desk: Desk, n: int, judged: Judged) -> LinkState:
    desk.discover(link(n))
    return desk.archive.add(judged, settled(n, at=LATER), run=desk.run)


def gather(desk: Desk) -> list[StoredStory]:
    assign_all(desk.database, houses={}, at=LATER)
    return desk.stories.open(since=NOON - DAY)


def told(stories: list[StoredStory]) -> list[tuple[StoryChange, str]]:
    return [(change.kind, change.what) for story in stories for change in story.changes]


def standing(desk: Desk) -> list[tuple[int, str, str]]:
    found = desk.archive.decided(Decision.FLAG, since=NOON - DAY, until=NOON + 30 * DAY)
    return [(stored.id, stored.article.url, stored.article.title) for stored in found if stored.id > 3]


@pytest.mark.parametrize("first", ["the story", "the edit"])
def test_an_edit_is_told_once_by_its_story_whichever_was_there_first(desk: Desk, first: str) -> None:
    if first == "the story":
        gather(desk)
    desk.revise(1)
    assert told(gather(desk)) == [(StoryChange.REVISED, "updated: text changed (+2 -3 words)")]
    assert told(gather(desk)) == [(StoryChange.REVISED, "updated: text changed (+2 -3 words)")]
    assert [story.public for story in desk.stories.changed(since=NOW, until=NOW + HOUR)] == ["S-20261122-01"]
    assert desk.stories.changed(since=NOON, until=NOW) == []


def test_an_edit_says_what_has_become_of_the_verdict(desk: Desk) -> None:
    desk.revise(2)
    desk.revise(1, Decision.REJECT)
    assert desk.revisions.past(2).revisions[0].what == "text changed (+2 -3 words), now flagged"
    assert [what for _, what in told(gather(desk))] == ["updated: text changed (+2 -3 words), now flagged"]
    desk.revise(2, Decision.REJECT)
    assert told(gather(desk))[-1][1].endswith("now rejected")


@pytest.mark.parametrize("first", ["the story", "the removal"])
def test_a_removal_is_told_once_by_its_story(desk: Desk, first: str) -> None:
    if first == "the story":
        gather(desk)
    for at in (NOW, NOW + HOUR, NOW + 2 * HOUR):
        desk.revisions.note(Seen(article_id=1, at=at, gone=True))
    (story,) = desk.stories.changed(since=NOW, until=NOW + DAY) if first == "the story" else gather(desk)[:1]
    assert told([story]) == [(StoryChange.REMOVED, "removed by its publisher")]
    assert story.articles[0].article == article(1)


def test_what_was_edited_goes_with_its_article_when_stories_are_merged_and_split(desk: Desk) -> None:
    (both,) = gather(desk)
    desk.revise(2)
    alone = hand.split(desk.database, both.public, [2], by="ada", at=LATER)
    assert [kind for kind, _ in told([alone])].count(StoryChange.REVISED) == 1
    assert told(desk.stories.of([1])) == []
    merged = hand.merge(desk.database, both.public, alone.public, by="ada", at=LATER)
    assert [kind for kind, _ in told([merged])].count(StoryChange.REVISED) == 1


def test_an_edit_under_another_address_is_a_revision_when_its_own_is_gone(desk: Desk) -> None:
    assert publish(desk, 4, page(4, WIRE)) is LinkState.FLAGGED
    gather(desk)
    desk.revisions.note(Seen(article_id=4, at=NOW, gone=True))
    new = page(5, f"{WIRE}\nOn Monday the minister resigned.", title="Minister resigns over spies")
    assert publish(desk, 5, new) is LinkState.DUPLICATE
    assert standing(desk) == [(4, article(5).url, "Minister resigns over spies")]
    (kind, what), *more = told(gather(desk))
    assert (kind, more) == (StoryChange.REVISED, [])
    assert what.startswith("updated: headline changed, text changed (+5")
    assert what.endswith("moved to another address")
    assert desk.take(DAY)[-1].link.url == article(5).url
    history = desk.ledger.history(link(5).key)
    assert history is not None
    assert history.reason.startswith(f"same article as {article(4).url}, edited: headline changed")


def test_an_edit_that_claims_to_be_the_old_page_is_a_revision(desk: Desk) -> None:
    publish(desk, 4, page(4, WIRE))
    new = page(5, f"{WIRE}\nOn Monday the minister resigned.", title="Minister resigns", key=link(4).key)
    assert publish(desk, 5, new) is LinkState.DUPLICATE
    assert standing(desk) == [(4, article(4).url, "Minister resigns")]
    other = page(6, "Something else altogether, which is no edit of anything. " * 4, title="Elsewhere", key=link(4).key)
    assert publish(desk, 6, other) is LinkState.FLAGGED, "some sites claim their home page everywhere"


@pytest.mark.parametrize("gone", [True, False])
def test_a_second_item_becomes_a_revision_once_the_first_is_gone_or_leads_there(desk: Desk, gone: bool) -> None:  # noqa: FBT001
    publish(desk, 4, page(4, WIRE))
    gather(desk)
    new = page(5, f"{WIRE}\nOn Monday the minister resigned.", title="Minister resigns over spies")
    assert publish(desk, 5, new) is LinkState.FLAGGED, "as far as anybody knows they are two"
    gather(desk)
    moved = Moved(url=article(5).url, key=link(5).key)
    desk.revisions.note(Seen(article_id=4, at=NOW, gone=gone, moved=None if gone else moved))
    assert standing(desk) == [(4, article(5).url, "Minister resigns over spies")]
    (story,) = (story for story in gather(desk) if 4 in {stored.id for stored in story.articles})
    assert [stored.id for stored in story.articles] == [4]
    assert (StoryChange.REVISED, 4) in {(change.kind, change.article) for change in story.changes}
    assert desk.stories.of([5]) == []


def test_two_pages_of_one_text_stay_two_while_both_are_there(desk: Desk) -> None:
    publish(desk, 4, page(4, WIRE))
    assert publish(desk, 5, page(5, f"{WIRE}\nOn Monday he resigned.", title="He resigns")) is LinkState.FLAGGED
    desk.revisions.note(Seen(article_id=4, at=NOW))
    assert [article_id for article_id, *_ in standing(desk)] == [4, 5]


def test_a_page_that_says_what_its_host_says_of_missing_pages_is_none(desk: Desk) -> None:
    text = "We looked everywhere and this is all there is."
    desk.discover(link(9))
    with desk.database.write() as session:
        row = PrintRow(link_id=4, host="example.org", text=text_number(text), title="Oh", short=b"", long=b"", at=NOON)
        session.add(row)
    shown = replace(page(1, text), lines=PageLines(host="example.org"))
    doubted = Seen(article_id=1, at=NOW, doubted=shown)
    assert desk.revisions.note(doubted), "nobody knows yet what this host says"
    soft = Settled(key=link(9).key, state=LinkState.NOT_AN_ARTICLE, reason=f"{SOFT_404}: the same text", at=NOON)
    desk.ledger.settle(soft, run=desk.run)
    assert not desk.revisions.note(doubted)
    assert not desk.revisions.note(replace(doubted, at=NOW + HOUR))
    assert desk.revisions.past(1).removed_at == NOW + HOUR
