from __future__ import annotations

import json
import lzma
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from crawler.classify.model import META, WEIGHTS, load
from crawler.classify.rows import TrainingError, fold_of, library
from crawler.classify.train import train
from storage.records import Decision
from tests.crawler.classify.stories import ESPIONAGE, NEAR_MISSES

if TYPE_CHECKING:
    from pathlib import Path

WHO = ("Chinese hackers", "Russian state hackers", "Iranian intelligence officers", "A group backed by Pyongyang")
DID = ("broke into the network of", "planted a backdoor in", "read the mail of", "stole secrets from")
WHOM = ("a foreign ministry", "an embassy", "a defence contractor", "a party headquarters")
OTHER = (
    "The council votes on a new bridge",
    "A clinic pays a ransom",
    "Rain is expected all week",
    "Two teams share the cup",
    "A patch closes a hole",
)


def _rows(seed: int, count: int = 40) -> list[dict[str, Any]]:
    random = Random(seed)
    rows = []
    for number in range(count):
        espionage = number % 2 == 0
        opening = " ".join(random.choice(part) for part in (WHO, DID, WHOM)) if espionage else random.choice(OTHER)
        body = "\n".join(
            f"{opening}, said {name}. {random.choice(OTHER)}." for name in ("an official", "a witness", "two people")
        )
        rows.append(
            {"id": f"{seed}-{number}", "source": f"outlet{number % 7}", "title": opening, "text": body, "lang": "en",
             "label": "espionage" if espionage else "other", "hard_negative": not espionage and number % 3 == 0}
        )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("corpora")
    packed, plain = folder / "train.jsonl.xz", folder / "dev.jsonl"
    with lzma.open(packed, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in _rows(1))
    plain.write_text("".join(json.dumps(row) + "\n" for row in _rows(2, 20)), encoding="utf-8")
    return packed, plain


@pytest.fixture
def _extra() -> None:
    pytest.importorskip("lightgbm", reason="training needs the extra: pip install 'spywire[train]'")
    pytest.importorskip("sklearn", reason="training needs the extra: pip install 'spywire[train]'")


@pytest.mark.usefixtures("_extra")
def test_the_same_corpus_and_seed_give_the_same_bytes(corpora: tuple[Path, Path], tmp_path: Path) -> None:
    told: list[str] = []
    cards = [train([corpora[0]], [corpora[1]], tmp_path / name, progress=told.append) for name in ("one", "two")]
    assert cards[0] == cards[1]
    for file in (WEIGHTS, META):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert told[0] == "40 documents to train on, 20 to tune on"
    assert cards[0].trained_on["espionage"] == 20


@pytest.mark.usefixtures("_extra")
def test_a_model_trained_here_loads_and_ranks(corpora: tuple[Path, Path], tmp_path: Path) -> None:
    train([corpora[0]], [corpora[1]], tmp_path, progress=lambda _: None)
    model = load(tmp_path)
    found, missed = ESPIONAGE["en"], NEAR_MISSES["en"]
    high = model.judge(title=found.title, text=found.text, language="en")
    low = model.judge(title=missed.title, text=missed.text, language="en")
    assert high.score is not None
    assert low.score is not None
    assert high.score >= low.score
    assert low.decision is not Decision.FLAG


@pytest.mark.usefixtures("_extra")
def test_a_corpus_of_one_label_is_refused(corpora: tuple[Path, Path], tmp_path: Path) -> None:
    lonely = tmp_path / "lonely.jsonl"
    lonely.write_text(json.dumps(_rows(3)[0]) + "\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="both labels"):
        train([lonely], [corpora[1]], tmp_path / "out", progress=lambda _: None)


def test_a_missing_library_is_named_with_its_cure() -> None:
    with pytest.raises(
        TrainingError, match=r"training needs nonesuch; install it with: pip install 'spywire\[train\]'"
    ):
        library("nonesuch")


def test_an_outlet_is_never_in_two_folds() -> None:
    sources = [f"outlet{number % 9}" for number in range(200)]
    folds = fold_of(sources)
    assert len({(source, fold) for source, fold in zip(sources, folds, strict=True)}) == 9
    assert set(folds) == set(range(5))


def test_importing_the_trainer_imports_no_library() -> None:
    code = "import sys, crawler.classify.train; print({'numpy', 'scipy', 'sklearn', 'lightgbm'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
