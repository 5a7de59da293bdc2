from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.classify.corpus import CorpusError, Document, all_with_sidebars, copies, read_corpora
from crawler.classify.evaluate import Share, _Outcome, evaluate, figures
from crawler.classify.marks import Ranked, by_score, intervals, marks
from crawler.classify.model import load
from crawler.classify.thresholds import Judged, calibrate, choose
from crawler.classify.trees import nodes, score
from storage.records import Decision
from tests.crawler.classify.stories import ESPIONAGE, NEAR_MISSES

if TYPE_CHECKING:
    from pathlib import Path


def _document(number: int, *, espionage: bool) -> Document:
    return Document(id=str(number), source="s", title=f"t{number}", text="x", language="en", espionage=espionage)


def _judged(probability: float, language: str = "en", *, espionage: bool, dev: bool = True) -> Judged:
    return Judged(probability, espionage, trusted=True, language=language, dev=dev)


def _outcomes(*judged: tuple[float, Decision, bool]) -> list[_Outcome]:
    return [
        _Outcome(_document(at, espionage=espionage), value, decision)
        for at, (value, decision, espionage) in enumerate(judged)
    ]


def test_figures_of_a_small_table_worked_by_hand() -> None:
    found = figures(
        _outcomes(
            (0.9, Decision.FLAG, True),
            (0.8, Decision.FLAG, False),
            (0.7, Decision.HOLD, True),
            (0.1, Decision.REJECT, False),
            (0.05, Decision.REJECT, True),
        )
    )
    assert found.precision.value == 0.5
    assert found.recall.value == pytest.approx(1 / 3)
    assert found.average_precision == pytest.approx(1 / 3 + 2 / 3 / 3 + 3 / 5 / 3)
    assert found.best_f1 == pytest.approx(0.75)
    assert found.not_rejected.value == pytest.approx(2 / 3)
    assert found.held.value == pytest.approx(0.2)


def test_ties_are_ranked_together() -> None:
    tied = figures(_outcomes((0.5, Decision.HOLD, True), (0.5, Decision.HOLD, False)))
    assert tied.average_precision == 0.5


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share(hits: int, misses: int) -> None:
    share = Share.count(hits, hits + misses)
    assert 0 <= share.low <= share.value + 1e-9
    assert share.value - 1e-9 <= share.high <= 1


def test_calibration_recovers_the_odds_it_is_shown() -> None:
    values = [-1.0] * 900 + [1.0] * 100
    labels = [at % 10 == 0 for at in range(900)] + [at % 10 != 0 for at in range(100)]
    slope, shift = calibrate(values, labels)
    assert slope + shift == pytest.approx(2.2, abs=0.15)
    assert shift - slope == pytest.approx(-2.2, abs=0.15)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_marks_lie_between_none_and_all(pairs: list[tuple[float, bool]]) -> None:
    found = marks(by_score([Ranked(score, espionage, flagged=score >= 0.5) for score, espionage in pairs]))
    assert 0 <= found.f1 <= found.best_f1 + 1e-9 <= 1 + 2e-9
    assert 0 <= found.average_precision <= 1 + 1e-9
    assert 0 <= found.recall_at_precision <= 1


def test_a_document_counted_twice_is_two_documents() -> None:
    one = [Ranked(0.9, espionage=True, flagged=True), Ranked(0.4, espionage=False, flagged=False)]
    assert marks(one, [2, 3]) == marks(by_score([one[0]] * 2 + [one[1]] * 3))


def test_intervals_hold_the_mark_and_are_the_same_each_time() -> None:
    ranked = by_score([Ranked(at / 100, espionage=at % 3 != 0 and at > 40, flagged=at > 50) for at in range(100)])
    found = intervals(ranked)
    assert found == intervals(ranked)
    low, high = found["average_precision"]
    assert low < marks(ranked).average_precision < high
    assert high - low < 0.4
    assert intervals([Ranked(0.1, espionage=False, flagged=False)]) == {}


def test_a_bar_that_chance_would_raise_is_not_chosen() -> None:
    dev = [_judged(0.9, espionage=True)] * 30 + [_judged(0.1, espionage=False)] * 300
    press = [_judged(0.4, espionage=True, dev=False)] * 50 + [_judged(0.35, espionage=False, dev=False)] * 50
    assert 0.35 < choose([*dev, *press])[""][0] <= 0.4


