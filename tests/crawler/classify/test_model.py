from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.classify.cues import LANGUAGES
from crawler.classify.model import META, PACKAGED, WEIGHTS, Model, load
from crawler.classify.text import TEASER
from crawler.errors import ModelDamagedError, ModelMissingError
from storage.records import Decision, Verdict
from tests.crawler.classify.stories import ESPIONAGE, MORE, NEAR_MISSES, Story

if TYPE_CHECKING:
    from pathlib import Path

SMALL_MOVE = 0.1
BOILERPLATE = "\nSubscribe to our newsletter. All rights reserved. Share this article. Contact the editors."


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def _judge(model: Model, language: str = "en", *, title: str | None = None, text: str | None = None) -> Verdict:
    story = ESPIONAGE[language]
    return model.judge(
        title=story.title if title is None else title, text=story.text if text is None else text, language=language
    )


def _score(verdict: Verdict) -> float:
    assert verdict.score is not None
    return verdict.score


@pytest.mark.parametrize("language", LANGUAGES)
def test_espionage_is_found_in_every_language(model: Model, language: str) -> None:
    verdict = _judge(model, language)
    assert verdict.decision is not Decision.REJECT
    assert _score(verdict) > 0.5


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_near_miss_is_not_flagged_in_any_language(model: Model, language: str) -> None:
    story = NEAR_MISSES[language]
    verdict = model.judge(title=story.title, text=story.text, language=language)
    assert verdict.decision is not Decision.FLAG
    assert _score(verdict) < 0.2


@pytest.mark.parametrize(
    "story", [story for kind, _, story in MORE if kind == "espionage"], ids=lambda story: story.title
)
def test_no_kind_of_espionage_is_rejected(model: Model, story: Story) -> None:
    verdict = model.judge(title=story.title, text=story.text)
    assert verdict.decision is not Decision.REJECT
    assert _score(verdict) > 0.5


@pytest.mark.parametrize(
    "story", [story for kind, _, story in MORE if kind == "near_miss"], ids=lambda story: story.title
)
def test_no_kind_of_near_miss_is_flagged(model: Model, story: Story) -> None:
    assert model.judge(title=story.title, text=story.text).decision is not Decision.FLAG


@pytest.mark.parametrize("language", sorted({language for _, language, _ in MORE}))
def test_espionage_outranks_the_near_misses_of_its_language(model: Model, language: str) -> None:
    scores = {
        wanted: [
            _score(model.judge(title=story.title, text=story.text, language=language))
            for kind, code, story in MORE
            if (kind, code) == (wanted, language)
        ]
        for wanted in ("espionage", "near_miss")
    }
    assert min(scores["espionage"]) > max(scores["near_miss"])


def test_spies_without_a_network_are_rejected(model: Model) -> None:
    text = "A clerk was jailed for selling secrets to Moscow. The spy met his handlers in a park and was paid in cash."
    verdict = model.judge(title="Clerk jailed for spying for Russia", text=text, language="en")
    assert verdict.decision is Decision.REJECT
    assert verdict.why.startswith("spying, and no network in it")


@pytest.mark.parametrize(
    ("conclusion", "decision"),
    [
        ("We attribute the driver with medium confidence to Snake, which works for the Russian FSB.", Decision.HOLD),
        ("Nobody knows who wrote the driver; similar ones are for sale in Russia.", Decision.REJECT),
    ],
)
def test_a_dry_report_whose_author_names_an_actor_is_never_rejected(
    model: Model, conclusion: str, decision: Decision
) -> None:
    text = (
        "Our sensors recorded fragments of a protocol that hides inside ordinary headers. The length of one field "
        "holds the key with which the rest is encrypted. A driver mounts a container as a volume and writes a log. " * 6
    )
    assert model.judge(title="Notes on a protocol", text=text + conclusion, language="en").decision is decision


def test_a_text_without_a_single_cue_is_rejected(model: Model) -> None:
    verdict = model.judge(title="A light-filled loft above the bakery", text="", language="en")
    assert verdict.decision is Decision.REJECT
    assert verdict.why.startswith("nothing of hacking or spying")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_is_found_where_nobody_named_it(model: Model, language: str) -> None:
    story = ESPIONAGE[language]
    assert model.judge(title=story.title, text=story.text).score == _judge(model, language).score


def test_a_flag_says_why_in_one_line(model: Model) -> None:
    verdict = _judge(model)
    assert verdict.decision is Decision.FLAG
    assert "\n" not in verdict.why
    assert "actor APT31 (CN)" in verdict.why
    assert verdict.model == model.version


def test_a_reject_says_what_is_missing(model: Model) -> None:
    story = NEAR_MISSES["en"]
    verdict = model.judge(title=story.title, text=story.text, language="en")
    assert verdict.decision is Decision.REJECT
    assert verdict.why.startswith("no state link: ")
    assert "ransom" in verdict.why


