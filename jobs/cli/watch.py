"""`spywire status`, `spywire health`: how everything stands, and a look at all sources."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from jobs.cli.options import AsJson, span_of
from jobs.terminal import configuration_of, home_of, leave, say, stored_database

if TYPE_CHECKING:
    from jobs.settings import Settings
    from jobs.watch.standing import Standing

app = typer.Typer()


@app.command()
def status(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="One line and a code for Nagios: 0, 1, 2 or 3.")] = False,
    max_age: Annotated[
        str | None, typer.Option(metavar="SPAN", help="--check: how old the last crawl may be. [watch] max_age else.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how jobs, sources, deliveries, model and database stand."""
    from jobs.watch.check import check as examine
    from jobs.watch.check import level_of, line

    try:
        settings = configuration_of(context).settings
        age = (
            span_of(max_age, "--max-age") if max_age is not None else span_of(settings.watch.max_age, "[watch] max_age")
        )
        standing = _standing(context, settings)
        findings = examine(standing, max_age=age)
        answer = line(standing, findings, max_age=age)
    except Exception as error:
        if check:
            _cannot_tell(error)
        raise
    if check:
        say(answer)
        leave(level_of(findings))
    from jobs.watch.status import status_json, status_text

    say(json.dumps(status_json(standing, findings)) if as_json else status_text(standing, findings))


@app.command()
def health(
    context: typer.Context,
    standing: Annotated[bool, typer.Option("--open", help="Say which alarms are open, and look at nothing.")] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not list the open alarms on a terminal.")] = False,
) -> None:
    """Look at all sources: who fails, who is silent, whose articles come out otherwise.

    An alarm that begins or ends is a line on standard error, once. On a terminal the open ones are listed.
    """
    from jobs.catalogue import sound_sources
    from jobs.watch.after import looked
    from jobs.watch.look import alarm_line
    from jobs.watch.status import alarm_json
    from storage.alarms import Alarms

    with stored_database(context) as database:
        sources, _ = sound_sources(home_of(context).sources_file)
        if not standing:
            looked(database, sources)
        alarms = Alarms(database).open()
    if as_json:
        say(json.dumps([alarm_json(alarm) for alarm in alarms]))
    elif alarms and (standing or (sys.stdout.isatty() and not quiet)):
        say("\n".join(map(alarm_line, alarms)))


def _cannot_tell(error: Exception) -> NoReturn:
    """Whatever keeps us from looking is an answer, too."""
    from jobs.exits import Exit, exit_of
    from jobs.log import LOG
    from jobs.watch.check import Level, unknown

    words = f"{type(error).__name__}: {error}" if exit_of(error) == Exit.BUG else str(error)
    say(unknown(LOG.redact(words)))
    leave(Level.UNKNOWN)


def _standing(context: typer.Context, settings: Settings) -> Standing:
    from jobs.catalogue import pollable_sources
    from jobs.watch.standing import stand

    home = home_of(context)
    with stored_database(context) as database:
        sources, broken = pollable_sources(home.sources_file)
        return stand(home, settings, sources, database, broken=broken, at=datetime.now(UTC))
