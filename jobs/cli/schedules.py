"""`spywire schedule`: start what is due, as a daemon or once."""

from __future__ import annotations

import json
import os
import signal
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import Busy, IfBusy, locked_for
from jobs.exits import ConfigError, Exit, UsageError
from jobs.terminal import configuration_of, home_of, leave, say, stored_database

if TYPE_CHECKING:
    from types import FrameType

app = typer.Typer()


@app.command()
def schedule(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end: one line for cron.")] = False,
    units: Annotated[
        str | None,
        typer.Option("--print", metavar="KIND", help="Write what a scheduler needs: crontab, systemd or kubernetes."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say what is due when, start nothing.")] = False,
    if_busy: IfBusy = Busy.FAIL,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="--once: end with 0 after what heals by itself (1, 69, 75, 124).")
    ] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say what is started, and how it ended.")] = False,
) -> None:
    """Start the jobs that are due: polls, digests, deliveries, retention, backups. Runs until it is stopped."""
    home = home_of(context)
    if units is not None:
        _print(context, units)
        return
    if as_json:
        _say_what_is_due(context)
        return
    from jobs.log import LOG

    LOG.verbose = verbose
    stop, numbers = _stopped_by_signals()
    if once:
        with locked_for(home, "schedule", if_busy=Busy.SKIP if lenient else if_busy, verbose=verbose):
            from jobs.schedule.daemon import FINE, Scheduler
            from jobs.schedule.daemon import once as run_once

            code = run_once(Scheduler(home=home, environment=os.environ, steadfast=False), stop=stop)
        leave(128 + numbers[0] if numbers else Exit.OK if lenient and code in FINE else code)
    from jobs.schedule.daemon import Scheduler, serve

    serve(Scheduler(home=home, environment=os.environ), stop=stop)
    leave(Exit.OK)


def _say_what_is_due(context: typer.Context) -> None:
    from jobs.schedule.daemon import Scheduler

    scheduler = Scheduler(home=home_of(context), environment=os.environ, steadfast=False)
    with stored_database(context):
        _, errands = scheduler.look()
    now = scheduler.now()
    say(json.dumps([{"job": str(e.job), "at": e.at.isoformat(), "due": e.at <= now, "why": e.why} for e in errands]))


def _print(context: typer.Context, kind: str) -> None:
    from importlib.metadata import version

    from jobs.log import secrets_of
    from jobs.schedule.configured import check_deadline
    from jobs.schedule.units import Kind, make_folders, this_place, units
    from jobs.schedule.variables import variables_of

    if kind not in list(Kind):
        raise UsageError(f"there is no {kind} to print; there are {', '.join(Kind)}")
    home = home_of(context)
    try:
        configuration = configuration_of(context)
    except ConfigError:
        settings = None
    else:
        check_deadline(configuration)
        settings = configuration.settings
    variables = variables_of(os.environ, home, secrets_of(settings) if settings else ())
    place = this_place(home, settings, version=version("spywire"), variables=variables)
    if kind == Kind.SYSTEMD:
        make_folders(place)
    say(units(Kind(kind), place), end="")


def _stopped_by_signals() -> tuple[Event, list[int]]:
    """What SIGTERM and SIGINT set, and which of them came."""
    stop, numbers = Event(), list[int]()

    def end(number: int, _frame: FrameType | None) -> None:
        numbers.append(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop, numbers
