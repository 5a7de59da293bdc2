"""How text is cut into the tokens that the search index holds: the same for every database, and for every query.

A token is a run of letters and digits without case, accents or width (NFKC, NFD without marks). Scripts that are
written without spaces give overlapping pairs of characters instead.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKS = (  # Latin, Hebrew, Arabic, Devanagari, Thai
    "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
UNSPACED = (
    "\u0e00-\u0e4f\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003fffd"
)
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{MARKS}])*")
_PLAIN = re.compile(r"[a-z0-9]+")
_PART = re.compile(rf"[{UNSPACED}]+|[^{UNSPACED}]+")
_UNSPACED = re.compile(rf"[{UNSPACED}]")
LONGEST = 60  # characters of one token; what is longer is no word


def tokens(text: str) -> list[str]:
    """The tokens of a text, in order."""
    if text.isascii():
        return [word[:LONGEST] for word in _PLAIN.findall(text.lower())]
    return [token for word in _WORD.findall(text) for token in _cut(word)]


def placed(text: str) -> Iterator[tuple[str, int, int]]:
    """Each token with its place in the text, in code points; of its word, where folding changes the length."""
    for match in _WORD.finditer(text):
        word, start = match.group(), match.start()
        exact = len(folded(word)) == len(word)
        at = start
        for token in _cut(word):
            yield (token, at, at + len(token)) if exact else (token, start, match.end())
            at += 1 if paired(token) and len(token) > 1 and at + len(token) < match.end() else len(token)


def folded(text: str) -> str:
    """The text without case, accents and width."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(sign for sign in bare if unicodedata.category(sign) != "Mn"))


def paired(token: str) -> bool:
    """Whether the token belongs to a script without spaces, where a lone character is the beginning of pairs."""
    return _UNSPACED.match(token) is not None


def _cut(word: str) -> Iterator[str]:
    if word.isascii():
        yield word.lower()[:LONGEST]
        return
    plain = folded(word)
    if not _UNSPACED.search(plain):
        yield from (piece[:LONGEST] for piece in _WORD.findall(plain))
        return
    for piece in _WORD.findall(plain):
        for part in _PART.findall(piece):
            if paired(part) and len(part) > 1:
                yield from (part[at : at + 2] for at in range(len(part) - 1))
            else:
                yield part[:LONGEST]
