"""`spywire sources ...`: try a source, add it, list, import and export."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.exits import Exit, UsageError
from jobs.terminal import (
    complain,
    configuration_of,
    database_if_any,
    home_of,
    known_hosts,
    leave,
    say,
    started_workers,
    write_file,
)

if TYPE_CHECKING:
    from jobs.sources.plan import Plan

sources = typer.Typer(help="Where spywire looks.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Address = Annotated[str, typer.Argument(metavar="URL", help="A home page, section page, feed or sitemap.")]


@sources.command("test")
def try_out(context: typer.Context, url: Address, as_json: AsJson = False) -> None:
    """Find the best source behind a URL; show its items, its pace, and a verdict on the newest. Stores nothing."""
    from jobs.crawl import manners
    from jobs.sources.add import checked_url
    from jobs.sources.trial import run_trial
    from jobs.sources.view import trial_json, trial_text

    url = checked_url(url)
    with known_hosts(context) as hosts, started_workers(context, processes=1) as workers:
        trial = run_trial(url, manners=manners(configuration_of(context).settings), hosts=hosts, workers=workers)
    say(json.dumps(trial_json(trial), ensure_ascii=False) if as_json else trial_text(trial))
    if trial.exit is not Exit.OK:
        complain(f"{url}: {trial.probe.discovery.why}")
    leave(trial.exit)


@sources.command("add")
def add(
    context: typer.Context,
    url: Address,
    name: Annotated[str | None, typer.Option(help="Kebab-case; made from its title or host when left out.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    why: Annotated[str, typer.Option(help="Why this is watched, in a sentence.")] = "",
    every: Annotated[str | None, typer.Option(help="Least time between two looks: 30m, 6h, 1d.")] = None,
    probe: Annotated[bool, typer.Option(" /--no-probe", help="Write the URL down as it is; ask nobody.")] = True,
) -> None:
    """Find the best source behind a URL and write it into sources.toml."""
    from jobs.crawl import manners
    from jobs.sources.add import Wish, add_source

    home = home_of(context)
    wish = Wish(url=url, name=name, tags=tuple(tag or ()), why=why, every=every)
    polite = manners(configuration_of(context).settings) if probe else None
    with known_hosts(context) as hosts, started_workers(context, processes=1) as workers:
        added = add_source(wish, home, manners=polite, hosts=hosts, workers=workers)
    say(f"{home.sources_file}: added\n\n{added}", end="")


@sources.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Every source, and how it did the last time."""
    from jobs.catalogue import read_sources
    from jobs.sources.listing import list_json, list_sources, list_text

    with database_if_any(context) as database:
        listed = list_sources(read_sources(home_of(context).sources_file), database, at=datetime.now(UTC))
    say(json.dumps(list_json(listed), ensure_ascii=False) if as_json else list_text(listed))


@sources.command("import")
def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="OPML, CSV, or one URL a line; - for standard input.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added, write nothing.")] = False,
) -> None:
    """Add the sources that a file names and the catalogue does not. Nothing is fetched."""
    from jobs.catalogue import known_sources
    from jobs.sources.edit import append, editing, toml_of
    from jobs.sources.lists import read_rows
    from jobs.sources.plan import plan_import

    home, rows = home_of(context), read_rows(_read(file))
    path = home.sources_file
    if dry_run:
        plan = plan_import(rows, known_sources(path))
        say("".join(f"{toml_of(entry)}\n" for entry in plan.entries), end="")
    else:
        with editing(home):
            plan = plan_import(rows, known_sources(path))
            if plan.entries:
                append(path, plan.entries)
    _say_plan(plan, path, written=not dry_run)
    leave(Exit.PARTIAL if plan.unusable else Exit.OK)


@sources.command("export")
def export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", help="opml or csv.")] = "opml",
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """The catalogue for a feed reader, or for a spreadsheet."""
    from jobs.catalogue import read_sources
    from jobs.sources.lists import write_csv
    from jobs.sources.opml import write_opml

    if form not in {"opml", "csv"}:
        raise UsageError(f"there is no format {form}; there are opml, csv")
    known = read_sources(home_of(context).sources_file)
    written = write_csv(known) if form == "csv" else write_opml(known, at=datetime.now(UTC)).decode("utf-8")
    if out is None:
        say(written, end="")
    else:
        write_file(out, written)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _say_plan(plan: Plan, path: Path, *, written: bool) -> None:
    for row, why in plan.unusable:
        complain(f"{row.place}: {row.url or row.name or '(no url)'}: {why}")
    done = "added" if written else "# would add"
    say(f"{done} {len(plan.entries)} to {path}; {len(plan.known)} are there already, {len(plan.unusable)} are unusable")
