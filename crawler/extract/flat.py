"""The prose of a page that is too large or too deep for a tree: no structure, linear in time."""

from __future__ import annotations

import re
from html import unescape

from crawler.extract.residue import weight
from crawler.text import clean_text

MAX_SOURCE = 4_000_000  # code points; what lies beyond is not read
PARAGRAPH = 80  # weight
SENTENCE = 40
SHORTEST = SENTENCE // 3  # code points of a sentence, each an ideograph

_BREAK = re.compile(
    r"</?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|section|article|header|footer|main|aside|nav|form|"
    r"blockquote|figure|figcaption|pre|title|body|head|option|button)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_BODY = re.compile(r"<body\b", re.IGNORECASE)
_SENTENCE_END = (".", "!", "?", "。", "”", "؟", "।", '"')


def flat_text(source: str) -> str:
    """The lines of a page that read like sentences, without markup, in their order."""
    body = _BODY.search(source)
    source = source[body.start() if body else 0 :][:MAX_SOURCE]
    plain = clean_text(unescape(_TAG.sub("", _BREAK.sub("\n", source.replace("\n", " ")))))
    return "\n".join(line for line in plain.split("\n") if _is_prose(line))


def _is_prose(line: str) -> bool:
    if len(line) < SHORTEST:  # cheap, for the page of a million cells
        return False
    size = weight(line)
    return size >= PARAGRAPH or (size >= SENTENCE and line.endswith(_SENTENCE_END))
