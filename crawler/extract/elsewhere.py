"""Blocks that lead to other stories of the host: lists of headlines, cards, "Read also: ...". Known by their links."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.markup import text_length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

LINKED = 0.6  # share of a block's text that makes it a block of links, or of cards
WHOLLY = 0.9
MIN_ITEMS, MIN_CARDS = 2, 3
MIN_HEADLINE = 20  # code points
MAX_LABEL = 40
MAX_CARD = 400

_HEADINGS = ("h1", "h2", "h3", "h4", "h5")
_BOXES = {"div", "li", "article", "section", "a"}
_MARKS = (":", "|", "»", "›", ">", "→", "►", "▶", "：", "｜", "–", "—")


def leads_on(href: str | None, host: str) -> bool:
    """The address is another page of the same host."""
    if not href or href.startswith("#"):
        return False
    try:
        target = urlsplit(href).hostname
    except ValueError:
        return False
    return target is None or target.removeprefix("www.").endswith(host)


def linked(element: HtmlElement, length: int) -> float:
    """The share of an element's text, `length` code points, that is in links."""
    return sum(map(text_length, element.iter("a"))) / max(1, length)


def lists_stories(element: HtmlElement, host: str) -> bool:
    """Every item of a list is a headline with a link to another page."""
    items = [item for item in element.iterchildren("li") if text_length(item)]
    return len(items) >= MIN_ITEMS and all(_is_headline(item, host) or points_on(item, host) for item in items)


def points_on(element: HtmlElement, host: str) -> bool:
    """A label with its mark and one linked headline, "Read also: ..."; or a linked headline in capitals."""
    link = element.find(".//a")
    if link is None or not leads_on(link.get("href"), host):
        return False
    line, headline = _line(element), _line(link)
    if len(headline) < MIN_HEADLINE or not line.endswith(headline):
        return False
    label = line[: -len(headline)].rstrip()
    return label.endswith(_MARKS) and len(label) <= MAX_LABEL if label else headline.isupper()


def is_card(article: HtmlElement, _host: str) -> bool:
    """A small article inside another or beside it that is mostly one link."""
    length = text_length(article)
    return length <= MAX_CARD and (linked(article, length) > LINKED or article.getparent().tag == "a")


def card_rows(tree: HtmlElement, host: str) -> Iterator[list[HtmlElement]]:
    """Cards that stand in a row: boxes with a linked heading and hardly more, of which a block consists."""
    rows: dict[HtmlElement, list[HtmlElement]] = defaultdict(list)
    several: dict[HtmlElement, bool] = {}
    for heading in tree.iter(*_HEADINGS[1:]):
        if _is_linked(heading, host) and (card := _box_of(heading, several)) is not None:
            rows[card.getparent()].append(card)
    for row, cards in rows.items():
        sizes = [text_length(card) for card in cards]
        if len(cards) >= MIN_CARDS and max(sizes) <= MAX_CARD and sum(sizes) >= LINKED * text_length(row):
            yield cards


def _is_headline(item: HtmlElement, host: str) -> bool:
    length = text_length(item)
    links = (link for link in item.iter("a") if leads_on(link.get("href"), host))
    return length >= MIN_HEADLINE and sum(map(text_length, links)) >= WHOLLY * length


def _is_linked(heading: HtmlElement, host: str) -> bool:
    link = heading.find(".//a")
    link = next(heading.iterancestors("a"), None) if link is None else link
    return link is not None and leads_on(link.get("href"), host)


def _box_of(heading: HtmlElement, several: dict[HtmlElement, bool]) -> HtmlElement | None:
    """The largest box around a heading without another heading in it; `several` keeps which elements hold two."""
    box = None
    for above in heading.iterancestors():
        if above not in several:
            several[above] = len(list(islice(above.iter(*_HEADINGS), 2))) > 1
        if several[above]:
            break
        box = above if above.tag in _BOXES else box
    return box if box is not None and box.getparent() is not None else None


def _line(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())
