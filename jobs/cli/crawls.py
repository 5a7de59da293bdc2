"""`spywire demo`, `init`, `crawl`, `config show`: from nothing to a filled archive."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson, span_of
from jobs.home import Home, find_home
from jobs.terminal import (
    complain,
    configuration_of,
    home_of,
    leave,
    say,
)

if TYPE_CHECKING:
    from crawler.report import CrawlReport

app = typer.Typer()
configs = typer.Typer(help="The settings in force.", no_args_is_help=True)


@app.command()
def demo(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="First port of the demo newsroom.", min=1024, max=65500)] = 8700,
) -> None:
    """Crawl a small newsroom on this machine and show its digest."""
    from jobs.crawl import exit_code
    from jobs.demo.run import run_demo
    from jobs.digest.render import Form, render
    from jobs.progress import Progress

    progress = Progress(sys.stderr)
    result = run_demo(_demo_home(context), port=port, watch=progress)
    progress.close()
    if result.new:
        say(render(result.edition, Form.TEXT))
    else:
        say(f"Nothing is new: all {result.edition.links} links of the newsroom are known.")
    say(f"HTML digest  {result.html}\nDatabase     {result.database}")
    if result.report.troubles:
        _note_failures(result.report)
        leave(exit_code(result.report))


@app.command()
def init(context: typer.Context) -> None:
    """Write a commented settings file and sources to start from. Files that are there stay as they are."""
    from jobs.init import write_home

    home = home_of(context)
    for path, written in write_home(home):
        say(f"{'wrote' if written else 'kept '}  {path}")
    say("Next: put an address into [fetch] contact, look through the sources, then run `spywire crawl`.")


@configs.command("show")
def config_show(context: typer.Context, as_json: AsJson = False) -> None:
    """Print every setting with its value and where that comes from."""
    from jobs.show import settings_json, settings_text

    configuration = configuration_of(context)
    say(json.dumps(settings_json(configuration)) if as_json else settings_text(configuration, home_of(context)))


@app.command()
def crawl(
    context: typer.Context,
    source: Annotated[list[str] | None, typer.Option(help="Only this source, due or not. May be repeated.")] = None,
    due_or_not: Annotated[bool, typer.Option("--all", help="Every source, due or not.")] = False,
    max_pages: Annotated[int | None, typer.Option(help="Fetch no more pages than this; the rest waits.", min=0)] = None,
    max_runtime: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Begin nothing more after this long (10m, 2h); the rest waits.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fetch and judge, store nothing, say what was found.")
    ] = False,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say what was done even when all is well.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary: only what went wrong.")] = False,
) -> None:
    """Poll the sources that are due, fetch what is new, judge it, store it."""
    from jobs.crawl import CrawlJob, exit_code, run_crawl
    from jobs.progress import Progress
    from jobs.show import report_json, report_text

    watched = (sys.stderr.isatty() or verbose) and not (as_json or quiet)
    progress = Progress(sys.stderr) if watched else None
    report = run_crawl(
        CrawlJob(
            home=home_of(context),
            settings=configuration_of(context).settings,
            sources=source or (),
            due_or_not=due_or_not,
            max_pages=max_pages,
            max_runtime=None if max_runtime is None else span_of(max_runtime, "--max-runtime"),
            dry_run=dry_run,
            watch=progress,
        )
    )
    if progress:
        progress.close()
    _note_failures(report)
    if as_json:
        say(json.dumps(report_json(report, exit_code(report))))
    elif (verbose or dry_run or sys.stdout.isatty()) and not quiet:
        say(report_text(report, names=dry_run or sys.stdout.isatty()))
    leave(exit_code(report))


def _demo_home(context: typer.Context) -> Home:
    if context.obj is not None:
        return home_of(context)
    folder = find_home(None, {}).data / "demo"
    return Home(config=folder, data=folder, state=folder)


def _note_failures(report: CrawlReport) -> None:
    for poll in report.failed:
        complain(f"source {poll.source}: {poll.state}" + (f": {poll.detail}" if poll.detail else ""))
    for message in report.troubles.values():
        complain(message)
