"""Text cut into words that keep their case, with their places: linear, and most of it done by `str` itself.

The words are those of `crawler.classify.tokens`, but for case and numbers, which names need. Text in scripts without
spaces, and Arabic, whose words carry their article, is cut by those rules themselves.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, compress
from operator import add
from typing import TYPE_CHECKING

from crawler.classify.tokens import spans

if TYPE_CHECKING:
    from collections.abc import Sequence

# Punctuation becomes spaces one character at a time: `str.replace` costs nothing where there is none.
_PUNCTUATION = (
    ".,;:!?\"'()[]{}<>/\\|-_&%$#@*+=~`^\n\t\r’‘“”„‚«»‹›–—―‐‑‒…·•′″¿¡©®™°§\u00a0\u2009\u202f\u2007、。「」（），：；！？"
)
UNSPACED = re.compile(r"[؀-ۿ぀-ヿ㐀-鿿]")
_BREAK = re.compile(r"[^\w\s'’\-‑.]|[.。]\s|\n")


@dataclass(frozen=True)
class Cut:
    """Words with their places. A piece is a word, or empty where punctuation or a blank sets words apart."""

    pieces: Sequence[str]
    _widths: Sequence[int] | None = None  # of the pieces, where words are not written as they are listed
    _starts: Sequence[int] | None = None

    @cached_property
    def words(self) -> list[str]:
        """The pieces that are not empty."""
        return list(filter(None, self.pieces))

    @cached_property
    def index(self) -> list[int]:
        """Which piece each word is."""
        return list(compress(range(len(self.pieces)), self.pieces))

    @cached_property
    def ends(self) -> Sequence[int]:
        """Where each piece ends."""
        if self._starts is not None and self._widths is not None:
            return list(map(add, self._starts, self._widths))
        return list(map(add, accumulate(map(len, self.pieces)), range(len(self.pieces))))

    def start(self, piece: int) -> int:
        """Where a piece starts."""
        return self.ends[piece] - len(self.pieces[piece]) if self._starts is None else self._starts[piece]

    def at(self, offset: int) -> int:
        """The first piece that starts at an offset of the text or after it."""
        if self._starts is not None:
            return bisect_left(self._starts, offset)
        return bisect_left(self.ends, offset - 1) + 1 if offset > 0 else 0

    def starts(self, low: int, high: int) -> list[int]:
        """Where the pieces from one up to another start."""
        if self._starts is not None:
            return list(self._starts[low:high])
        return [end - len(piece) for end, piece in zip(self.ends[low:high], self.pieces[low:high], strict=True)]


def cut(text: str) -> Cut:
    """The words of a text."""
    if not text.isascii() and UNSPACED.search(text):
        return _cut_unspaced(text)
    return Cut(spaced(text).split(" "))


def words(text: str) -> list[str]:
    """Only the words."""
    if not text.isascii() and UNSPACED.search(text):
        return _cut_unspaced(text).words
    return spaced(text).split()


def spaced(text: str) -> str:
    """The text with a blank for each mark of punctuation: as long as before."""
    for mark in _PUNCTUATION:
        text = text.replace(mark, " ")
    return text


def _cut_unspaced(text: str) -> Cut:
    pieces: list[str] = []
    starts: list[int] = []
    widths: list[int] = []
    done = 0
    for token, start, end in spans(text):
        if start > done and _BREAK.search(text, done, start):
            pieces.append("")
            starts.append(done)
            widths.append(0)
        pieces.append(token if not text[start].isascii() else text[start:end])
        starts.append(start)
        widths.append(end - start)
        done = end
    return Cut(pieces, widths, starts)
