"""What stands around an article is cut by structure, and what belongs to it stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.extract import extract
from crawler.page import Page

URL = "https://www.example.org/2026/05/17/the-ferry-is-back"
TITLE = "The ferry is back on the river"
TEXT = [
    "The ferry between the two halves of the town runs again, four years after the ice had crushed its hull.",
    "The council paid a third of the repairs, and the rest came from a lottery that the bakers had organised.",
    "Old tickets are valid, said the captain, who has kept a drawer of them since the day of the accident.",
    "On Sunday nobody pays, and the band of the fire brigade plays on the upper deck until the sun goes down.",
]
OTHERS = [
    "Bridge closed for painting until the end of June",
    "Market moves to the old station for the summer",
    "School choir wins the prize of the province again",
]


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def read(body: str) -> list[str]:
    source = f"<html><head><title>{TITLE}</title></head><body>{body}</body></html>"
    page = Page(url=URL, body=source.encode(), fetched_at=datetime(2026, 6, 1, tzinfo=UTC))
    return extract(page).text.split("\n")


def article(*parts: str) -> str:
    return f"<article><h1>{TITLE}</h1>{''.join(parts)}</article>"


def linked(text: str, href: str = "/2026/05/another") -> str:
    return f'<a href="{href}">{text}</a>'


@pytest.mark.parametrize(
    "pointer",
    [
        f"<p>Read also: {linked(OTHERS[0])}</p>",
        f"<p><strong>Lue myös</strong> » {linked(OTHERS[0])}</p>",
        f"<p>FUNDA FUTHI | {linked(OTHERS[0])}</p>",
        f"<h3>{linked(OTHERS[0].upper())}</h3>",
        f"<p>{linked(OTHERS[0].upper())}</p>",
        f"<ul>{''.join(f'<li>{linked(other)}</li>' for other in OTHERS)}</ul>",
        f"<ul>{''.join(f'<li><b>Town:</b> {linked(other)}</li>' for other in OTHERS)}</ul>",
        f'<div class="grid">{"".join(f"<div><h3>{linked(o)}</h3><p>What happened.</p></div>" for o in OTHERS)}</div>',
        f'<section id="most-read">{"".join(f"<p>{linked(other)}</p>" for other in OTHERS)}</section>',
        "<div class='comments'>" + paragraphs(*[f"{number}: {TEXT[0]}" for number in range(40)]) + "</div>",
    ],
)
def test_headlines_of_other_stories_are_cut(pointer: str) -> None:
    assert read(article(paragraphs(*TEXT[:2]), pointer, paragraphs(*TEXT[2:]))) == TEXT


@pytest.mark.parametrize(
    "kept",
    [
        f"The report, called {linked('A river and its crossings', 'https://archive.example.com/r')}, is free to read.",
        f"All of it: {linked('the yearly report of the port authority', 'https://port.example.com/report')}",
        f"{linked('The council')} said so in a statement that it sent to the papers on Monday evening.",
    ],
)
def test_links_that_are_part_of_the_text_stay(kept: str) -> None:
    lines = read(article(paragraphs(*TEXT[:2], kept, *TEXT[2:])))
    assert len(lines) == len(TEXT) + 1


def test_a_list_in_the_text_stays_a_list() -> None:
    items = ["the hull, in two winters", "the engine, by hand", "the bell, which was never lost"]
    listed = f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    lines = read(article(paragraphs(*TEXT[:2]), listed, paragraphs(*TEXT[2:])))
    assert lines == [*TEXT[:2], *(f"- {item}" for item in items), *TEXT[2:]]


def test_a_quote_stays_where_it_was_said() -> None:
    assert read(article(paragraphs(*TEXT[:2]), f"<blockquote>{TEXT[2]}</blockquote>", paragraphs(TEXT[3]))) == TEXT


def test_a_table_of_figures_stays_in_its_rows() -> None:
    rows = "<tr><th>Year</th><th>Passengers</th></tr><tr><td>2021</td><td>40,000</td></tr>"
    lines = read(article(paragraphs(*TEXT), f"<table>{rows}</table>"))
    assert lines[: len(TEXT)] == TEXT
    assert [line.replace(" ", "") for line in lines[len(TEXT) :]] == ["|Year|Passengers|", "|2021|40,000|"]


def test_a_page_laid_out_with_tables_has_paragraphs() -> None:
    menu = "".join(f"<tr><td>{linked(name)}</td></tr>" for name in ("Home", "Town", "Sport"))
    body = f"<table><tr><td><table>{menu}</table></td><td><h1>{TITLE}</h1>{paragraphs(*TEXT)}</td></tr></table>"
    assert read(body) == TEXT


def test_lines_that_are_only_broken_are_paragraphs() -> None:
    broken = "<br><br>".join([TEXT[0].replace("ferry", "<b>ferry</b>"), *TEXT[1:]])
    assert read(f'<main><h1>{TITLE}</h1><article class="text">{broken}</article></main>') == TEXT


def test_a_body_in_pieces_is_read_whole() -> None:
    pieces = [f'<div class="story-body">{paragraphs(*TEXT[at : at + 2])}</div>' for at in (0, 2)]
    advert = '<div class="advert">Buy now</div>'
    assert read(f"<main><h1>{TITLE}</h1><div>{advert.join(pieces)}</div></main>") == TEXT


def test_the_bodies_of_two_stories_are_not_joined() -> None:
    first = f'<div><h1>{TITLE}</h1><div class="story-body">{paragraphs(*TEXT)}</div></div>'
    second = (
        f'<div><h2>{OTHERS[0]}</h2><div class="story-body">{paragraphs(*[f"Not here: {t}" for t in TEXT])}</div></div>'
    )
    assert read(f"<main>{first}{second}</main>") == TEXT


def test_words_for_screen_readers_are_not_read() -> None:
    hint = '<span class="visually-hidden">(opens in a new window)</span>'
    assert read(article(paragraphs(TEXT[0].replace("ferry", f"ferry{hint}"), *TEXT[1:]))) == TEXT
