"""What labels teach a model: a little, near what was labelled, the same every time, and never past its limits."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.classify import golden as golden_set
from crawler.classify.correction import (
    FORMAT,
    LIMIT,
    Background,
    Corrected,
    Correction,
    Limits,
    corrected,
    load_any,
    pack,
    words,
)
from crawler.classify.golden import FILE, examine, golden, tally
from crawler.classify.model import META, PACKAGED, WEIGHTS, Model, load
from crawler.classify.reading import read
from crawler.classify.teach import STRENGTH, Lesson, correction, fit, study, taught, unseen
from crawler.errors import ModelDamagedError, ModelMissingError
from storage.records import Decision, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.classify.corpus import Document

MODEL = load()
ENGLISH = [each for each in golden() if each.language == "en"]
PRESS = [each for each in ENGLISH if not each.espionage]  # what an archive mostly holds
LABELLED = [each for each in ENGLISH if each.espionage][:6] + [each for each in ENGLISH if not each.espionage][:6]
REST = [each for each in golden() if each not in LABELLED]


def own(document: Document, model: Model = MODEL) -> Verdict:
    return model.judge(title=document.title, text=document.text, language=document.language)


def lessons(documents: list[Document]) -> tuple[list[Lesson], Background]:
    return study([(each, own(each)) for each in documents], PRESS)


def learnt(documents: list[Document]) -> Corrected:
    return Corrected(MODEL, correction(*lessons(documents)), version="taught")


def shelve(folder: Path, documents: list[Document], **card: str) -> Path:
    packed = pack(correction(*lessons(documents)), parent=card.get("parent", MODEL.version))
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(packed)
    fields = {"format": FORMAT, "version": "taught", "parent": MODEL.version, "sha256": sha256(packed).hexdigest()}
    (folder / META).write_text(json.dumps(fields | card))
    return folder


def shift(document: Document, model: Model) -> float:
    before, after = own(document).score, own(document, model).score
    assert before is not None
    assert after is not None
    return after - before


def test_the_golden_set_is_what_it_was_and_covers_both_sides_in_every_language() -> None:
    documents = golden()
    languages = Counter((each.language, each.espionage) for each in documents)
    assert len(documents) >= 150
    assert len({each.language for each in documents}) == 14
    assert min(languages.values()) >= 2
    assert sum(each.hard_negative for each in documents) >= 40
    assert len({each.title for each in documents} | {each.text for each in documents}) == 2 * len(documents)


def test_a_golden_set_with_one_letter_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "golden.jsonl"
    changed.write_bytes(FILE.read_bytes().replace(b"espionage", b"other    ", 1))
    monkeypatch.setattr(golden_set, "FILE", changed)
    with pytest.raises(ModelDamagedError, match="was changed"):
        golden()


def test_precision_and_recall_count_flags() -> None:
    flag, hold, reject = Decision.FLAG, Decision.HOLD, Decision.REJECT
    score = tally([(True, flag), (True, hold), (True, reject), (False, flag), (False, reject)])
    assert (float(score.precision), round(float(score.recall), 3), score.held) == (0.5, 0.333, 1)
    assert tally([]).worse_than(score) == []
    assert score.worse_than(tally([(True, flag)])) == ["precision", "recall"]


def test_the_same_labels_in_any_order_teach_the_same_bytes() -> None:
    packed = [pack(correction(*lessons(order)), parent="m") for order in (LABELLED, LABELLED[::-1])]
    assert packed[0] == packed[1]


def test_what_the_model_had_wrong_moves_the_way_of_its_label() -> None:
    wrong = [replace(each, espionage=not each.espionage) for each in LABELLED[:2] + LABELLED[-2:]]
    model = learnt(wrong)
    assert all((shift(each, model) > 0) is each.espionage for each in wrong)


def test_ten_labels_move_a_copy_more_than_a_neighbour_and_a_stranger_next_to_nothing() -> None:
    missed = [each for each in ENGLISH if each.espionage][:10]
    doubted = [(each, replace(own(each), score=0.05, decision=Decision.HOLD)) for each in missed]  # by any model
    learnt_of_ten = correction(*study(doubted, PRESS))

    def moved(document: Document) -> float:
        reading = read(document.title, document.text, common=frozenset(), language=document.language)
        return learnt_of_ten.score(reading)[0]

    copy = replace(missed[0], text=missed[0].text.rsplit(".", 2)[0] + ".")
    neighbours = [moved(each) for each in ENGLISH if each.espionage and each not in missed]
    strangers = [moved(each) for each in REST if not each.espionage and not each.hard_negative]
    mean = [sum(some) / len(some) for some in (neighbours, strangers)]
    assert moved(copy) > 2 * mean[0] > 0
    assert mean[0] > 3 * abs(mean[1])
    assert max(map(abs, strangers)) < 0.35


def test_nobody_taught_teaches_nothing() -> None:
    empty = Correction(weights={}, usual={}, rarity={}, rarest=1.0)
    model = Corrected(MODEL, empty, version="empty")
    for each in ENGLISH[:9]:
        assert own(each, model) == replace(own(each), model="empty")


def test_a_moved_verdict_says_what_taught_it() -> None:
    missed = next(each for each in ENGLISH if each.espionage and own(each).decision is Decision.REJECT)
    verdict = own(missed, learnt([missed]))
    assert own(missed).why in verdict.why
    assert "taught +" in verdict.why
    whole = f"{missed.title}\n{missed.text}"
    first = verdict.evidence[0]
    assert first.start is not None
    assert whole[first.start : first.end] == first.text


def test_the_weights_hold_single_words_and_no_more() -> None:
    known = learnt(LABELLED).words
    assert known
    assert not [word for word in known if len(word.split()) > 1]
    assert "the" not in known


def test_what_the_model_would_not_judge_by_score_is_not_taught_to_it() -> None:
    verdict = own(ENGLISH[0])
    swayed = replace(verdict, signs=("keyword stuffing",))
    unread = replace(verdict, score=None, decision=Decision.HOLD)
    held = replace(verdict, score=0.99, decision=Decision.HOLD)
    assert corrected(swayed, 3.0, limits=Limits()) is swayed
    assert corrected(unread, 3.0, limits=Limits()) is unread
    assert corrected(held, 3.0, limits=Limits()).decision is Decision.HOLD
    low = replace(verdict, score=0.2, decision=Decision.HOLD)
    assert corrected(low, -9.0, limits=Limits(covered=False)).decision is Decision.HOLD
    assert corrected(low, 9.0, limits=Limits(flaggable=False)).decision is Decision.HOLD
    assert corrected(low, 9.0, limits=Limits()).decision is Decision.FLAG


def test_a_text_stuffed_with_taught_words_moves_no_further_than_the_limit() -> None:
    model = learnt(LABELLED)
    loudest = sorted(model.words, key=model.words.__getitem__)[-30:]
    reading = read("", " ".join(loudest * 50), common=frozenset(), language="en")
    assert words(reading)
    assert Correction(dict.fromkeys(loudest, 100.0), {}, {}, 1.0).score(reading)[0] == LIMIT


@given(st.floats(0.0, 1.0), st.floats(-LIMIT, LIMIT))
def test_a_correction_moves_a_score_its_way_and_keeps_it_a_probability(score: float, by: float) -> None:
    verdict = replace(own(ENGLISH[0]), score=score, decision=Decision.HOLD)
    moved = corrected(verdict, by, limits=Limits()).score
    assert moved is not None
    assert 0 <= moved <= 1
    assert (moved - score) * by >= -1e-5


def test_each_label_is_also_judged_by_a_correction_that_never_saw_it() -> None:
    studied, usual = lessons(LABELLED)
    outside, whole = unseen(studied, usual), correction(studied, usual)
    assert sorted(each.document.id for each, _ in outside) == sorted(each.id for each in LABELLED)
    inside = {each.document.id: taught(each, whole) for each in studied}
    assert any(inside[each.document.id].score != verdict.score for each, verdict in outside)


def test_one_label_moves_its_article_by_less_than_its_strength() -> None:
    for document in LABELLED:
        (lesson,), _ = lessons([document])
        weights = fit([lesson])
        pull = sum(value * weights.get(word, 0.0) for word, value in lesson.values.items())
        assert 0 <= pull * lesson.side <= STRENGTH


def test_a_correction_comes_back_from_its_folder(tmp_path: Path) -> None:
    model = load_any(shelve(tmp_path / "taught", LABELLED))
    assert (model.version, model.card["format"]) == ("taught", FORMAT)
    fresh = learnt(LABELLED)
    assert [own(each, model) for each in REST[:20]] == [own(each, fresh) for each in REST[:20]]
    assert examine(model, ENGLISH) == examine(fresh, ENGLISH)
    assert load_any(PACKAGED).version == MODEL.version


def test_a_damaged_or_misplaced_correction_is_refused_with_a_cure(tmp_path: Path) -> None:
    folder = shelve(tmp_path / "taught", LABELLED)
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1] + b"!")
    with pytest.raises(ModelDamagedError, match=r"damaged: sha256 .* rollback"):
        load_any(folder)
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelMissingError, match=r"no model at .* rollback"):
        load_any(folder)
    with pytest.raises(ModelDamagedError, match="corrects gate-0, and what is here is gate-"):
        load_any(shelve(tmp_path / "other", LABELLED, parent="gate-0"))
