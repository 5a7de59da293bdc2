"""`spywire extract` and `judge`: a page or text in, an article or verdict out; nothing is stored."""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.options import AsJson
from jobs.exits import Exit
from jobs.terminal import (
    complain,
    configuration_of,
    gate_of,
    known_hosts,
    leave,
    say,
    started_workers,
)

if TYPE_CHECKING:
    from crawler.page import Page

app = typer.Typer()

AsLines = Annotated[bool, typer.Option("--jsonl", help="JSON lines in on standard input, JSON lines out.")]
Target = Annotated[str, typer.Argument(metavar="[FILE|URL|-]", help="A file, a URL, or - for standard input.")]


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
    from jobs.filters import article_json, extract_lines, extract_one, page_of
    from jobs.show import article_text

    if as_lines:
        with started_workers(context, judging=False) as workers:
            leave(extract_lines(sys.stdin.buffer, workers))
    page = page_of(target, url=url, fetched=partial(_fetched, context))
    with started_workers(context, processes=1, judging=False) as workers:
        answer = extract_one(page, workers)
    if as_json:
        say(json.dumps(article_json(answer), ensure_ascii=False))
    elif not isinstance(answer, Assessment):
        say(article_text(answer))
    if isinstance(answer, Assessment):
        complain(f"{target}: {answer.state}: {answer.reason}")
        leave(Exit.PARTIAL)


@app.command()
def judge(
    context: typer.Context,
    target: Target = "-",
    as_json: AsJson = False,
    as_lines: AsLines = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show the text with what pushed the verdict.")] = False,
) -> None:
    """Text in, verdict out. HTML is extracted first."""
    from crawler import assess
    from jobs.explain import colourful, explained
    from jobs.filters import article_of, judge_lines, page_of, verdict_json
    from jobs.show import verdict_text
    from storage.archive import NO_MODEL

    if as_lines:
        with started_workers(context) as workers:
            leave(judge_lines(sys.stdin.buffer, workers))
    page = page_of(target, url=None, fetched=partial(_fetched, context))
    with started_workers(context, processes=1, judging=False) as workers:
        article = article_of(page, workers)
    if isinstance(article, assess.Assessment):
        complain(f"{target}: {article.state}: {article.reason}")
        leave(Exit.PARTIAL)
    verdict = assess.judge(article, assess.load_model(gate_of(context).model))
    if as_json:
        say(json.dumps(verdict_json(verdict), ensure_ascii=False))
    elif explain:
        say(explained(article, verdict, colour=colourful(sys.stdout, os.environ)))
    else:
        say(verdict_text(article, verdict))
    leave(Exit.CONFIG if verdict.model == NO_MODEL else Exit.OK)


def _fetched(context: typer.Context, url: str) -> Page:
    from crawler.run import fetch
    from jobs.crawl import manners

    with known_hosts(context) as hosts:
        return fetch(url, manners=manners(configuration_of(context).settings), hosts=hosts)
