"""HTML that stands where text is expected: in titles, summaries and bylines of feeds."""

from __future__ import annotations

import re
from html import unescape
from unicodedata import is_normalized

from crawler.text import clean_line

LONGEST_FIELD = 10_000  # code points of markup looked at; what follows cannot matter for a title or a summary

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)(?:\s[^<>]*|/)?>|<!--.*?(?:-->|$)|<[!?][^<>]*>", re.DOTALL)
_INLINE = frozenset(
    "a abbr b bdi bdo cite code dfn em font i kbd mark q s samp small span strong sub sup tt u var wbr".split()
)
_BLANK_LETTER = re.compile("[\u3164\uffa0]")  # printable to Unicode, invisible to people
_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg"})


def plain(markup: str, *, limit: int = 500) -> str:
    """The visible text of `markup` on one clean line: no tags, no scripts, entities read once.

    A lone `<` is text. Not a sanitiser: what comes out still has to be escaped where it is shown.
    """
    markup = markup[:LONGEST_FIELD]
    if "<" in markup:
        markup = _without_tags(markup)
    if "&" in markup:
        markup = unescape(markup)
    return markup if _clean(markup, limit) else clean_line(markup, limit=limit)


def _clean(text: str, limit: int) -> bool:
    """`clean_line` would change nothing: true of most titles, and ten times cheaper to see than to do."""
    return (
        len(text) <= limit
        and text.isprintable()
        and "  " not in text
        and text[:1] != " " != text[-1:]
        and (text.isascii() or (is_normalized("NFC", text) and not _BLANK_LETTER.search(text)))
    )


def _without_tags(markup: str) -> str:
    kept: list[str] = []
    silent, start = "", 0
    for tag in _TAG.finditer(markup):
        name = (tag[2] or "").lower()
        if not silent:
            kept += (markup[start : tag.start()], "" if name in _INLINE else " ")
        start = tag.end()
        if name in _SILENT and not silent and not tag[1]:
            silent = name
        elif name == silent and tag[1]:
            silent = ""
    if not silent:
        kept.append(markup[start:])
    return "".join(kept)
