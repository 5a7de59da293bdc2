"""Pages that are large, deep or killed: every one ends in a result or in a named way, and the next one is unharmed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler import preload
from crawler.assess import assess
from crawler.classify.model import PACKAGED
from crawler.errors import NotAnArticleError, UnextractableError
from crawler.extract import described, extract
from crawler.extract.described import HEAD
from crawler.page import Page
from crawler.workers import Workers, loaded
from storage.records import Extent, LinkState

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TITLE = "The tower keeps its leaning clock"
SUMMARY = "The clock of the town hall leans by four degrees, and after a long debate the council has decided to let it."
LINE = "The clock leans a little more each winter, and the children set their watches by it none the less, he said."
P = f"<p>{LINE}</p>"
START = f'<html><head><title>{TITLE}</title><meta name="description" content="{SUMMARY}"></head><body>'
HEADLINE = "<h2><a href='/a'>A headline that leads to another story</a></h2>"
PAGES = {
    "blocks in blocks": START + "<div class=article-body>" * 240 + P * 500,
    "more than a parser goes down": START + "<div>" * 100_000 + P,
    "a table for each paragraph": START + f"<table><tr><td>{P * 3}</td></tr></table>" * 1500,
    "tables in tables": START + "<table><tr><td>" * 120 + P * 500,
    "a thousand cards": START + f"<div>{HEADLINE}</div>" * 3000 + P * 5,
    "cards after much else": START + "<div>" + "<i>a</i>" * 9000 + HEADLINE * 3000 + P * 5,
    "lists in lists": START + "<ul><li>" * 120 + P * 50,
    "a thousand bodies": START + f"<div class=story-body>{P * 2}</div>" * 1500,
    "a class of its own for each block": START + "".join(f"<div class='x{n}'>{P}</div>" for n in range(2000)),
    "prices without an end": START + "$ < " * 300_000 + P * 5,
    "lines that nearly match": START + f"<p>{' contribut' * 19}</p>" * 2000,
    "one line": START + "<p>" + "x" * 2_000_000,
    "calls without a number": START + "<div>Read more: a line that is longer than forty letters</div>" * 9000,
}


def page(body: str, url: str = "https://www.example.org/2026/05/17/the-clock") -> Page:
    return Page(url=url, body=body.encode(), fetched_at=NOW)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.timeout(20)
def test_a_large_page_ends_in_a_text_or_in_a_named_error(name: str) -> None:
    try:
        article = extract(page(PAGES[name]))
    except (NotAnArticleError, UnextractableError):
        return
    assert article.title == TITLE
    assert len(article.text) <= 300_000


def test_a_page_of_many_paragraphs_keeps_them() -> None:
    lines = extract(page(START + f"<article>{P * 2000}</article>")).text.split("\n")
    assert len(lines) > 1000
    assert set(lines[:-1]) == {LINE}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(PACKAGED, processes=1, deadline=20, memory_mb=1024) as workers:
        yield workers


def test_the_page_after_a_hostile_one_is_unharmed(workers: Workers) -> None:
    names = ("a table for each paragraph", "more than a parser goes down")
    hostile = [workers.assess(page(PAGES[name])) for name in names]
    fair = workers.assess(page(f"{START}<article>{P}{SUMMARY}</article>"))
    assert all(future.result().state in LinkState for future in hostile)
    assert fair.result().state is LinkState.REJECTED


def test_the_page_that_warms_the_workers_goes_all_the_way() -> None:
    warming = Page(url=preload.URL, body=preload.HTML, fetched_at=NOW)
    assert assess(warming, loaded(PACKAGED)).state is LinkState.REJECTED


def test_a_killed_page_is_told_by_its_head() -> None:
    article = described(page(START + "<div>" * 3_000_000))
    assert article is not None
    assert (article.title, article.text, article.extent) == (TITLE, SUMMARY, Extent.SUMMARY)


def test_styles_before_the_description_are_no_hindrance() -> None:
    styles = f"<style>{'.a{color:red}' * 15_000}</style>"
    article = described(page(START.replace("<title>", f"{styles}<title>")))
    assert article is not None
    assert article.text == SUMMARY


@pytest.mark.parametrize(
    "body",
    [
        START.replace(TITLE, ""),
        START.replace(SUMMARY, "Too short"),
        START.replace("<title>", f"<!--{'-' * HEAD}--><title>"),
        "<" * HEAD,
        "<meta " * 50_000,
        "",
    ],
)
def test_what_says_nothing_of_itself_is_not_described(body: str) -> None:
    assert described(page(body)) is None
