"""HTML that stands where text is expected: in titles, summaries and bylines of feeds."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from crawler.text import clean_line, is_clean

LONGEST_FIELD = 10_000  # code points of markup looked at; what follows cannot matter for a title or a summary

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)(?:\s[^<>]*|/)?>|<!--.*?(?:-->|$)|<[!?][^<>]*>", re.DOTALL)
_INLINE = frozenset(
    "a abbr b bdi bdo cite code dfn em font i kbd mark q s samp small span strong sub sup tt u var wbr".split()
)
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")  # as `unescape` finds them
_BATCH = 32  # tags: about as many as a summary has
_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg"})


def plain(markup: str, *, limit: int = 500) -> str:
    """The visible text of `markup` on one clean line: no tags, no scripts, entities read once.

    A lone `<` is text. Not a sanitiser: what comes out still has to be escaped where it is shown.
    """
    text = markup[:LONGEST_FIELD]
    if "<" in text or len(text) > limit:
        return _cut(text, limit)
    if "&" in text:
        text = _unescaped(text)
    return text if is_clean(text) else clean_line(text, limit=limit)


def _cut(markup: str, limit: int) -> str:
    """`plain` for long texts and those with tags, without a look at what will be cut off."""
    enough = limit + limit // 2
    text = _without_tags(markup, enough)
    if len(text) > enough:
        # A space ends every entity and every letter: what stands before it reads the same, whatever follows.
        beginning = clean_line(_unescaped(text[: max(text.rfind(" ", 0, enough), 0)]), limit=enough)
        if len(beginning) > limit:
            return clean_line(beginning, limit=limit)
        text = _without_tags(markup, LONGEST_FIELD)
    return clean_line(_unescaped(text), limit=limit)


def _unescaped(text: str) -> str:
    """`html.unescape`, twice as fast: a feed has few characters that are written in another way."""
    if text.count("&") == text.count("&amp;"):
        return text.replace("&amp;", "&")
    return _REFERENCE.sub(_character, text)


def _character(reference: re.Match[str]) -> str:
    return _read(reference[0])


_read = lru_cache(maxsize=512)(unescape)


def _without_tags(markup: str, enough: int) -> str:
    """The text between the tags: all of it, or a beginning that is longer than `enough` code points."""
    kept: list[str] = []
    silent, size = "", 0
    while size <= enough:
        *parts, markup = _TAG.split(markup, maxsplit=_BATCH)
        for text, slash, tag in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            name = (tag or "").lower()
            if silent:
                silent = "" if slash and name == silent else silent
                continue
            kept += (text, "" if name in _INLINE else " ")
            silent = name if name in _SILENT and not slash else ""
            size += len(text)
        if len(parts) < 3 * _BATCH:
            return "".join(kept) if silent else "".join((*kept, markup))
    return "".join(kept)
