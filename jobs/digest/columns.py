"""Text measured in terminal columns, as fixed-width mail and terminals show it (Unicode Standard Annex #11)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ELLIPSIS = "…"

_VARIATION_16 = "\ufe0f"  # turns the narrow sign before it into a wide emoji
_ZERO_WIDTH = frozenset({"Mn", "Me", "Cf"})
_NOT_FIRST = frozenset("、。，．！？：；）」』】》〉〕］｝’”…ー々ゝゞっゃゅょッャュョ％｡｣")  # of a line: JIS X 4051
_NOT_LAST = frozenset("（「『【《〈〔［｛‘“｢")


def columns(text: str) -> int:
    """How many columns the text takes. Joined emoji count as their parts, so this errs on the wide side."""
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, room: int) -> str:
    """The text in at most `room` columns, cut after a word if one ends in the last third, with an ellipsis."""
    if columns(text) <= room:
        return text
    head = _head(text, room - 1)
    space = head.rfind(" ")
    return (head[:space] if 3 * space > 2 * len(head) else head).rstrip() + ELLIPSIS


def wrap(text: str, room: int) -> list[str]:
    """Lines of at most `room` columns. Breaks at spaces, between wide characters, and inside what fits no line."""
    lines = [""]
    for piece in _pieces(text, room):
        line = lines[-1] + piece
        if columns(line.rstrip()) <= room:
            lines[-1] = line
        else:
            lines.append(piece)
    return [line.rstrip() for line in lines if line.strip()] or [""]


@lru_cache(maxsize=10_000)
def _width(character: str) -> int:
    if character == _VARIATION_16:
        return 1
    if unicodedata.category(character) in _ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _head(text: str, room: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += _width(character)
        if taken > room:
            return text[:place]
    return text


def _pieces(text: str, room: int) -> Iterator[str]:
    """Words with the spaces after them, split where they may be: the parts that a line is made of."""
    for word in re.findall(r"\S+\s*", text):
        for piece in _breakable(word):
            rest = piece
            while columns(rest.rstrip()) > room:
                head = _head(rest, room) or rest[:1]
                yield head
                rest = rest[len(head) :]
            yield rest


def _breakable(word: str) -> Iterator[str]:
    if word.isascii():
        yield word
        return
    start = 0
    for place in range(1, len(word)):
        before, after = word[place - 1], word[place]
        wide = _wide(before) or _wide(after)
        if wide and after not in _NOT_FIRST and before not in _NOT_LAST and not after.isspace() and _width(after):
            yield word[start:place]
            start = place
    yield word[start:]


@lru_cache(maxsize=10_000)
def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
