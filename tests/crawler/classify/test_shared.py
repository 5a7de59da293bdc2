"""What the packaged model attains on real documents, which are not ours to ship; skipped where they are not."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from crawler.classify.corpus import Document, read_corpora, with_sidebar
from crawler.classify.evaluate import evaluate
from crawler.classify.model import Model, load
from storage.records import Decision

SHARED = Path(os.environ.get("SPYWIRE_SHARED", Path(__file__).parents[4] / "shared")) / "data"

pytestmark = pytest.mark.skipif(
    not (SHARED / "dev.jsonl.xz").exists(), reason=f"the shared documents are not at {SHARED}"
)


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


@pytest.fixture(scope="module")
def dev() -> list[Document]:
    return read_corpora([SHARED / "dev.jsonl.xz"])


def _hand(dev: list[Document], language: str) -> list[Document]:
    return [each for each in dev if each.language == language and each.label_kind == "hand"]


def test_english_labelled_by_hand(model: Model, dev: list[Document]) -> None:
    report = evaluate(model, _hand(dev, "en"))
    assert report.overall.f1 >= 0.96
    assert report.overall.precision.value >= 0.95
    assert report.overall.average_precision >= 0.985
    assert report.overall.not_rejected.value >= 0.98


def test_english_with_sidebars_of_other_headlines(model: Model, dev: list[Document]) -> None:
    random = Random(11)
    headlines = [each.title for each in dev if each.title and each.language == "en"]
    report = evaluate(model, [with_sidebar(each, headlines, random) for each in _hand(dev, "en")])
    assert report.overall.average_precision >= 0.965


def test_italian_labelled_by_hand(model: Model, dev: list[Document]) -> None:
    overall = evaluate(model, _hand(dev, "it")).overall
    assert overall.f1 >= 0.96
    assert overall.average_precision >= 0.98


def test_general_press_is_hardly_ever_flagged_wrongly(model: Model, dev: list[Document]) -> None:
    press = [each for each in dev if each.source.startswith("allsidesD")]
    report = evaluate(model, [each for each in press if not each.hard_negative and not each.espionage])
    assert report.overall.false_flags.low <= 0.001  # 747 articles cannot tell one in 1,000 from two
    assert round(report.overall.false_flags.value * report.overall.documents) <= 2
    assert report.overall.held.value <= 0.02


@pytest.mark.parametrize("seed", sorted((SHARED / "seeds").glob("*.txt")), ids=lambda path: path.name[:3])
def test_the_founding_articles_are_flagged(model: Model, seed: Path) -> None:
    lines = [line for line in seed.read_text(encoding="utf-8").splitlines() if line.strip() not in {"", "close"}]
    assert model.judge(title=lines[0], text="\n".join(lines[1:]), language="en").decision is Decision.FLAG
