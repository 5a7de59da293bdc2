"""A page's tree put in order before its text is read: tables that only lay out, a body in pieces, text nobody sees."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.markup import text_length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

CELL = 800  # code points; a table's cell that holds more is a part of the page
CELL_PARAGRAPHS = 2
PIECE = 200  # code points
BREAKS = 2

_HOLDERS = ("div", "article", "section", "main")
_INLINE = set(
    "a abbr b bdi bdo big cite code del dfn em font i img ins kbd mark q s small span strong sub sup time tt u var "
    "wbr".split()
)
_PARTS = {"thead", "tbody", "tfoot", "tr", "th", "td"}
_PIECES = {"div", "section", "main"}
_FRAMES = {*_PIECES, "article"}
_HEADINGS = ("h1", "h2")
_BODY = re.compile(
    r"(?:article|story|post|entry|content|body|paywall)[\w-]*(?:body|content|text|chunk|paragraph)|\bbody",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"(?:^|\s)(?:visually-?hidden|sr-only|screen-?reader(?:-text|-only)?|tool-?tip\w*|hover-?card|popover|"
    r"rollover[\w-]*block)(?=$|\s)",
    re.IGNORECASE,
)


def unfold_tables(tree: HtmlElement) -> None:
    """Turn tables that only lay out a page into blocks."""
    for table in [table for table in tree.iter("table") if _only_lays_out(table)]:
        _unfold(table)


def wrap_lines(tree: HtmlElement) -> None:
    """Make paragraphs of the lines of blocks that divide their text by line breaks and nothing else."""
    for block in [block for block in tree.iter(*_HOLDERS) if len(block.findall("br")) >= BREAKS]:
        if len(block.text or "") + sum(len(child.tail or "") for child in block) >= PIECE:
            _wrap(block)


def drop_unseen(tree: HtmlElement) -> None:
    """Drop what paragraphs hold for screen readers and for hovering only."""
    for span in [span for span in tree.iter("span") if _is_unseen(span.get("class") or "")]:
        if span.getparent() is not None:
            span.drop_tree()


def frame_body(tree: HtmlElement) -> None:
    """Mark a body that stands in pieces as one: the extractor takes the first block that looks like a body."""
    for pieces in _pieces(tree):
        above = set(pieces[-1].iterancestors())
        frame = next(element for element in pieces[0].iterancestors() if element in above)
        if frame.tag in _FRAMES:
            frame.set("itemprop", "articleBody")


def _only_lays_out(table: HtmlElement) -> bool:
    """A cell of it is a page of its own."""
    return any(
        cell.find(".//table") is not None or len(cell.findall(".//p")) > CELL_PARAGRAPHS or text_length(cell) > CELL
        for cell in table.iterfind(".//td")
    )


def _unfold(table: HtmlElement) -> None:
    """Its rows and cells become blocks, those of tables in it do not."""
    table.tag = "div"
    for path in ("*", "*/*", "*/*/*"):
        for part in table.iterfind(path):
            part.tag = "div" if part.tag in _PARTS else part.tag


def _wrap(block: HtmlElement) -> None:
    parts, line = [], _line(block, block.text)
    for child in list(block):
        if child.tag in _INLINE:
            line.append(child)
            continue
        parts += [line] if child.tag == "br" else [line, child]
        line, child.tail = _line(block, child.tail), None
    block.text = None
    block[:] = [part for part in [*parts, line] if part.getparent() is not None or part.text_content().strip()]


def _line(block: HtmlElement, text: str | None) -> HtmlElement:
    line = block.makeelement("p")
    line.text = text
    return line


@lru_cache(maxsize=4096)  # a site repeats its class names on every page
def _is_unseen(name: str) -> bool:
    return _UNSEEN.search(name) is not None


def _pieces(tree: HtmlElement) -> Iterator[list[HtmlElement]]:
    """Blocks of one name, called like a body and with paragraphs, where no other story begins between them."""
    runs: dict[str, list[list[HtmlElement]]] = defaultdict(list)
    ends: dict[str, int] = {}
    begun = 0  # stories, as far as headings tell
    for element in tree.iter(*_FRAMES, *_HEADINGS):
        if element.tag not in _PIECES:
            begun += 1
        elif _is_body(name := element.get("class") or "") and _has_paragraphs(element):
            if begun > ends.get(name, -1):
                runs[name].append([])
            runs[name][-1].append(element)
            ends[name] = begun + sum(1 for _ in element.iter("article", *_HEADINGS))
    yield from (
        run for named in runs.values() for run in named if len(run) > 1 and run[0] not in run[1].iterancestors()
    )


@lru_cache(maxsize=4096)
def _is_body(name: str) -> bool:
    return _BODY.search(name) is not None


def _has_paragraphs(element: HtmlElement) -> bool:
    return element.find("p") is not None and text_length(element) >= PIECE
