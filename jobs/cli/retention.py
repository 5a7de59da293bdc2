"""`spywire retain`: text goes when its time is over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from jobs.cli.options import AsJson
from jobs.exits import UsageError
from jobs.terminal import configuration_of, database_if_any, home_of, say

app = typer.Typer()


@app.command()
def retain(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Purge text that has been kept as long as its source allows. Ledger, metadata and verdicts stay."""
    from jobs.catalogue import read_sources
    from jobs.retention import contracts, retain, retained_json, retained_text
    from jobs.spans import kept

    terms = configuration_of(context).settings.retention
    agreed = contracts(read_sources(home_of(context).sources_file), terms)
    with database_if_any(context) as database:
        if database is None:
            raise UsageError("nothing was ever stored here: run `spywire crawl` first, or name the home with --home")
        keep_polls = kept(terms.keep_polls)
        done = retain(database, agreed, keep_polls=keep_polls, clock=lambda: datetime.now(UTC), dry_run=dry_run)
    say(json.dumps(retained_json(done)) if as_json else retained_text(done))
