"""The command line. Each command reads its input, calls a job and says how it ended; slow imports wait inside."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from jobs.cli import (
    archive,
    crawls,
    databases,
    deliveries,
    doctor,
    filters,
    gate,
    labels,
    models,
    retention,
    runs,
    schedules,
    search,
    site,
    sources,
    stories,
    watch,
)
from jobs.exits import Exit, UsageError, exit_of
from jobs.log import LOG, VARIABLE, start_log
from jobs.terminal import complain

HELP = """\
A news monitor that flags cyber-espionage stories before it stores them, says why, and accounts for what it dropped.

Start with `spywire demo`, or `spywire init` and `spywire crawl`.
"""
EVERYWHERE = ("--home", "--log-format")
app = typer.Typer(
    name="spywire", help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)

for commands in (crawls, filters, search, archive, retention, schedules, gate, labels, doctor, watch):
    app.add_typer(commands.app)
app.add_typer(deliveries.digests, name="digest")
app.add_typer(crawls.configs, name="config")
app.add_typer(sources.sources, name="sources")
app.add_typer(stories.stories, name="story")
app.add_typer(labels.labels, name="labels")
app.add_typer(models.models, name="model")
app.add_typer(site.site, name="site")
app.add_typer(runs.runs, name="runs")
app.add_typer(databases.databases, name="db")


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", readable=False, help="Settings, database and lock in one folder (also SPYWIRE_HOME)."
        ),
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(metavar="FORM", help="What standard error is written as: text or json (SPYWIRE_LOG).")
    ] = None,
) -> None:
    """Remember which home the command is for, and how to log."""
    context.obj = home
    try:
        start_log(log_format)
    except ValueError as error:
        raise UsageError(
            f"there is no log format {log_format or os.environ.get(VARIABLE)}; write text or json"
        ) from error
    LOG.job = context.invoked_subcommand or ""


def main() -> NoReturn:
    """Run a command; every way to fail ends in one line and its exit code."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app(home_first(sys.argv[1:]))
    except Exception as error:  # noqa: BLE001 - the last door: a bug is reported in a line, not dumped
        sys.exit(_report(error))
    sys.exit(Exit.OK)


def home_first(arguments: list[str]) -> list[str]:
    """`--home DIR` and `--log-format FORM` may stand anywhere on the line; they belong to every command."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    first: list[str] = []
    rest: list[str] = []
    words = iter(arguments[:end])
    for word in words:
        if word in EVERYWHERE:
            first += [word, *itertools.islice(words, 1)]
        else:
            (first if word.partition("=")[0] in EVERYWHERE else rest).append(word)
    return [*first, *rest, *arguments[end:]]


def _terminated(number: int, _frame: object) -> NoReturn:
    """End as an error does, so that what is open is closed and what is half done is given back."""
    raise SystemExit(128 + number)


def _report(error: Exception) -> int:
    code = exit_of(error)
    if code != Exit.BUG:
        complain(str(error))
        return code
    if os.environ.get("SPYWIRE_DEBUG"):
        raise error
    complain(f"internal error: {type(error).__name__}: {error}; run it again with SPYWIRE_DEBUG=1 and report it")
    return Exit.BUG
