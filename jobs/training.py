"""`train` and `evaluate`: the classifier's workshop behind the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawler.classify.corpus import CorpusError, read_corpora
from crawler.classify.evaluate import evaluate
from crawler.classify.fit import TrainingError
from crawler.classify.model import load
from crawler.classify.train import train
from jobs.exits import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def run_training(
    corpora: Sequence[Path], dev: Sequence[Path], out: Path, *, seed: int, progress: Callable[[str], None]
) -> str:
    """Fit a model into a folder; says what was made and how good it is on the development documents."""
    _there([*corpora, *dev])
    try:
        card = train(corpora, dev, out, seed=seed, progress=progress)
    except CorpusError as error:
        raise UsageError(str(error)) from error
    except TrainingError as error:
        raise ConfigError(str(error)) from error
    return f"{out}: model {card.version}\n{json.dumps(card.dev, indent=1)}"


def run_evaluation(model: Path, corpora: Sequence[Path], *, as_json: bool) -> str:
    """Score a model on labelled documents."""
    _there(corpora)
    try:
        documents = read_corpora(corpora)
    except CorpusError as error:
        raise UsageError(str(error)) from error
    report = evaluate(load(model), documents)
    return json.dumps(report.as_json()) if as_json else str(report)


def _there(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.is_file():
            raise UsageError(f"there is no corpus {path}")
