"""The command line. Each command reads its input, calls a job and says how it ended; slow imports wait inside."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from jobs.cli_sources import sources
from jobs.exits import CommandError, Exit, UsageError
from jobs.home import Home, find_home
from jobs.terminal import (
    complain,
    configuration_of,
    database_if_any,
    home_of,
    leave,
    opened_database,
    say,
    started_workers,
    write_file,
)

if TYPE_CHECKING:
    from crawler.report import CrawlReport

HELP = """\
A news monitor that flags cyber-espionage stories before it stores them, says why, and accounts for what it dropped.

Start with `spywire demo`, or `spywire init` and `spywire crawl`.
"""
app = typer.Typer(
    name="spywire", help=HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)
digests = typer.Typer(help="What a team reads in the morning.", no_args_is_help=True)
configs = typer.Typer(help="The settings in force.", no_args_is_help=True)
app.add_typer(digests, name="digest")
app.add_typer(configs, name="config")
app.add_typer(sources, name="sources")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
AsLines = Annotated[bool, typer.Option("--jsonl", help="JSON lines in on standard input, JSON lines out.")]
Target = Annotated[str, typer.Argument(metavar="[FILE|URL|-]", help="A file, a URL, or - for standard input.")]


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Settings, database and lock in one folder (also SPYWIRE_HOME).")
    ] = None,
) -> None:
    """Remember which home the command is for."""
    context.obj = home


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


@digests.command("preview")
def digest_preview(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="How far back: 90m, 24h, 7d, or a date.")] = "24h",
    form: Annotated[str, typer.Option("--format", help="text, html, markdown or json.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Show the digest of a window that ends now."""
    from jobs.catalogue import read_sources
    from jobs.digest.preview import preview
    from jobs.digest.render import Form, render

    if form not in list(Form):
        raise UsageError(f"there is no format {form}; there are {', '.join(Form)}")
    now = datetime.now(UTC)
    home, settings = home_of(context), configuration_of(context).settings
    sources = [source.name for source in read_sources(home.sources_file)]
    with opened_database(context) as database:
        edition = preview(database, settings, sources=sources, since=_since(since, now), until=now)
    text = render(edition, form)
    if out is None:
        say(text, end="")
    else:
        write_file(out, text)


@app.command()
def extract(
    context: typer.Context,
    target: Target = "-",
    url: Annotated[str | None, typer.Option(help="Where a file's page comes from.")] = None,
    as_json: AsJson = False,
    as_lines: AsLines = False,
) -> None:
    """HTML in, article out."""
    from crawler.assess import Assessment
    from jobs.crawl import manners
    from jobs.filters import article_json, extract_lines, extract_one, page_of
    from jobs.show import article_text

    if as_lines:
        with started_workers(context) as workers:
            leave(extract_lines(sys.stdin.buffer, workers))
    page = page_of(target, url=url, manners=manners(configuration_of(context).settings))
    with started_workers(context, processes=1) as workers:
        answer = extract_one(page, workers)
    if as_json:
        say(json.dumps(article_json(answer), ensure_ascii=False))
    elif not isinstance(answer, Assessment):
        say(article_text(answer))
    if isinstance(answer, Assessment):
        complain(f"{target}: {answer.state}: {answer.reason}")
        leave(Exit.PARTIAL)


@app.command()
def judge(context: typer.Context, target: Target = "-", as_json: AsJson = False, as_lines: AsLines = False) -> None:
    """Text in, verdict out. HTML is extracted first."""
    from crawler import assess
    from jobs.crawl import gate, manners
    from jobs.filters import article_of, judge_lines, page_of, verdict_json
    from jobs.show import verdict_text
    from storage.archive import NO_MODEL

    if as_lines:
        with started_workers(context) as workers:
            leave(judge_lines(sys.stdin.buffer, workers))
    settings = configuration_of(context).settings
    page = page_of(target, url=None, manners=manners(settings))
    with started_workers(context, processes=1) as workers:
        article = article_of(page, workers)
    if isinstance(article, assess.Assessment):
        complain(f"{target}: {article.state}: {article.reason}")
        leave(Exit.PARTIAL)
    verdict = assess.judge(article, assess.load_model(gate(settings).model))
    say(json.dumps(verdict_json(verdict), ensure_ascii=False) if as_json else verdict_text(article, verdict))
    leave(Exit.CONFIG if verdict.model == NO_MODEL else Exit.OK)


@app.command()
def why(context: typer.Context, url: Annotated[str, typer.Argument(help="A link.")], as_json: AsJson = False) -> None:
    """The story of a link: who discovered it, when it was fetched, and why it is, or is not, in the digest."""
    from crawler.urls import url_key
    from jobs.why import history_json, history_text
    from storage.ledger import Ledger

    try:
        key = url_key(url)
    except ValueError as error:
        raise UsageError(f"{url} is not a link: {error}") from error
    with database_if_any(context) as database:
        history = Ledger(database).history(key) if database else None
    if history is None:
        complain(f"{url} was never seen: no source has offered it")
        leave(Exit.PARTIAL)
    say(json.dumps(history_json(history), ensure_ascii=False) if as_json else history_text(history))


@app.command()
def train(
    corpus: Annotated[list[Path], typer.Option(help="Labelled documents to learn from (.jsonl, .jsonl.xz).")],
    dev: Annotated[list[Path], typer.Option(help="Labelled documents to choose the thresholds on.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the model is written.")],
    seed: Annotated[int, typer.Option(help="The same seed and corpus give the same bytes.")] = 0,
) -> None:
    """Fit a model. Needs the extra `train`."""
    from jobs.training import run_training

    say(run_training(corpus, dev, out, seed=seed, progress=complain))


@app.command()
def evaluate(
    context: typer.Context,
    corpus: Annotated[list[Path], typer.Option(help="Labelled documents (.jsonl, .jsonl.xz).")],
    as_json: AsJson = False,
) -> None:
    """Score the model in force on labelled documents."""
    from jobs.crawl import gate
    from jobs.training import run_evaluation

    say(run_evaluation(gate(configuration_of(context).settings).model, corpus, as_json=as_json))


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


def _demo_home(context: typer.Context) -> Home:
    if context.obj is not None:
        return home_of(context)
    folder = find_home(None, {}).data / "demo"
    return Home(config=folder, data=folder, state=folder)


def _since(text: str, now: datetime) -> datetime:
    span = re.fullmatch(r"(\d{1,6})\s*([mhd])", text.strip())
    try:
        if span:
            return now - timedelta(minutes=int(span[1]) * {"m": 1, "h": 60, "d": 1440}[span[2]])
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--since {text} is neither a span such as 24h or 7d nor a date such as 2026-11-21") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at >= now:
        raise UsageError(f"--since {text} lies in the future")
    return at


def _note_failures(report: CrawlReport) -> None:
    for poll in report.failed:
        complain(f"source {poll.source}: {poll.state}" + (f": {poll.detail}" if poll.detail else ""))
    for message in report.troubles.values():
        complain(message)
