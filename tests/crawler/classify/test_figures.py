from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.classify.corpus import CorpusError, Document, copies, read_corpora
from crawler.classify.evaluate import Share, _Outcome, evaluate, figures
from crawler.classify.model import load
from crawler.classify.thresholds import Judged, calibrate, choose
from crawler.classify.trees import nodes, score
from storage.records import Decision
from tests.crawler.classify.stories import ESPIONAGE, NEAR_MISSES


def _document(number: int, *, espionage: bool) -> Document:
    return Document(id=str(number), source="s", title=f"t{number}", text="x", language="en", espionage=espionage)


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


def test_a_teaser_needs_more_and_thresholds_are_in_order() -> None:
    judged = [Judged(at / 100, at > 60, trusted=True) for at in range(100)]
    for flag, teaser, reject in choose(judged).values():
        assert reject < flag < teaser < 1


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
        )
        for kind, stories in (("e", ESPIONAGE), ("o", NEAR_MISSES))
        for code, story in stories.items()
    ]
    report = evaluate(load(), documents)
    assert report.overall.documents == 28
    assert set(report.languages) == set(ESPIONAGE)
    assert report.hard_negatives.espionage == 0
    assert "hard negatives" in str(report)
    assert json.loads(json.dumps(report.as_json()))["overall"]["espionage"] == 14
