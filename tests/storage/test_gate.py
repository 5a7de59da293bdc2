"""Labels, successions of verdicts, models in office and audit draws, on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from storage.archive import NO_MODEL
from storage.audits import Audits
from storage.labels import Labels
from storage.models import Models
from storage.records import (
    LABEL,
    Appointment,
    Because,
    Decision,
    Draw,
    Label,
    LinkState,
    Seat,
    StoredArticle,
    Stratum,
    Verdict,
    Word,
)
from storage.verdicts import NEWS, Verdicts
from tests.storage.test_contract import DAY, LATER, NOON, Room, link, verdict

if TYPE_CHECKING:
    from storage.database import Database

MODEL = "m2"


class Gate(Room):
    """A room with one article of each decision in it, and the stores of teaching."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.labels, self.models = Labels(database), Models(database)
        self.audits, self.verdicts = Audits(database), Verdicts(database)
        self.discover(link(1), link(2), link(3))
        for n, decision in enumerate(Decision, 1):
            self.store(n, decision)

    def article(self, n: int) -> StoredArticle:
        stored = self.verdicts.article(n)
        assert stored is not None
        return stored

    def say(self, n: int, word: Word, *, by: str = "Ada", note: str = "", days: int = 0) -> None:
        at = LATER + days * DAY
        stored = self.article(n)
        self.labels.give(
            Label(article_id=n, url=stored.article.url, title=stored.article.title, word=word, by=by, at=at, note=note),
            now=at,
        )

    def news(self, decision: Decision, *, since: int, until: int) -> list[int]:
        window = {"since": NOON + since * DAY, "until": NOON + until * DAY}
        return [stored.id for stored in self.archive.decided(decision, **window)]


@pytest.fixture
def gate(database: Database) -> Gate:
    return Gate(database)


def judged(decision: Decision, model: str = MODEL) -> Verdict:
    return verdict(decision, model)


def test_a_label_is_in_force_at_once(gate: Gate) -> None:
    gate.say(3, Word.FLAG, note="it was the embassy")
    stored = gate.article(3)
    assert (stored.verdict.decision, stored.verdict.model, stored.verdict.because) == (
        Decision.FLAG,
        LABEL,
        Because.LABEL,
    )
    assert stored.verdict.why == "labelled flag by Ada: it was the embassy"
    assert stored.verdict.evidence == verdict().evidence, "what the model had seen is not lost"
    history = gate.ledger.history(link(3).key)
    assert history is not None
    assert (history.state, history.reason) == (LinkState.FLAGGED, stored.verdict.why)


def test_a_label_survives_every_model(gate: Gate) -> None:
    gate.say(3, Word.FLAG)
    gate.archive.rejudge(3, judged(Decision.REJECT), at=LATER + DAY)
    gate.verdicts.reclassify([(3, judged(Decision.HOLD, "m3"), None)], at=LATER + DAY)
    assert gate.article(3).verdict.model == LABEL
    history = gate.ledger.history(link(3).key)
    assert history is not None
    assert history.state is LinkState.FLAGGED
    assert gate.verdicts.others("m4", since=NOON, limit=9)[-1].id == 2, "what a person judged is no model's business"


def test_labelling_twice_replaces_and_keeps_the_first(gate: Gate) -> None:
    gate.say(1, Word.REJECT, by="Ada")
    gate.say(1, Word.FLAG, by="Grace", days=1)
    assert [(each.word, each.by) for each in gate.labels.history(1)] == [(Word.REJECT, "Ada"), (Word.FLAG, "Grace")]
    assert [label.by for label in gate.labels.all()] == ["Grace"]
    assert gate.article(1).verdict.decision is Decision.FLAG
    (taught,) = gate.labels.taught(limit=9)
    assert (taught.label.word, taught.stored.id) == (Word.FLAG, 1)


def test_a_label_taken_back_leaves_the_models_word(gate: Gate) -> None:
    gate.say(1, Word.REJECT)
    standing = gate.labels.standing(1)
    assert standing is not None
    gate.labels.withdraw(standing, judged(Decision.FLAG), now=LATER + DAY)
    stored = gate.article(1)
    assert (stored.verdict.model, stored.verdict.decision, stored.verdict.because) == (
        MODEL,
        Decision.FLAG,
        Because.LABEL,
    )
    assert gate.labels.standing(1) is None
    assert gate.labels.all() == []
    assert gate.labels.taught(limit=9) == []
    assert gate.news(Decision.FLAG, since=0, until=1) == [1], "it is where it was"


@pytest.mark.parametrize(
    ("days", "window"),
    [(1, (1, 2)), (NEWS.days - 1, (NEWS.days - 1, NEWS.days)), (NEWS.days + 1, (0, 1))],
    ids=["the next day it is news", "within a week too", "later it stays where it was"],
)
def test_what_a_person_flags_is_news_while_it_is_young(gate: Gate, days: int, window: tuple[int, int]) -> None:
    gate.say(3, Word.FLAG, days=days)
    assert gate.news(Decision.FLAG, since=window[0], until=window[1]) == ([3] if window[0] else [1, 3])


