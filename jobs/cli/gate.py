"""`spywire train`, `evaluate`, `reclassify`, `audit`: making a model, and seeing what it is worth."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson, locked_for, since_of
from jobs.exits import Exit, UsageError
from jobs.terminal import (
    complain,
    configuration_of,
    gate_of,
    home_of,
    judges_of,
    leave,
    right_now,
    say,
    stored_database,
)

if TYPE_CHECKING:
    from jobs.teaching.archive import Progress
    from storage.records import Flip

app = typer.Typer()


@app.command()
def train(
    context: typer.Context,
    corpus: Annotated[list[Path] | None, typer.Option(help="Documents to learn from (.jsonl, .jsonl.xz).")] = None,
    dev: Annotated[list[Path] | None, typer.Option(help="Documents to choose the thresholds on.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the model is written.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed and corpus give the same bytes.")] = 0,
    from_labels: Annotated[
        bool, typer.Option("--from-labels", help="Fit a candidate to the labels; with a corpus, train on both.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fit a model: from corpora (needs the extra `train`), or a candidate from the labels given here."""
    from jobs.training import Lessons, candidate_text, run_teaching, run_training

    lessons = Lessons(corpora=corpus or (), dev=dev or (), seed=seed)
    if not from_labels:
        say(run_training(lessons, out, progress=complain))
        return
    if out is not None:
        raise UsageError("a candidate goes to the home's models; leave --out away, or --from-labels")
    from jobs.runs import recorded

    with stored_database(context) as database:
        judges = judges_of(context, database)
        with recorded(database, "train") as run:
            candidate = run_teaching(database, home_of(context), judges, lessons, progress=complain)
            run.counts = {f"labels.{name}": int(candidate.card["labels"][name]) for name in ("flag", "reject")}
    say(json.dumps(candidate.card, ensure_ascii=False) if as_json else candidate_text(candidate))


@app.command()
def evaluate(
    context: typer.Context,
    corpus: Annotated[list[Path], typer.Option(help="Labelled documents (.jsonl, .jsonl.xz).")],
    sidebars: Annotated[
        bool, typer.Option("--sidebars", help="Give each document a sidebar of the others' titles first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score the model in force on labelled documents."""
    from jobs.training import run_evaluation

    model = gate_of(context).model
    say(run_evaluation(model, corpus, sidebars=sidebars, as_json=as_json))


@app.command()
def reclassify(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="Articles found since: 30d, or a date.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would flip, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Judge the archive again with the active model. Labels stay; old news does not come into the next digest."""
    from crawler.classify.correction import load_any
    from jobs.runs import recorded
    from jobs.teaching.archive import reclassify, workers_of
    from jobs.teaching.view import flips_json, flips_text

    flips: list[Flip] = []
    counter = _Counter(quiet=as_json, flips=flips)
    now, settings = datetime.now(UTC), configuration_of(context).settings
    alone = nullcontext() if dry_run else locked_for(home_of(context), "reclassify", url=settings.storage.url)
    with alone, stored_database(context) as database:
        path = judges_of(context, database).model
        version = load_any(path).version  # a model that cannot be loaded must not hold a whole archive
        record = nullcontext() if dry_run else recorded(database, "reclassify")
        with record as run, workers_of(settings, path) as workers:
            done = reclassify(
                database,
                workers,
                model=version,
                since=since_of(since, now),
                write=not dry_run,
                clock=lambda: datetime.now(UTC),
                watch=counter,
            )
            if run is not None:
                run.counts, run.exit_code = asdict(done), Exit.PARTIAL if done.failed else Exit.OK
    counter.close()
    say(flips_json(version, flips, done) if as_json else flips_text(version, flips, done, written=not dry_run))
    leave(Exit.PARTIAL if done.failed else Exit.OK)


@app.command()
def audit(
    context: typer.Context,
    as_list: Annotated[bool, typer.Option("--list", help="Show today's draw and ask nothing.")] = False,
    report: Annotated[bool, typer.Option("--report", help="What the answers so far come to.")] = False,
    since: Annotated[str, typer.Option(help="For the report: rejects since.")] = "30d",
    n: Annotated[int, typer.Option("-n", help="Rejects in a day's draw.", min=1, max=1000)] = 12,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who answers; your login name when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look at some of what was rejected, and learn how much is missed."""
    from jobs.teaching import audit as job
    from jobs.teaching.labelling import who

    now = right_now()
    with stored_database(context) as database:
        if not report:
            drawn = job.draw(database, n=n, at=now)
            if as_list or as_json:
                say(job.draw_json(drawn) if as_json else job.draw_text(drawn))
                return
            job.ask(database, job.open_ones(drawn), by=by or who(), answers=sys.stdin, tell=say)
        found = job.report(database, since=since_of(since, now))
    say(json.dumps(job.report_json(found)) if as_json else job.report_text(found))


class _Counter:
    """Tells flips as they are found, and on a terminal how far it is."""

    def __init__(self, *, quiet: bool, flips: list[Flip]) -> None:
        self._quiet, self._flips = quiet, flips
        self._terminal = sys.stderr.isatty() and not quiet

    def __call__(self, progress: Progress, flips: list[Flip]) -> None:
        from jobs.teaching.view import flip_text, progress_text

        self._flips += flips
        for flip in () if self._quiet else flips:
            say(flip_text(flip))
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{progress_text(progress)}")
            sys.stderr.flush()

    def close(self) -> None:
        """Leave the line clean."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
