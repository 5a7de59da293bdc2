"""`train` and `evaluate`: the classifier's workshop behind the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.classify.corpus import CorpusError, all_with_sidebars, read_corpora
from crawler.classify.correction import load_any
from crawler.classify.evaluate import evaluate
from crawler.classify.fit import TrainingError
from crawler.classify.train import train
from jobs.exits import ConfigError, UsageError
from jobs.teaching.lessons import fit_correction, retrain
from jobs.teaching.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jobs.home import Home
    from jobs.teaching.judges import Judges
    from jobs.teaching.lessons import Candidate
    from storage.database import Database

FIGURES = {
    "golden": "golden set",
    "labels_before": "labels, before",
    "labels_unseen": "labels, by a correction that never saw them",
    "labels": "labels, by this candidate",
}
SIDEBAR_SEED = 11


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """What to learn from, besides labels: corpora, a development set, and the seed of all that is drawn by lot."""

    corpora: Sequence[Path]
    dev: Sequence[Path]
    seed: int = 0


def run_training(lessons: Lessons, out: Path | None, *, progress: Callable[[str], None]) -> str:
    """Fit a model into a folder; says what was made and how good it is on the development documents."""
    if not lessons.corpora or not lessons.dev or out is None:
        raise UsageError("train needs --corpus, --dev and --out; or --from-labels alone, to learn from labels")
    _there([*lessons.corpora, *lessons.dev])
    try:
        card = train(lessons.corpora, lessons.dev, out, seed=lessons.seed, progress=progress)
    except CorpusError as error:
        raise UsageError(str(error)) from error
    except TrainingError as error:
        raise ConfigError(str(error)) from error
    return f"{out}: model {card.version}\n{json.dumps(card.dev, indent=1)}"


def run_teaching(
    database: Database, home: Home, judges: Judges, lessons: Lessons, *, progress: Callable[[str], None]
) -> Candidate:
    """Fit a candidate to the labels: a correction of the model in force, or with corpora a whole model."""
    shelf = Shelf(home)
    if not lessons.corpora and not lessons.dev:
        return fit_correction(database, shelf, judges, progress=progress)
    if not lessons.corpora or not lessons.dev:
        raise UsageError("to train a whole model with the labels takes both --corpus and --dev")
    _there([*lessons.corpora, *lessons.dev])
    return retrain(database, shelf, lessons.corpora, lessons.dev, seed=lessons.seed, progress=progress)


def candidate_text(candidate: Candidate) -> str:
    """What was made of the labels, and what to do with it."""
    labels, figures = candidate.card["labels"], candidate.card["figures"]
    lines = [
        f"candidate {candidate.version}  {candidate.path}",
        f"learnt from {labels['flag']} flag and {labels['reject']} reject labels"
        + (f"; {candidate.card['not_used']} could not be learnt from" if candidate.card.get("not_used") else ""),
        *(
            f"  {FIGURES[name]:<42} precision {figures[name]['precision']:.3f}  recall {figures[name]['recall']:.3f}"
            for name in FIGURES
            if name in figures
        ),
        f"Next: `spywire model shadow {candidate.version}` to try it, `spywire model promote {candidate.version}`.",
    ]
    return "\n".join(lines)


def run_evaluation(model: Path, corpora: Sequence[Path], *, sidebars: bool = False, as_json: bool = False) -> str:
    """Score a model on labelled documents, as they are or each with a sidebar of the others' titles."""
    _there(corpora)
    try:
        documents = read_corpora(corpora)
    except CorpusError as error:
        raise UsageError(str(error)) from error
    report = evaluate(load_any(model), all_with_sidebars(documents, seed=SIDEBAR_SEED) if sidebars else documents)
    return json.dumps(report.as_json()) if as_json else str(report)


def _there(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.is_file():
            raise UsageError(f"there is no corpus {path}")
