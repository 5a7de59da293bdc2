"""`spywire demo`, `init`, `crawl`, `config show`: from nothing to a filled archive."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli.options import AsJson, Busy, IfBusy, Wait, locked_for, span_of
from jobs.home import Home, find_home
from jobs.terminal import (
    complain,
    configuration_of,
    home_of,
    leave,
    say,
)

if TYPE_CHECKING:
    from jobs.crawl import Crawled

app = typer.Typer()
configs = typer.Typer(help="The settings in force.", no_args_is_help=True)


@app.command()
def demo(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="First port of the demo newsroom.", min=1024, max=65500)] = 8700,
) -> None:
    """Crawl a small newsroom on this machine and show its digest."""
    from jobs.crawl import Crawled, exit_code
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
        _note_failures(Crawled(report=result.report), blips=True)
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
    wait: Wait = "0s",
    if_busy: IfBusy = Busy.FAIL,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say what was done even when all is well.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary: only what went wrong.")] = False,
) -> None:
    """Poll the sources that are due, fetch what is new, judge it, store it."""
    home, patience = home_of(context), span_of(wait, "--wait")
    runtime = None if max_runtime is None else span_of(max_runtime, "--max-runtime")
    lock = locked_for(home, "crawl", wait=patience, if_busy=if_busy, verbose=verbose)
    with nullcontext() if dry_run else lock:  # taken before the slow imports
        from jobs.crawl import CrawlJob, run_crawl
        from jobs.log import LOG
        from jobs.progress import Progress
        from jobs.show import report_json, report_text

        watched = (sys.stderr.isatty() or verbose) and not (as_json or quiet or LOG.structured)
        progress = Progress(sys.stderr) if watched else None
        done = run_crawl(
            CrawlJob(
                home=home,
                settings=configuration_of(context).settings,
                sources=source or (),
                due_or_not=due_or_not,
                max_pages=max_pages,
                max_runtime=runtime,
                dry_run=dry_run,
                wait=patience,
                watch=progress,
            )
        )
    if progress:
        progress.close()
    asked = bool(source) or due_or_not or dry_run or verbose or sys.stderr.isatty()
    _note_failures(done, blips=asked)
    if as_json:
        say(json.dumps(report_json(done.report, done.exit_code)))
    elif (verbose or dry_run or sys.stdout.isatty()) and not quiet:
        say(report_text(done.report, names=dry_run or sys.stdout.isatty()))
    leave(done.exit_code)


def _demo_home(context: typer.Context) -> Home:
    if context.obj is not None:
        return home_of(context)
    folder = find_home(None, {}).data / "demo"
    return Home(config=folder, data=folder, state=folder)


def _note_failures(done: Crawled, *, blips: bool) -> None:
    """Name what failed: for a scheduler only what lasts, for a person everything. A log gets every source's result."""
    from jobs.log import LOG

    for wrong in done.broken.values():
        complain(f"{wrong}; the other sources are crawled", event="source.broken")
    for poll in done.report.sources:
        told = f"source {poll.source}: {poll.state}" + (f": {poll.detail}" if poll.detail else "")
        fields: dict[str, Any] = {"state": str(poll.state), "found": poll.found, "new": poll.new, "detail": poll.detail}
        if poll.state.succeeded:
            LOG.event("source.polled", source=poll.source, **fields)
        else:
            lasting = blips or poll.source in done.lasting
            LOG.event("source.failed", told, level="error" if lasting else "info", source=poll.source, **fields)
    for source, title, url in done.report.flagged:
        LOG.event("article.flagged", source=source, title=title, url=url)
    for kind, message in done.report.troubles.items():
        complain(message, event=f"trouble.{kind}")
