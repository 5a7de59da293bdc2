"""`spywire db`: upgrade, check, backup, restore, vacuum, copy."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson, locked_for
from jobs.exits import Exit
from jobs.terminal import configuration_of, home_of, leave, say, stored_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.databases import Progress

Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say how far it is, and what was done.")]

databases = typer.Typer(help="Care for the database.", no_args_is_help=True)


@databases.command()
def upgrade(
    context: typer.Context,
    no_copy: Annotated[
        bool, typer.Option("--no-copy", help="Do not copy an SQLite file before it is changed.")
    ] = False,
) -> None:
    """Bring an older schema up to date. Every other command does so too; this one says what it did."""
    from jobs.databases import upgrade

    done = upgrade(_url(context), keep_before=not no_copy)
    if done.was == done.now:
        say(f"the database has the newest schema, {done.now}")
        return
    say(f"upgraded from {done.was} to {done.now}" if done.was else f"made a database with schema {done.now}")
    if done.before:
        say(f"the file as it was: {done.before}")


@databases.command()
def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Look whether the database is whole: its files, its references, our own rules. Ends with 74 if it is not."""
    from jobs.databases import checkup_json, checkup_text
    from storage.upkeep import check

    with stored_database(context) as database:
        found = check(database)
    say(json.dumps(checkup_json(found)) if as_json else checkup_text(found))
    leave(Exit.STORAGE if found.faults else Exit.OK)


@databases.command()
def backup(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="A file, or a folder (FOLDER/) for a file named by its time.")],
    keep: Annotated[int | None, typer.Option(help="Keep only this many dated backups in the folder.", min=1)] = None,
    verbose: Verbose = False,
) -> None:
    """Write what is stored now into an SQLite file, while everything goes on. Also from PostgreSQL."""
    from jobs.databases import back_up
    from jobs.runs import recorded

    url = _url(context)
    with (
        locked_for(home_of(context), "backup", url=url),
        stored_database(context) as database,
        recorded(database, "backup") as run,
        _progress(verbose=verbose) as watch,
    ):
        path = back_up(database, url, target, keep=keep, now=run.started_at, watch=watch)
        run.counts = {"bytes": path.stat().st_size}
    if verbose or sys.stdout.isatty():
        say(f"wrote {path}, {path.stat().st_size / 2**20:.1f} MiB")


@databases.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup.")],
    force: Annotated[
        bool,
        typer.Option("--force", help="Though something is stored: an SQLite file is put aside, a server's is dropped."),
    ] = False,
) -> None:
    """Put a backup into the place of the database, after a look at all of it."""
    from jobs.databases import restore

    with _progress() as watch:
        aside = restore(home_of(context), _url(context), file, force=force, watch=watch)
    say(f"restored {file}")
    if aside:
        say(f"what was there before: {aside}")


@databases.command()
def vacuum(context: typer.Context) -> None:
    """Give back the room that purged text has left."""
    from jobs.databases import vacuum

    with stored_database(context) as database:
        before, after = vacuum(home_of(context), database, _url(context))
    say(f"{before / 2**20:.1f} MiB before, {after / 2**20:.1f} MiB now")


@databases.command()
def copy(
    context: typer.Context,
    to: Annotated[str, typer.Option(metavar="URL", help="An empty database: sqlite:///FILE, postgresql://HOST/NAME.")],
    verbose: Verbose = False,
) -> None:
    """Copy everything into another database and compare every row. Killed, it goes on when it is run again."""
    from jobs.databases import copy_to

    with stored_database(context) as database, _progress(verbose=verbose) as watch:
        copied = copy_to(home_of(context), database, _url(context), to, watch=watch)
    rows = sum(copied.rows.values())
    say(f"copied {rows:,} rows of {len(copied.rows)} tables, {copied.written:,} of them now; every row was compared")
    say("Next: put the URL into [storage] url, then run `spywire db check`.")


def _url(context: typer.Context) -> str:
    return configuration_of(context).settings.storage.url


@contextmanager
def _progress(*, verbose: bool = False) -> Iterator[Progress]:
    from jobs.databases import Progress

    progress = Progress(sys.stderr, verbose=verbose)
    try:
        yield progress
    finally:
        progress.close()
