"""The text of an article: one paragraph per line, nothing of the page around it."""

from __future__ import annotations

import logging
import re
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any

from crawler.extract.markup import text_length
from crawler.extract.residue import weight
from crawler.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.html import HtmlElement

_TAG = re.compile(r"<[^<>]*>")
_BLOCK_END = re.compile(r"</(?:p|div|h\d|li|blockquote|section|tr)\s*>|<br\s*/?>", re.IGNORECASE)

TOO_SHORT = 600  # code points; below, the fast pass is likely to have missed the article: 2 % of pages
PROSE_LINE = 60  # weight of a line that is a paragraph and no menu entry
MOSTLY = 0.6
PROSE_SHARE = 0.4
HARDLY = 0.2
NEARLY = 0.8
PROMISE = 0.3  # of the text outside of links that an article must hold to be believed at once
DUMP_LINES = 10  # in a single element: the last resort takes the whole body as one paragraph


def read_body(tree: HtmlElement, *, uncut: Callable[[], HtmlElement], declared: str | None = None) -> str:
    """The article's paragraphs, clean, one per line; empty when there are none. Leaves `tree` as it is.

    A fast pass reads the article in most pages. Where it found much less than the page's text outside of links or the
    `declared` body (`articleBody`, maybe with markup) promise, the full cascade runs, twice as slow; where that fails
    too, it runs again on the page as it was before its surroundings were cut.
    """
    declared = _rendered(declared) if declared else ""
    promised = max(_unlinked(tree), len(declared))
    text, dumped = _extracted(tree, fast=True)
    if dumped or _falls_short(text, promised):
        text, dumped = _better((text, dumped), _extracted(tree, fast=False))
    if len(text) < HARDLY * promised:
        text, dumped = _better((text, dumped), _extracted(uncut(), fast=False))
    return declared if _prose(text) < MOSTLY * len(declared) or (declared and dumped) else text


def _falls_short(text: str, promised: int) -> bool:
    """The text is much less than the page promises, hardly prose, or short where there is more to be had."""
    length = len(text)
    expected = NEARLY if length < TOO_SHORT else PROMISE
    return length < expected * promised or _prose(text) < PROSE_SHARE * length


def _better(first: tuple[str, bool], second: tuple[str, bool]) -> tuple[str, bool]:
    """The second reading, unless it has clearly less prose."""
    return second if _prose(second[0]) > MOSTLY * _prose(first[0]) else first


def _extracted(tree: HtmlElement, *, fast: bool) -> tuple[str, bool]:
    """The text, and whether it is all of the page because no article was found in it."""
    from trafilatura import bare_extraction

    document: Any = bare_extraction(tree, options=_options(fast=fast))
    if document is None:
        return "", False
    return _lines(document.text or ""), len(document.body) == 1 and (document.text or "").count("\n") > DUMP_LINES


def _lines(text: str) -> str:
    return "\n".join(line for line in clean_text(text).split("\n") if line)


@cache
def _options(*, fast: bool) -> Any:
    from trafilatura.settings import Extractor

    # What it could not read is told by what it returns.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    options = Extractor(output_format="python", fast=fast, comments=False)
    if fast:
        # Any word but "balanced", "precision" and "recall" leaves out the comparison with the text of the whole page,
        # a sixth of the time; `read_body` compares by itself.
        options.focus = "plain"
    return options


def _prose(text: str) -> int:
    """Code points in lines that are long enough to be paragraphs."""
    return sum(len(line) for line in text.split("\n") if weight(line) >= PROSE_LINE)


def _rendered(markup: str) -> str:
    """The text of a string that may be HTML."""
    if "<" not in markup and "&" not in markup:
        return _lines(markup)
    plain = _TAG.sub("", _BLOCK_END.sub("\n", unescape(markup)))
    return _lines(unescape(plain))


def _unlinked(tree: HtmlElement) -> int:
    """Code points of a page's text outside of links."""
    body = tree.find(".//body")
    return text_length(tree if body is None else body) - sum(map(text_length, tree.iter("a")))