def test_a_teaser_is_marked_and_needs_more(model: Model) -> None:
    story = ESPIONAGE["en"]
    short, full = _judge(model, text=story.text[: TEASER // 2]), _judge(model, text=story.text + " " * 10 + story.text)
    assert "judged on a teaser" in short.why
    assert "judged on a teaser" not in full.why
    assert short.threshold > full.threshold


@pytest.mark.parametrize(("said", "marked"), [(True, True), (False, False), (None, False)])
def test_whoever_knows_that_it_is_a_teaser_says_so(model: Model, *, said: bool | None, marked: bool) -> None:
    text = ESPIONAGE["en"].text + " " * TEASER + "The inquiry goes on."
    verdict = model.judge(title=ESPIONAGE["en"].title, text=text, language="en", teaser=said)
    assert verdict.why.endswith("judged on a teaser") is marked


def test_a_title_alone_is_judged_as_a_teaser(model: Model) -> None:
    verdict = model.judge(title="Chinese state hackers stole mail of the foreign ministry", text="", language="en")
    assert verdict.decision is Decision.FLAG
    assert verdict.why.endswith("judged on a teaser")


@pytest.mark.parametrize("title", ["China and Russia behind it, spy chief says", "APT41, the GRU and the FSB"])
def test_a_teaser_without_a_cue_of_intrusion_is_not_flagged(model: Model, title: str) -> None:
    assert model.judge(title=title, text="", language="en").decision is not Decision.FLAG


@pytest.mark.parametrize("first", ["en", "de"])
def test_a_document_in_two_languages_is_judged(model: Model, first: str) -> None:
    second = "de" if first == "en" else "en"
    text = f"{ESPIONAGE[first].text}\n{ESPIONAGE[second].text}"
    verdict = model.judge(title=ESPIONAGE[first].title, text=text)
    assert verdict.decision is not Decision.REJECT
    assert verdict.why


def test_a_language_without_cues_is_held_and_never_rejected(model: Model) -> None:
    verdict = model.judge(
        title="Εκλογές στην πρωτεύουσα", text="Οι κάτοικοι ψήφισαν σήμερα για νέο δήμαρχο. " * 10, language="el"
    )
    assert verdict.decision is Decision.HOLD
    assert "language el is not covered" in verdict.why


@pytest.mark.parametrize(
    ("title", "text"),
    [("", ""), (" \n", "\t"), ("", "\x00\x89PNG\r\n\x1a\n" * 50), ("", "123 456 -- 789"), ("", "\ufffd" * 500)],
)
def test_what_cannot_be_read_is_held_without_a_score(model: Model, title: str, text: str) -> None:
    verdict = model.judge(title=title, text=text)
    assert verdict.decision is Decision.HOLD
    assert verdict.score is None
    assert verdict.why.startswith("nothing to read")


HOSTILE = {
    "one-word": "word",
    "no-end": "a" * 5_000_000,
    "open-tags": "<" * 5_000_000,
    "addresses": "a@" * 2_500_000,
    "invisible": "\u200b" * 5_000_000 + "x",
    "ligatures": "ﷺ" * 5_000_000,
    "stuffed": "hackers china " * 400_000,
    "stops": "." * 5_000_000,
    "marks": "e\u0301\u0301\u0301" * 1_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_judged_in_bounded_time(model: Model, text: str) -> None:
    started = time.process_time()
    assert model.judge(title=text, text=text).model == model.version
    assert time.process_time() - started < 1.5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    title=st.text(max_size=80),
    text=st.text(max_size=600),
    language=st.none() | st.text(max_size=5) | st.sampled_from(LANGUAGES),
)
def test_every_input_gives_a_verdict_whose_quotes_are_there(
    model: Model, title: str, text: str, language: str | None
) -> None:
    verdict = model.judge(title=title, text=text, language=language)
    assert verdict.why
    assert verdict.score is None or 0 <= verdict.score <= 1
    _assert_quotes(verdict, title, text)


@pytest.mark.parametrize("stories", [ESPIONAGE, NEAR_MISSES])
@pytest.mark.parametrize("language", LANGUAGES)
def test_evidence_points_at_what_it_quotes(model: Model, language: str, stories: dict[str, tuple[str, str]]) -> None:
    title, text = stories[language]
    text = text.replace("a", "a\u200b", 3)
    verdict = model.judge(title=title, text=text, language=language)
    assert 0 < len(verdict.evidence) <= 12
    weights = [abs(item.weight) for item in verdict.evidence]
    assert weights == sorted(weights, reverse=True)
    _assert_quotes(verdict, title, text)


def test_evidence_of_a_flag_names_its_sentence(model: Model) -> None:
    quotes = [item.text for item in _judge(model).evidence if item.weight > 0]
    assert any("broke into the network of a European foreign ministry" in quote for quote in quotes)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stories", [ESPIONAGE, NEAR_MISSES])
def test_boilerplate_moves_the_score_little(model: Model, language: str, stories: dict[str, tuple[str, str]]) -> None:
    title, text = stories[language]
    plain, padded = (
        model.judge(title=title, text=text, language=language),
        model.judge(title=title, text=text + BOILERPLATE, language=language),
    )
    assert abs(_score(plain) - _score(padded)) < SMALL_MOVE


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stories", [ESPIONAGE, NEAR_MISSES])
def test_the_order_of_paragraphs_matters_little(
    model: Model, language: str, stories: dict[str, tuple[str, str]]
) -> None:
    title, text = stories[language]
    paragraphs = text.split("\n")
    random.Random(7).shuffle(paragraphs)
    plain, shuffled = (
        model.judge(title=title, text=text, language=language),
        model.judge(title=title, text="\n".join(paragraphs), language=language),
    )
    assert abs(_score(plain) - _score(shuffled)) < SMALL_MOVE


def test_disguised_words_change_nothing(model: Model) -> None:
    story = ESPIONAGE["en"]
    disguise = str.maketrans({"a": "а", "o": "ο", "k": "k\u200b", "e": "е"})
    hidden = model.judge(title=story.title.translate(disguise), text=story.text.translate(disguise), language="en")
    assert _score(hidden) == pytest.approx(_score(_judge(model)), abs=0.01)


def test_stuffing_a_near_miss_with_a_keyword_does_not_flag_it(model: Model) -> None:
    story = NEAR_MISSES["en"]
    stuffed = model.judge(title=story.title, text=story.text + " espionage" * 60, language="en")
    assert stuffed.decision is not Decision.FLAG


def test_headlines_of_other_stories_do_not_flag_an_article(model: Model) -> None:
    story = NEAR_MISSES["en"]
    sidebar = [ESPIONAGE["en"].title, "Spies read the mail of ministers", "Spyware found on the phones of reporters"]
    text = "\n".join([story.text, *sidebar])
    assert model.judge(title=story.title, text=text, language="en").decision is not Decision.FLAG


def test_judging_is_the_same_each_time_and_in_every_thread(model: Model) -> None:
    first = {code: _judge(model, code) for code in LANGUAGES}
    other = load()
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda code: (code, _judge(other, code)), list(LANGUAGES) * 3))
    assert all(first[code] == verdict for code, verdict in again)


