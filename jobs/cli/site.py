"""`spywire site ...`: the archive as files for any web server."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from jobs.cli.options import AsJson, locked_for
from jobs.exits import UsageError
from jobs.terminal import configuration_of, home_of, say, stored_database

site = typer.Typer(help="The archive as files for any web server.", no_args_is_help=True)


@site.command("build")
def site_build(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where to; else [site] folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write what is new: editions, stories, charts, feeds. Says nothing, unless asked with --json."""
    from jobs.paths import settled_path
    from jobs.runs import recorded
    from jobs.site.build import build

    settings = configuration_of(context).settings
    if folder is None and not settings.site.folder:
        raise UsageError("where to? Write `spywire site build DIR`, or put the folder into [site] folder")
    target = folder or settled_path(home_of(context).config, settings.site.folder)
    with (
        stored_database(context) as database,
        locked_for(home_of(context), "site"),
        recorded(database, "site") as run,
    ):
        book, written = build(database, settings, target)
        run.counts = {"editions": len(book.pages), "stories": len(book.tales)}
    if as_json:
        counts = {"folder": str(target), "editions": len(book.pages), "stories": len(book.tales)}
        say(json.dumps(counts | asdict(written)))
