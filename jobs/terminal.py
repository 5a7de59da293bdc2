"""What every command needs: its home, its settings, and how it speaks and ends."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from jobs.exits import ConfigError, Exit, UsageError
from jobs.home import Home, find_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from crawler.hosts import HostMemory
    from crawler.run import Gate
    from crawler.workers import Workers
    from jobs.settings import Configuration
    from jobs.teaching.judges import Judges
    from storage.database import Database


FIRST = frozenset({"init", "demo", "crawl", "restore"})  # commands that a new home may begin with
EMPTY = "nothing was ever stored here: run `spywire crawl` first, or name the home with --home"


def home_of(context: typer.Context) -> Home:
    """The home the command is for. Raises `UsageError` where one is named that is not there: it may be mistyped."""
    home = find_home(context.obj, os.environ)
    named = context.obj or os.environ.get("SPYWIRE_HOME")
    try:
        there = home.config.is_dir()
    except OSError as error:
        cure = "run spywire as the user it belongs to, or give it to yours"
        raise ConfigError(f"cannot look into {home.config}: {error.strerror}; {cure}") from error
    if named and context.info_name not in FIRST and not there:
        raise UsageError(
            f"there is no home {home.config}: check the path (--home, SPYWIRE_HOME), "
            f"or make one with `spywire --home {shlex.quote(str(home.config))} init`"
        )
    return home


def configuration_of(context: typer.Context) -> Configuration:
    """The settings in force."""
    from jobs.log import LOG, secrets_of
    from jobs.settings import load_settings

    configuration = load_settings(home_of(context), os.environ)
    LOG.hide(secrets_of(configuration.settings))
    return configuration


@contextmanager
def opened_database(context: typer.Context) -> Iterator[Database]:
    """The database, made if it is not there."""
    from storage.database import Database

    database = Database.open(configuration_of(context).settings.storage.url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def database_if_any(context: typer.Context) -> Iterator[Database | None]:
    """The database, or None where nothing was ever stored."""
    url = configuration_of(context).settings.storage.url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        yield None
        return
    with opened_database(context) as database:
        yield database


@contextmanager
def stored_database(context: typer.Context) -> Iterator[Database]:
    """The database of a command that has nothing to do without one. Raises `UsageError` where nothing was stored."""
    with database_if_any(context) as database:
        if database is None:
            raise UsageError(EMPTY)
        yield database


@contextmanager
def known_hosts(context: typer.Context) -> Iterator[HostMemory]:
    """What servers asked of earlier crawls: their rules, and to be left alone. What is new of it is not kept."""
    from crawler.hosts import HostMemory

    with database_if_any(context) as database:
        yield HostMemory(database, dry=True)


def right_now() -> datetime:
    """The time, for what is written down with it. Raises `ConfigError` if the clock is not set."""
    from jobs.runs import check_clock, now

    return check_clock(now())


def judges_of(context: typer.Context, database: Database | None) -> Judges:
    """Whose verdicts are in force."""
    from jobs.teaching.judges import judges

    return judges(configuration_of(context).settings, home_of(context), database)


def gate_of(context: typer.Context, *, judging: bool = True) -> Gate:
    """Who judges, and how. Where nothing is to be judged the database is not asked who does."""
    from jobs.crawl import gate

    settings = configuration_of(context).settings
    if not judging:
        return gate(settings, judges_of(context, None))
    with database_if_any(context) as database:
        return gate(settings, judges_of(context, database))


@contextmanager
def started_workers(context: typer.Context, *, processes: int | None = None, judging: bool = True) -> Iterator[Workers]:
    """The pool that reads and judges."""
    from crawler.workers import Workers

    chosen = gate_of(context, judging=judging)
    many = chosen.processes if processes is None else processes
    with Workers(chosen.model, processes=many, deadline=chosen.deadline, memory_mb=chosen.memory_mb) as workers:
        yield workers


def write_file(path: Path, content: str | bytes) -> None:
    """Write what was asked for with `--out`."""
    try:
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def say(text: str, *, end: str = "\n", flush: bool = True) -> None:
    """The command's answer, on standard output. A reader who has had enough (`| head`) ends the command in silence."""
    try:
        sys.stdout.write(text + end)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        leave(Exit.PIPE)


def complain(message: str, *, event: str = "error", source: str = "") -> None:
    """One line on standard error."""
    from jobs.log import LOG

    LOG.event(event, message, level="error", source=source)


def leave(code: int) -> NoReturn:
    """End the command."""
    raise typer.Exit(code)
