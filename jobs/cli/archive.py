"""`spywire why`: what the archive remembers."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from jobs.cli.options import AsJson
from jobs.exits import Exit, UsageError
from jobs.terminal import (
    complain,
    database_if_any,
    leave,
    say,
)

app = typer.Typer()


@app.command()
def why(context: typer.Context, url: Annotated[str, typer.Argument(help="A link.")], as_json: AsJson = False) -> None:
    """The story of a link: who discovered it, when it was fetched, and why it is, or is not, in the digest."""
    from crawler.urls import url_key
    from jobs.why import history_json, history_text
    from storage.ledger import Ledger

    try:
        key = url_key(url)
    except ValueError as error:
        raise UsageError(f"{url} is not a link: {error}") from error
    with database_if_any(context) as database:
        history = Ledger(database).history(key) if database else None
    if history is None:
        complain(f"{url} was never seen: no source has offered it")
        leave(Exit.PARTIAL)
    say(json.dumps(history_json(history), ensure_ascii=False) if as_json else history_text(history))
