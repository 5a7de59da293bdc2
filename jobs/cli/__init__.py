"""The command line. Each command reads its input, calls a job and says how it ended; slow imports wait inside."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from jobs.cli import archive, crawls, digests, filters, gate, labels, models, retention, search, sources, stories
from jobs.exits import CommandError, Exit
from jobs.terminal import complain

HELP = """\
A news monitor that flags cyber-espionage stories before it stores them, says why, and accounts for what it dropped.

Start with `spywire demo`, or `spywire init` and `spywire crawl`.
"""
app = typer.Typer(
    name="spywire", help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)

for commands in (crawls.app, filters.app, search.app, archive.app, retention.app, gate.app, labels.app):
    app.add_typer(commands)
app.add_typer(digests.digests, name="digest")
app.add_typer(crawls.configs, name="config")
app.add_typer(sources.sources, name="sources")
app.add_typer(stories.stories, name="story")
app.add_typer(labels.labels, name="labels")
app.add_typer(models.models, name="model")


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Settings, database and lock in one folder (also SPYWIRE_HOME).")
    ] = None,
) -> None:
    """Remember which home the command is for."""
    context.obj = home


def main() -> NoReturn:
    """Run a command; every way to fail ends in one line and its exit code."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(home_first(sys.argv[1:]))
    except Exception as error:  # noqa: BLE001 - the last door: a bug is reported in a line, not dumped
        sys.exit(_report(error))
    sys.exit(Exit.OK)


def home_first(arguments: list[str]) -> list[str]:
    """`--home DIR` may stand anywhere on the line; it belongs to every command."""
    for at, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--home" or argument.startswith("--home="):
            end = at + (1 if "=" in argument else 2)
            return [*arguments[at:end], *arguments[:at], *arguments[end:]]
    return arguments


def _report(error: Exception) -> Exit:
    from crawler.errors import FetchError, ModelError
    from storage.errors import BadUrlError, StorageError

    codes: dict[type[Exception], Exit] = {
        FetchError: Exit.UNREACHABLE,
        ModelError: Exit.CONFIG,
        StorageError: Exit.STORAGE,
        BadUrlError: Exit.CONFIG,
        OSError: Exit.STORAGE,  # whatever else a disk refuses
    }
    code = error.exit if isinstance(error, CommandError) else None
    for kind, exit_code in codes.items():
        code = exit_code if isinstance(error, kind) else code
    if code is not None:
        complain(str(error))
        return code
    if os.environ.get("SPYWIRE_DEBUG"):
        raise error
    complain(f"internal error: {type(error).__name__}: {error}; run it again with SPYWIRE_DEBUG=1 and report it")
    return Exit.BUG
