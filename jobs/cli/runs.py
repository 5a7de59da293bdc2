"""`spywire runs list|show`: what every job did, and how it ended."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from jobs.cli.options import AsJson
from jobs.exits import NothingThereError
from jobs.terminal import say, stored_database

runs = typer.Typer(help="What every job did, and how it ended.", no_args_is_help=True)


@runs.command("list")
def runs_list(
    context: typer.Context,
    job: Annotated[str | None, typer.Option(help="Only runs of this job.")] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=100_000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List the latest runs, newest first."""
    from jobs.runs import runs_json, runs_text
    from storage.runs import Runs

    with stored_database(context) as database:
        found, newest = Runs(database).recent(limit=limit, job=job), Runs(database).newest()
    if as_json:
        say(json.dumps(runs_json(found, newest=newest)))
    else:
        say(runs_text(found, newest=newest) if found else f"No run{f' of {job}' if job else ''} is recorded yet.")


@runs.command("show")
def runs_show(
    context: typer.Context,
    run: Annotated[int, typer.Argument(help="Its number, from `spywire runs list`.")],
    as_json: AsJson = False,
) -> None:
    """Show everything about a run: counts of every gate, bytes, what each source gave, how it ended."""
    from jobs.runs import run_text, runs_json
    from storage.runs import Runs

    with stored_database(context) as database:
        found, newest = Runs(database).named(run), Runs(database).newest()
    if found is None:
        raise NothingThereError(f"there is no run {run}; `spywire runs list` shows those there are")
    say(json.dumps(runs_json([found], newest=newest)[0]) if as_json else run_text(found, newest=newest))
