"""`spywire digest ...`: what a team reads in the morning."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from jobs.cli.options import since_of
from jobs.exits import UsageError
from jobs.terminal import (
    configuration_of,
    database_if_any,
    home_of,
    say,
    write_file,
)

digests = typer.Typer(help="What a team reads in the morning.", no_args_is_help=True)


@digests.command("preview")
def digest_preview(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="How far back: 90m, 24h, 7d, or a date.")] = "24h",
    form: Annotated[str, typer.Option("--format", help="text, html, markdown or json.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Show the digest of a window that ends now."""
    from jobs.catalogue import read_sources
    from jobs.digest.preview import preview
    from jobs.digest.render import Form, render

    if form not in list(Form):
        raise UsageError(f"there is no format {form}; there are {', '.join(Form)}")
    if out is not None and not out.parent.is_dir():
        raise UsageError(f"cannot write {out}: there is no folder {out.parent}")
    now = datetime.now(UTC)
    start = since_of(since, now)
    home, settings = home_of(context), configuration_of(context).settings
    sources = read_sources(home.sources_file)
    with database_if_any(context) as database:
        if database is None:
            raise UsageError("nothing was ever stored here: run `spywire crawl` first, or name the home with --home")
        edition = preview(database, settings, sources=sources, since=start, until=now)
    text = render(edition, form)
    if out is None:
        say(text, end="")
    else:
        write_file(out, text)
