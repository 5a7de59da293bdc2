"""`spywire why`: what the archive remembers."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from jobs.cli.options import AsJson
from jobs.exits import Exit, UsageError
from jobs.terminal import (
    complain,
    leave,
    say,
    stored_database,
)

app = typer.Typer()


@app.command()
def why(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="A link.")],
    diff: Annotated[bool, typer.Option("--diff", help="Show the words that each revision changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """The story of a link: who discovered it, when it was fetched, and why it is, or is not, in the digest."""
    from rich.console import Console

    from jobs.revisions import diffs, past_json, past_text
    from jobs.why import history_json, history_text
    from storage.ledger import Ledger
    from storage.records import Past
    from storage.revisions import Revisions

    key = _key(url)
    with stored_database(context) as database:
        history = Ledger(database).history(key)
        stored = history.stored if history else None
        past = Revisions(database).past(stored.id) if stored else Past()
    if history is None:
        complain(f"{url} was never seen: no source has offered it")
        leave(Exit.PARTIAL)
    if as_json:
        say(json.dumps(history_json(history) | past_json(past), ensure_ascii=False))
        return
    say("\n".join([history_text(history), *past_text(past)]))
    if diff and stored:
        Console(file=sys.stdout, highlight=False, soft_wrap=True).print(diffs(past, stored.article), end="")


def _key(url: str) -> str:
    from crawler.urls import url_key

    try:
        return url_key(url)
    except ValueError as error:
        raise UsageError(f"{url} is not a link: {error}") from error