def test_the_packaged_model_is_small_and_starts_fast() -> None:
    assert sum(file.stat().st_size for file in PACKAGED.iterdir()) < 3_000_000
    spent = _python("import time; from crawler.classify.model import load; load(); print(time.process_time())")
    assert float(spent) < 1.0  # 0.3 s on an idle machine


def test_running_the_model_imports_no_training_library() -> None:
    loaded = _python("import sys; from crawler.classify.model import load; load(); print(*sys.modules)").split()
    assert {"numpy", "scipy", "sklearn", "lightgbm", "pickle"}.isdisjoint(loaded)


def test_a_missing_model_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"no model at .*meta\.json: .*spywire train"):
        load(tmp_path / "nowhere")


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    packed = bytearray((copy / WEIGHTS).read_bytes())
    packed[1_000] ^= 1
    (copy / WEIGHTS).write_bytes(packed)
    with pytest.raises(ModelDamagedError, match="is damaged: sha256"):
        load(copy)


def test_missing_weights_are_noticed(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    (copy / WEIGHTS).unlink()
    with pytest.raises(ModelMissingError, match="weights"):
        load(copy)


@pytest.mark.parametrize(
    ("field", "value", "message"), [("format", 99, "format 1"), ("cues", "0", "other cues or features")]
)
def test_a_model_of_another_kind_is_refused(tmp_path: Path, field: str, value: object, message: str) -> None:
    copy = _copy(tmp_path)
    card = json.loads((copy / META).read_text(encoding="utf-8"))
    (copy / META).write_text(json.dumps(card | {field: value}), encoding="utf-8")
    with pytest.raises(ModelDamagedError, match=message):
        load(copy)


def test_a_card_that_is_no_json_is_refused(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    (copy / META).write_text("{", encoding="utf-8")
    with pytest.raises(ModelDamagedError, match="cannot be read"):
        load(copy)


def test_no_weight_is_kept_for_more_than_two_words(model: Model) -> None:
    assert max(len(term.split(" ")) for table in (model._linear.title, model._linear.body) for term in table) <= 2


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _copy(folder: Path) -> Path:
    shutil.copytree(PACKAGED, folder / "model")
    return folder / "model"


def _assert_quotes(verdict: Verdict, title: str, text: str) -> None:
    whole = f"{title}\n{text}"
    for item in verdict.evidence:
        assert (item.start is None) == (item.end is None)
        if item.start is not None and item.end is not None:
            assert whole[item.start : item.end] == item.text
