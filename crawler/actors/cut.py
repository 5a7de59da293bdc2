"""Text cut into words that keep their case, with their places: linear, and most of it done by `str` itself.

The words are those of `crawler.classify.tokens`, but for case and numbers, which names need. Text in scripts without
spaces, and Arabic, whose words carry their article, is cut by those rules themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from crawler.classify.tokens import spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Punctuation becomes blanks one character at a time: `str.replace` costs nothing where there is none.
_PUNCTUATION = (
    ".,;:!?\"'()[]{}<>/\\|-_&%$#@*+=~`^\n\t\r’‘“”„‚«»‹›–—―‐‑‒…·•′″¿¡©®™°§\u00a0\u2009\u202f\u2007、。「」（），：；！？"
    # what else `str.split` takes for a blank
    "\x0b\x0c\x1c\x1d\x1e\x1f\x85\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u200a\u2028\u2029\u205f\u3000"
)
UNSPACED = re.compile(r"[؀-ۿ぀-ヿ㐀-鿿]")
_LONGEST = 60  # code points of a word
_LONG = re.compile(rf"[^ ]{{{_LONGEST + 1},}}")
_BREAK = re.compile(r"[^\w\s'’\-‑.]|[.。]\s|\n")
_WIDE = 3  # code points that stand for one word where no space divides them and none is listed
UNLISTED = "."


@dataclass(frozen=True, slots=True)
class Cut:
    """The words of a text. Where they stand is found out only for those that are asked for."""

    words: Sequence[str]
    _padded: str = ""  # the text with blanks for punctuation, and one on either side
    _marks: Sequence[tuple[int, int]] | None = None  # the words' places, where they are not written as they are listed

    def places(self, runs: Iterable[tuple[int, int, object]]) -> Iterator[tuple[int, int]]:
        """Where runs start and end: each the index of its first word and the number of its words, in order."""
        if self._marks is not None:
            yield from ((self._marks[at][0], self._marks[at + size - 1][1]) for at, size, _ in runs)
            return
        done, place = -1, 0
        for at, size, _ in runs:
            if at > done:
                place = self._find(at, done, place)
                done = at
            end = place + len(self.words[at])
            for word in self.words[at + 1 : at + size] if size > 1 else ():
                end = self._padded.index(f" {word} ", end) + 1 + len(word)
            yield place - 1, end - 1

    def _find(self, at: int, done: int, place: int) -> int:
        """Where a word starts, from where an earlier one does: past as many of its like as stand between."""
        word = self.words[at]
        place += len(self.words[done]) if done >= 0 else 0
        for _ in range(self.words[done + 1 : at].count(word) + 1):
            place = self._padded.index(f" {word} ", place) + 1
            found = place
            place += len(word)
        return found


class Pieces(NamedTuple):
    """The words of a sentence and their places; an empty one where punctuation or a blank sets words apart."""

    words: list[str]
    starts: list[int]
    ends: list[int]


def cut(text: str) -> Cut:
    """The words of a text; of one that no name is as long as, nothing."""
    if not text.isascii() and UNSPACED.search(text):
        marks = spans(text)
        return Cut([_word(text, *mark) for mark in marks], _marks=[(start, end) for _, start, end in marks])
    plain = spaced(text)
    found = plain.split()
    if max(map(len, found), default=0) > _LONGEST:
        plain = _LONG.sub(lambda match: " " * len(match[0]), plain)
        found = plain.split()
    return Cut(found, f" {plain} ")


def words(text: str) -> Sequence[str]:
    """Only the words."""
    return cut(text).words


def pieces(text: str, start: int, end: int) -> Pieces:
    """The words of a part of a text."""
    part = text[start:end]
    if not part.isascii() and UNSPACED.search(part):
        return _unspaced(text, start, end)
    found = spaced(part).split(" ")
    starts = list(accumulate(map(len, found[:-1]), lambda place, size: place + size + 1, initial=start))
    return Pieces(found, starts, [place + len(word) for place, word in zip(starts, found, strict=True)])


def spaced(text: str) -> str:
    """The text with a blank for each mark of punctuation: as long as before."""
    for mark in _PUNCTUATION:
        text = text.replace(mark, " ")
    return text


def _word(text: str, token: str, start: int, end: int) -> str:
    """Scripts that have case keep it."""
    return text[start:end] if text[start].isascii() else token


def _unspaced(text: str, start: int, end: int) -> Pieces:
    found = Pieces([], [], [])
    done = start
    for token, first, last in ((token, start + first, start + last) for token, first, last in spans(text[start:end])):
        if _BREAK.search(text, done, first):
            _add(found, "", done, done)
        _add(found, _word(text, token, first, last), first, last)
        done = last
    return found


def _add(found: Pieces, word: str, start: int, end: int) -> None:
    found.words.append(word)
    found.starts.append(start)
    found.ends.append(end)


def scanned(text: str, start: int, end: int, listed: re.Pattern[str]) -> Pieces:
    """The words of a part of a text in a script without spaces, cut at those that are listed."""
    found = Pieces([], [], [])
    done = start
    for match in listed.finditer(text, start, end):
        for at in range(done, match.start(), _WIDE):
            until = min(at + _WIDE, match.start())
            _add(found, UNLISTED if text[at:until].isalnum() else "", at, until)
        _add(found, match[0], *match.span())
        done = match.end()
    return found
