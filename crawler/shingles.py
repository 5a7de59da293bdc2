"""Sketches a text: the smallest hashes of its shingles, by which near-duplicates are found (Broder 1997, bottom-k).

A shingle is six words in a row without case or punctuation, or twelve characters where words are not spaced. The
hashes are the same on every machine and in every process.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zlib import crc32

from storage.records import NO_SKETCH, Sketch

if TYPE_CHECKING:
    from collections.abc import Collection

WORDS = 6
CHARACTERS = 12
KEPT = 128  # hashes: a share is right to about .04
LONGEST = 200_000  # code points; a text beyond it is known by its beginning
MASK = 0xFFFFFFFF
SPREAD = 0x9E3779B1  # 2^32 over the golden ratio: neighbouring checksums end far apart
GATHER = pow(SPREAD, -1, 1 << 32)  # undoes it
ENOUGH = 200  # that are looked at for those that are kept: five standard deviations more
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_APART = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256))  # noqa: PLR2004 - of ASCII
SOME = 500  # characters that tell how a text is written


def sketch(text: str) -> Sketch:
    """The sketch of a text; an empty one of a text with fewer than two shingles."""
    shingles = _shingles(text[:LONGEST].lower())
    known = dict(zip(map(crc32, shingles), shingles, strict=True))
    if len(known) < 2:  # noqa: PLR2004 - one shingle is no text
        return NO_SKETCH
    least = [order << 31 | crc32(known[order * GATHER & MASK], SPREAD) >> 1 for order in _least(known)]
    return Sketch(size=len(known), hashes=tuple(least))


def _least(checksums: Collection[int]) -> list[int]:
    """The smallest of the checksums once they are spread, without sorting them all: they lie below a bound."""
    bound = MASK * ENOUGH // len(checksums)
    low = [order for checksum in checksums if (order := checksum * SPREAD & MASK) <= bound]
    if len(low) < min(KEPT, len(checksums)):  # once in millions of texts
        low = [checksum * SPREAD & MASK for checksum in checksums]
    return sorted(low)[:KEPT]


def _shingles(text: str) -> list[bytes]:
    if text.isascii():
        return _windows(text.encode().translate(_APART).split())
    sample = text[:SOME]
    words = _WORD.findall(text)
    if len(_UNSPACED.findall(sample)) * 3 > len(sample):
        run = "".join(words)
        return [run[at : at + CHARACTERS].encode() for at in range(len(run) - CHARACTERS + 1)]
    return _windows([word.encode() for word in words])


def _windows(words: list[bytes]) -> list[bytes]:
    """Every run of `WORDS` words."""
    return list(map(b" ".join, zip(*(words[at:] for at in range(WORDS)), strict=False)))
