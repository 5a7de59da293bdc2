"""`spywire train`, `evaluate`: the model behind the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.cli.options import AsJson
from jobs.terminal import (
    complain,
    configuration_of,
    say,
)

app = typer.Typer()


@app.command()
def train(
    corpus: Annotated[list[Path], typer.Option(help="Labelled documents to learn from (.jsonl, .jsonl.xz).")],
    dev: Annotated[list[Path], typer.Option(help="Labelled documents to choose the thresholds on.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the model is written.")],
    seed: Annotated[int, typer.Option(help="The same seed and corpus give the same bytes.")] = 0,
) -> None:
    """Fit a model. Needs the extra `train`."""
    from jobs.training import run_training

    say(run_training(corpus, dev, out, seed=seed, progress=complain))


@app.command()
def evaluate(
    context: typer.Context,
    corpus: Annotated[list[Path], typer.Option(help="Labelled documents (.jsonl, .jsonl.xz).")],
    as_json: AsJson = False,
) -> None:
    """Score the model in force on labelled documents."""
    from jobs.crawl import gate
    from jobs.training import run_evaluation

    say(run_evaluation(gate(configuration_of(context).settings).model, corpus, as_json=as_json))
