"""`spywire retain`: text goes when its time is over."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Annotated

import typer

from jobs.cli.options import AsJson, Busy, IfBusy, Wait, locked_for, span_of
from jobs.terminal import complain, configuration_of, home_of, leave, say, stored_database

app = typer.Typer()


@app.command()
def retain(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")] = False,
    wait: Wait = "0s",
    if_busy: IfBusy = Busy.FAIL,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say what was done even when all is well.")] = False,
) -> None:
    """Purge text that has been kept as long as its source allows. Ledger, metadata and verdicts stay."""
    from jobs.retention import Records, agreed, retain, retained_json, retained_text
    from jobs.watch.after import noted

    home, patience = home_of(context), span_of(wait, "--wait")
    settings = configuration_of(context).settings
    terms = settings.retention
    lock = locked_for(home, "retain", url=settings.storage.url, wait=patience, if_busy=if_busy, verbose=verbose)
    with nullcontext() if dry_run else lock, stored_database(context) as database:
        done = retain(
            database,
            lambda: agreed(home.sources_file, terms),
            Records.of(terms),
            clock=lambda: datetime.now(UTC),
            dry_run=dry_run,
        )
        if not dry_run:
            noted(home, settings, database)
    for name, wrong in done.broken.items():
        complain(f"{wrong}; the text of its articles is spared", event="source.broken", source=name)
    if as_json:
        say(json.dumps(retained_json(done)))
    elif dry_run or verbose or sys.stdout.isatty():
        say(retained_text(done))
    leave(done.exit)
