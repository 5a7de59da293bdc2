"""Sketches a text: the smallest hashes of its shingles, by which near-duplicates are found (Broder 1997, bottom-k).

A shingle is six words in a row without case or punctuation, or twelve characters where words are not spaced. The
hashes are the same on every machine and in every process.
"""

from __future__ import annotations

import re
from heapq import nsmallest
from typing import TYPE_CHECKING
from zlib import crc32

from storage.records import NO_SKETCH, Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = 6
CHARACTERS = 12
KEPT = 128  # hashes: a share is right to about .04
LONGEST = 200_000  # code points; a text beyond it is known by its beginning
SPREAD = 0x9E3779B1  # 2^32 over the golden ratio: neighbouring checksums end far apart
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
SOME = 500  # characters that tell how a text is written


def sketch(text: str) -> Sketch:
    """The sketch of a text; an empty one of a text with fewer than two shingles."""
    known: dict[int, bytes] = {}
    for shingle in _shingles(text[:LONGEST].lower()):
        known[crc32(shingle) * SPREAD & 0xFFFFFFFF] = shingle
    if len(known) < 2:  # noqa: PLR2004 - one shingle is no text
        return NO_SKETCH
    least = nsmallest(KEPT, known)
    return Sketch(size=len(known), hashes=tuple(order << 31 | crc32(known[order], SPREAD) >> 1 for order in least))


def _shingles(text: str) -> Iterator[bytes]:
    sample = text[:SOME]
    if len(_UNSPACED.findall(sample)) * 3 > len(sample):
        run = "".join(_WORD.findall(text))
        return (run[at : at + CHARACTERS].encode() for at in range(len(run) - CHARACTERS + 1))
    words = _WORD.findall(text)
    joined = " ".join(words).encode()
    return _windows(joined)


def _windows(joined: bytes) -> Iterator[bytes]:
    """Every run of `WORDS` words, cut out of the text as it lies in memory."""
    ends = [match.start() for match in re.finditer(b" ", joined)]
    ends.append(len(joined))
    start = 0
    for at in range(WORDS - 1, len(ends)):
        yield joined[start : ends[at]]
        start = ends[at - WORDS + 1] + 1