def test_a_language_with_enough_documents_has_its_own_bar() -> None:
    italian = [_judged(0.55, "it", espionage=True), _judged(0.5, "it", espionage=False)] * 30
    bars = choose([*italian, *[_judged(0.3, espionage=True)] * 30])
    assert bars["it"][0] > 0.5
    assert bars["zh"][0] > bars[""][0]


def test_a_teaser_needs_more_and_thresholds_are_in_order() -> None:
    judged = [Judged(at / 100, at > 60, trusted=True) for at in range(100)]
    for flag, teaser, reject in choose(judged).values():
        assert reject < flag < teaser < 1


def test_no_more_of_the_ordinary_press_is_held_than_people_can_read() -> None:
    espionage = [_judged(0.9, espionage=True)] * 45 + [_judged(0.015, espionage=True)] * 5
    press = [Judged(at / 5000, espionage=False, trusted=True, ordinary=True) for at in range(100)]
    assert choose([*espionage, *press])[""][2] == 97 / 5000
    assert choose([*espionage, *(replace(each, ordinary=False) for each in press)])[""][2] < 97 / 5000


def test_the_parts_of_a_score_add_up() -> None:
    trees = nodes([[0.0, 0, 0.5, [-1.0], [0.5, 1, 2.0, [0.2], [1.5]]], [0.1, 1, 1.0, [0.0], [0.3]]])
    total, given_by, start = score(trees, [1.0, 3.0])
    assert total == pytest.approx(1.8)
    assert start + sum(given_by) == pytest.approx(total)


def test_a_broken_line_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("corpus") / "broken.jsonl"
    path.write_text(
        json.dumps({"id": "1", "source": "s", "title": "", "text": "", "lang": "en", "label": "maybe"}) + "\n",
        encoding="utf-8",
    )
    with pytest.raises(CorpusError, match=r"broken\.jsonl:1: label 'maybe'"):
        read_corpora([path])


@pytest.mark.parametrize(
    ("date", "year"),
    [("2017-04-01", "2017"), ("10/1/2012", "2012"), ("Mon, 02 Jan 2023 10:00", "2023"), ("nan", None), (None, None)],
)
def test_the_year_is_read_from_any_date(tmp_path: Path, date: str | None, year: str | None) -> None:
    row = {"id": "1", "source": "s", "title": "t", "text": "x", "lang": "en", "label": "other", "date": date}
    (tmp_path / "one.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert read_corpora([tmp_path / "one.jsonl"])[0].year == year


def test_sidebars_come_from_other_titles_in_the_language() -> None:
    documents = [_document(at, espionage=at % 2 == 0) for at in range(20)]
    made = all_with_sidebars(documents, seed=1)
    assert made == all_with_sidebars(documents, seed=1)
    assert all(len(copy.text.splitlines()) > 5 for copy in made)
    titles = {document.title for document in documents}
    assert all(line in titles for copy in made for line in copy.text.splitlines() if line != "x")


def test_copies_keep_the_label_and_differ_in_the_text() -> None:
    documents = [_document(at, espionage=at % 2 == 0) for at in range(200)]
    made = copies(documents, seed=1)
    assert made == copies(documents, seed=1)
    assert 40 <= len(made) <= 100
    originals = {document.id: document for document in documents}
    assert all(copy.espionage == originals[copy.id].espionage and copy != originals[copy.id] for copy in made)


def test_a_report_tells_parts_and_renders_as_a_table() -> None:
    documents = [
        Document(
            id=f"{kind}{code}",
            source=kind,
            title=story.title,
            text=story.text,
            language=code,
            espionage=kind == "e",
            hard_negative=kind == "o",
            year="2026",
        )
        for kind, stories in (("e", ESPIONAGE), ("o", NEAR_MISSES))
        for code, story in stories.items()
    ]
    report = evaluate(load(), documents)
    assert report.overall.documents == 28
    assert set(report.languages) == set(ESPIONAGE)
    assert report.hard_negatives.espionage == 0
    assert report.years.keys() == {"2026"}
    assert report.labels["fr hand"].documents == 2
    assert "hard negatives" in str(report)
    assert "95 % intervals\nall: F1 " in str(report)
    assert json.loads(json.dumps(report.as_json()))["overall"]["espionage"] == 14
