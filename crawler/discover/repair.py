"""XML from people who do not know XML: parsed as it stands if it can be, mended if not, in pieces at the worst.

Nothing is read from outside the document and no entity is expanded: the DOCTYPE is cut off before libxml2 sees it, and
HTML's named characters, which feeds use without declaring them, are put in by us.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from html.entities import html5
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

_ASIDE = re.compile(r"\s+|<\?[^<>]*>|<!--.*?-->", re.DOTALL)  # what may stand before a DOCTYPE
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[<>]*(?:\[(?:[^\]\"'<]|\"[^\"]*\"|'[^']*'|<[^>]*>)*\]\s*)?>", re.IGNORECASE)
_PLAIN_START = re.compile(rb"(?:<\?[^<>]*\?>\s*)*+<[A-Za-z]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, 2.2
_REFERENCE = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(#?\w{0,32};?)", re.DOTALL)
_XML_NAMES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_NUMBER = re.compile(r"&#(?:x0*([0-9a-f]+)|0*(\d+));?", re.IGNORECASE)
_MOST_DIGITS = 7
_NOTHING = " "  # not "", which could join two halves of another forbidden number
_LONGEST_ROOT = 10_000  # code points of namespace declarations, which every piece repeats


class Grammar(NamedTuple):
    """What a document is a list of, as it is written: its root, and the beginning and end of each part."""

    root: re.Pattern[str]
    root_end: re.Pattern[str]
    start: re.Pattern[str]
    end: re.Pattern[str]
    most_pieces: int  # that are parsed alone


def grammar(roots: str, parts: str, *, most_pieces: int) -> Grammar:
    """The grammar of documents whose root and parts have one of these names, separated by `|`."""
    prefix = r"(?:[A-Za-z_][\w.-]*:)?"
    return Grammar(
        root=re.compile(rf"<{prefix}(?:{roots})\b[^<>]*>", re.IGNORECASE),
        root_end=re.compile(rf"</{prefix}(?:{roots})\s*>", re.IGNORECASE),
        start=re.compile(rf"<{prefix}(?:{parts})[\s/>]", re.IGNORECASE),
        end=re.compile(rf"</{prefix}(?:{parts})\s*>", re.IGNORECASE),
        most_pieces=most_pieces,
    )


FEED = grammar("rss|rdf|feed|channel", "item|entry", most_pieces=20_000)


def without_doctype(text: str) -> str:
    """The document from its root on: no prolog, no leading comments, no DOCTYPE."""
    position = 0
    while match := _ASIDE.match(text, position) or _DOCTYPE.match(text, position):
        position = match.end()
    return text[position:]


def starts_plainly(xml: bytes) -> bool:
    """Nothing stands before the root that has to be cut off: no DOCTYPE, no comment, no junk."""
    return bool(_PLAIN_START.match(xml))


def parse_strict(xml: bytes) -> _Element | None:
    """The root of a well-formed document in UTF-8, whatever its prolog claims; None if it is not."""
    try:
        return etree.fromstring(xml, _parser(recover=False))
    except etree.XMLSyntaxError:
        return None


def parse_mended(text: str) -> _Element | None:
    """What libxml2 can make of the document after bare ampersands and HTML's entities are put right."""
    return _recover(mended(text))


def parse_in_pieces(text: str, written: Grammar = FEED) -> Iterator[_Element]:
    """A root for each item, parsed alone: an item that is broken takes nothing else with it."""
    text = mended(text)
    root = written.root.search(text)
    opening = root[0].rstrip("/>") + ">" if root and len(root[0]) <= _LONGEST_ROOT else "<rss>"
    starts = [match.start() for match in islice(written.start.finditer(text), written.most_pieces)]
    for start, stop in pairwise([*starts, len(text)]):
        end = written.end.search(text, start, stop)
        piece = _recover(opening + text[start : end.end() if end else stop])
        if piece is not None:
            yield piece


def count_items(text: str) -> int:
    """How many items or entries the document opens, readable or not."""
    return sum(1 for _ in FEED.start.finditer(text))


def _recover(text: str) -> _Element | None:
    try:
        return etree.fromstring(text.encode(), _parser(recover=True))
    except etree.XMLSyntaxError:
        return None


@cache
def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _allowed(text: str) -> str:
    """The text without the characters that XML forbids, be they written out or as numbers.

    libxml2 lets some of the numbers pass when it recovers, and lxml then fails on them.
    """
    return _NUMBER.sub(_allowed_number, _FORBIDDEN.sub("", text))


def mended(text: str) -> str:
    """The text with what XML forbids left out, bare ampersands escaped, and HTML's named characters put in."""
    text = _allowed(text)
    return _REFERENCE.sub(_mend, text) if "&" in text else text


def _mend(match: re.Match[str]) -> str:
    name = match[1]
    if name is None or name in _XML_NAMES:  # a CDATA section, or in order
        return match[0]
    if name.startswith("#") and name.endswith(";"):  # `_allowed` has seen it
        return match[0]
    character = html5.get(name) if name.endswith(";") else None
    return character if character and character not in "<>&\"'" else f"&amp;{name}"


def _allowed_number(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    if len(digits) > _MOST_DIGITS:
        return _NOTHING
    code = int(digits, 16 if match[1] else 10)
    return match[0] if code <= sys.maxunicode and not _FORBIDDEN.match(chr(code)) else _NOTHING