def test_a_label_that_agrees_is_no_news(gate: Gate) -> None:
    gate.say(1, Word.FLAG, days=1)
    assert gate.news(Decision.FLAG, since=1, until=9) == []
    assert gate.news(Decision.FLAG, since=0, until=1) == [1]


def test_another_models_opinion_of_old_articles_floods_no_digest(gate: Gate) -> None:
    changed = [(n, judged(Decision.FLAG), None) for n in (1, 2, 3)]
    gate.verdicts.reclassify(changed, at=LATER + 2 * DAY)
    assert gate.news(Decision.FLAG, since=1, until=9) == []
    assert gate.news(Decision.FLAG, since=0, until=1) == [1, 2, 3], "each stays in the window in which it was news"
    assert {gate.article(n).verdict.because for n in (1, 2, 3)} == {Because.RECLASSIFIED}


def test_what_no_model_had_judged_is_news_when_one_does(gate: Gate) -> None:
    gate.archive.rejudge(2, replace(judged(Decision.HOLD, NO_MODEL), score=None), at=LATER)
    gate.verdicts.reclassify([(2, judged(Decision.FLAG), None)], at=LATER + 2 * DAY)
    assert gate.news(Decision.FLAG, since=2, until=3) == [2]


def test_going_through_the_archive_goes_on_where_it_stopped(gate: Gate) -> None:
    assert gate.verdicts.count_others(MODEL, since=NOON) == 3
    first = gate.verdicts.others(MODEL, since=NOON, limit=2)
    gate.verdicts.reclassify([(stored.id, judged(stored.verdict.decision), None) for stored in first], at=LATER)
    assert [stored.id for stored in gate.verdicts.others(MODEL, since=NOON, limit=9)] == [3]
    assert gate.verdicts.others(MODEL, since=NOON + DAY, limit=9) == []
    assert [stored.id for stored in gate.verdicts.latest(limit=2)] == [3, 2]


def test_a_label_and_a_model_at_once_leave_one_verdict(gate: Gate) -> None:
    def either(n: int) -> None:
        if n % 2:
            gate.say(2, Word.FLAG, by=f"reader {n}")
        else:
            gate.archive.rejudge(2, judged(Decision.REJECT, f"m{n}"), at=LATER)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(either, range(12)))
    assert gate.article(2).verdict.model == LABEL
    assert [stored.id for stored in gate.verdicts.latest(limit=9)] == [3, 2, 1], "no article stands twice"
    assert len(gate.labels.all()) == 1


def test_seats_are_taken_replaced_and_left(gate: Gate) -> None:
    assert gate.models.holder(Seat.ACTIVE) is None
    one = Appointment(seat=Seat.ACTIVE, model="a", sha256="0" * 64, at=NOON, by="Ada", report={"flips": 3})
    two = replace(one, model="b", at=LATER, before="a", note="better")
    gate.models.appoint(one)
    gate.models.appoint(replace(one, seat=Seat.SHADOW, model="s"))
    gate.models.appoint(two)
    assert gate.models.holder(Seat.ACTIVE) == two
    assert gate.models.vacate(Seat.SHADOW, at=LATER)
    assert not gate.models.vacate(Seat.SHADOW, at=LATER)
    assert [(each.model, each.ended_at) for each in gate.models.appointments()] == [
        ("a", LATER),
        ("s", LATER),
        ("b", None),
    ]


def test_a_shadow_is_kept_apart_and_compared(gate: Gate) -> None:
    gate.discover(link(4), link(5), link(6))
    gate.store(4, Decision.FLAG, shadow=judged(Decision.FLAG, "s"))
    gate.store(5, Decision.FLAG, shadow=judged(Decision.REJECT, "s"))
    failed = replace(judged(Decision.HOLD, "s"), score=None, why="not judged: damaged")
    gate.store(6, Decision.FLAG, shadow=failed)
    gate.say(4, Word.REJECT)
    assert gate.article(5).verdict.decision is Decision.FLAG
    assert gate.models.compared("s") == {
        (Decision.REJECT, Decision.FLAG, True): 1,
        (Decision.FLAG, Decision.REJECT, False): 1,
    }
    assert [(flip.article_id, flip.old, flip.new) for flip in gate.models.differences("s", limit=9)] == [
        (5, Decision.FLAG, Decision.REJECT),
        (4, Decision.REJECT, Decision.FLAG),
    ]
    assert gate.models.failures("s") == (1, "not judged: damaged")
    assert gate.models.compared("other") == {}


def test_a_draw_is_kept_and_its_answer_is_its_label(gate: Gate) -> None:
    (reject,) = gate.audits.rejects(since=NOON)
    assert (reject.article_id, reject.judged_at) == (3, NOON)
    assert gate.audits.rejects(since=LATER) == []
    day = date(2026, 11, 22)
    gate.audits.keep([Draw(day=day, stratum=Stratum.NEAR, size=7, reject=reject)])
    assert gate.audits.rejects(since=NOON) == [], "nothing is drawn twice"
    assert [draw.answer for draw in gate.audits.draws(since=NOON)] == [None]
    gate.say(3, Word.FLAG)
    ((draw, stored),) = gate.audits.of_day(day)
    assert (draw.answer, draw.size, draw.reject, stored.id) == (Word.FLAG, 7, reject, 3)
    assert gate.audits.of_day(day + timedelta(days=1)) == []
