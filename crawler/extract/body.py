"""The text of an article: one paragraph per line, nothing of the page around it."""

from __future__ import annotations

import logging
import re
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.extract.flat import flat_text
from crawler.extract.residue import weight
from crawler.extract.surroundings import cut_surroundings
from crawler.text import clean_line

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from crawler.extract.markup import Markup

_TAG = re.compile(r"<[^<>]*>")
_BLOCK_END = re.compile(r"</(?:p|div|h\d|li|blockquote|section|tr)\s*>|<br\s*/?>", re.IGNORECASE)

TOO_SHORT = 250  # code points; below, an article was hardly found
PROSE_LINE = 60  # weight of a line that is a paragraph and no menu entry
MOSTLY = 0.6
PROMISE = 0.25  # of a page's prose that an article must hold to be believed at once
HARDLY = 0.2
MAX_SEARCHED = 6_000  # elements; justext is quadratic in paragraphs, and takes 10 s for 18,000
DUMP_LINES = 10  # in a single element: the whole page as one paragraph


class _Reading(NamedTuple):
    text: str
    dumped: bool = False  # it is all of the page, because no article was found in it


def read_body(markup: Markup, url: str, *, prose: int, declared: str | None = None) -> str:
    """The article's paragraphs, clean, one per line; empty when there are none. Uses up the page's tree.

    The tree is one whose surroundings were cut. The extractor's own rules find the article in most pages. Where they
    found much less than the page's `prose` outside of links (code points) or the `declared` body (`articleBody`, maybe
    with markup) promise, its whole cascade runs, four times as slow; then again on the page with its surroundings; and
    in the end every sentence of the page is taken.
    """
    declared = _rendered(declared) if declared else ""
    promised = max(prose, len(declared))
    reading = _found(markup.tree)
    if reading.dumped or len(reading.text) < TOO_SHORT or _prose(reading.text) < PROMISE * promised:
        reading = _better(reading, _searched(cut_surroundings(markup.reparsed(), url)))
    if len(reading.text) < HARDLY * promised:
        reading = _better(reading, _searched(markup.reparsed()))
    if _prose(reading.text) < MOSTLY * len(declared) or (reading.dumped and _better_said(declared, reading.text)):
        return declared
    return reading.text if len(reading.text) >= HARDLY * promised else flat_text(markup.source)


def _better(first: _Reading, second: _Reading) -> _Reading:
    """The second reading, unless it has clearly less prose."""
    return second if _prose(second.text) > MOSTLY * _prose(first.text) else first


def _found(tree: HtmlElement) -> _Reading:
    """What the extractor's rules find. `bare_extraction` finds the same and copies the tree five times on the way."""
    from trafilatura.htmlprocessing import convert_tags, tree_cleaning
    from trafilatura.main_extractor import extract_content
    from trafilatura.xml import xmltotxt

    options = _options(fast=True)
    body, _ = extract_content(convert_tags(tree_cleaning(tree, options), options), options)
    return _reading(xmltotxt(body, include_formatting=False), len(body))


def _better_said(declared: str, dumped: str) -> bool:
    """The declared body has paragraphs, or it is much shorter than all of the page."""
    return bool(declared) and ("\n" in declared or len(declared) < MOSTLY * len(dumped))


def _searched(tree: HtmlElement) -> _Reading:
    """What the whole cascade finds: the rules, readability, justext, all text."""
    from trafilatura import bare_extraction

    if tree.xpath("count(.//*)") > MAX_SEARCHED:
        return _Reading("")
    document: Any = bare_extraction(tree, options=_options(fast=False))
    return _reading(document.text or "", len(document.body)) if document else _Reading("")


def _reading(text: str, elements: int) -> _Reading:
    return _Reading(_lines(text), elements == 1 and text.count("\n") > DUMP_LINES)


def _lines(text: str) -> str:
    return "\n".join(line for raw in text.splitlines() if (line := clean_line(raw, limit=len(raw) + 1)))


@cache
def _options(*, fast: bool) -> Any:
    from trafilatura.settings import Extractor

    # What it could not read is told by what it returns.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return Extractor(output_format="python", comments=False, fast=fast)


def _prose(text: str) -> int:
    """Code points in lines that are long enough to be paragraphs."""
    return sum(len(line) for line in text.split("\n") if weight(line) >= PROSE_LINE)


def _rendered(markup: str) -> str:
    """The text of a string that may be HTML."""
    if "<" not in markup and "&" not in markup:
        return _lines(markup)
    plain = _TAG.sub("", _BLOCK_END.sub("\n", unescape(markup)))
    return _lines(unescape(plain))
