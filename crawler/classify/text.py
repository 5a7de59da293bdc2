"""Text as the features see it: folded against disguise, cut into segments, with the way back to the original.

Folding undoes what hides a word from a reader of bytes but not from a person: compatibility forms (NFKC), invisible
characters, and Cyrillic or Greek letters that stand in for Latin ones (Unicode TR 39 calls them confusables).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from string import ascii_letters

TITLE_LIMIT = 300  # code points; a longer "title" is a page's whole head
TEXT_LIMIT = 5_000  # code points; reading further did not help on news, and what is bounded cannot hang
SEGMENT_LIMIT = 400  # code points; text without full stops is cut here, so that one segment never holds a whole page
TEASER = 1_000  # letters of an alphabet; below, the article was not there to be read

_DENSE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")  # kana, Han, hangul
_MORE_SAID = 1.5  # a character of these says as much as two and a half letters
_GROWTH = 1_500  # NFKC may turn one code point into eighteen; what it adds beyond this is dropped
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_CASED_SCRIPTS = re.compile(r"[Ͱ-ϿЀ-ԯԱ-և]")
_WORD = re.compile(r"[^\W\d_]+")
_NO_LETTER = re.compile(r"[\W\d_]")
_GARBAGE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")  # controls, and what a decoder could not read
_LETTERS, _BROKEN = 0.3, 0.05  # least share of letters, greatest of garbage
_ASCII_LETTERS = ascii_letters.encode()
_LATIN = re.compile(r"[A-Za-z]")
_NOISE = re.compile(r"<[^<>]{1,200}>|(?:https?://|www\.)\S+|@[\w.-]+\.\w+")
# One leading class, so that the engine can skip to the next candidate.
_BREAK = re.compile(
    r"""[.!?؟。\n\r|•·](?:(?<=[\n\r。])"""
    r"""|(?<=[.!?؟])(?<![.\s][A-Z]\.)["'”’»)\]]*(?=\s)"""  # a sentence ends; "U.S. officials" goes on
    r"|(?<=[!?])(?=[぀-鿿])|(?<=\s[|•·])(?=\s))"
)
_DOUBLES = {
    **dict(zip("аеорсухіјѕһԁԛԝкмтԍѵ", "aeopcyxijshdqwkmtgv", strict=True)),
    **dict(zip("АВЕКМНОРСТУХІЈЅԌԜ", "ABEKMHOPCTYXIJSGW", strict=True)),
    **dict(zip("αεικνορτυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeiknoptuxyABEZHIKMNOPTYX", strict=True)),
    **dict(zip("օոսհցզ", "onuhgq", strict=True)),
}
_CONFUSABLE = str.maketrans(_DOUBLES)
_LATIN_TEXT = 4  # Latin letters to each of another cased script, from which on a word of doubles alone is Latin too


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; `origin(i)` is where its code point i came from."""

    text: str
    _at: tuple[int, ...] = (0,)  # folded offsets at which the distance to the original changes
    _origins: tuple[int, ...] = (0,)  # the original offset of each

    def origin(self, offset: int) -> int:
        """The offset in the original text of the folded offset, in code points."""
        step = bisect_right(self._at, offset) - 1
        origin = self._origins[step] + offset - self._at[step]
        # One code point may have become several; all of them come from it.
        return origin if step + 1 == len(self._at) else min(origin, self._origins[step + 1] - 1)


def fold(original: str, *, limit: int) -> Folded:
    """The first `limit` code points of a text, folded. Tags, addresses and URLs become spaces."""
    original = original[:limit]
    folded = Folded(original) if original.isascii() else _fold_pieces(original, limit + _GROWTH)
    text = _NOISE.sub(lambda match: " " * len(match[0]), folded.text)
    return Folded(text, folded._at, folded._origins)  # noqa: SLF001 - its own class


def segments(text: str) -> list[tuple[int, int]]:
    """Sentences, lines and list entries as (start, end), none longer than `SEGMENT_LIMIT`, none blank."""
    found: list[tuple[int, int]] = []
    start = 0
    for end in [match.end() for match in _BREAK.finditer(text)] + [len(text)]:
        piece = text[start:end]
        if stripped := piece.strip():
            first = start + piece.index(stripped[0])
            found.extend(_pieces(text, first, first + len(stripped)))
        start = end
    return found


def is_teaser(text: str) -> bool:
    """Whether so little was there to be read that it cannot be the article."""
    opening = text.strip()[:TEASER]
    return len(opening) + _MORE_SAID * len(_DENSE.findall(opening)) < TEASER


def legible(text: str) -> bool:
    """Whether enough of it is letters: decoded garbage and binary are not."""
    solid = "".join(text[:TEXT_LIMIT].split())
    if not _GARBAGE.search(solid) and _latin_letters(solid) >= _LETTERS * len(solid) > 0:
        return True
    letters = len(solid) - len(_NO_LETTER.findall(solid))
    return letters > 0 and letters >= _LETTERS * len(solid) and len(_GARBAGE.findall(solid)) <= _BROKEN * len(solid)


def _latin_letters(text: str) -> int:
    plain = text.encode("ascii", "ignore")
    return len(plain) - len(plain.translate(None, _ASCII_LETTERS))


def _fold_pieces(original: str, limit: int) -> Folded:
    pieces: list[str] = []
    at, origins = [0], [0]
    size = done = 0

    def keep(piece: str, start: int, width: int) -> None:
        nonlocal size
        if origins[-1] + size - at[-1] != start:
            at.append(size)
            origins.append(start)
        pieces.append(piece)
        size += len(piece)
        if len(piece) != width and piece:
            at.append(size)
            origins.append(start + width)

    for match in _NOT_ASCII.finditer(original):
        start = match.start() - (match.start() > done and bool(unicodedata.combining(match[0][0])))
        keep(original[done:start], done, start - done)
        for first, last in _clusters(original, start, match.end()):
            keep(_fold_cluster(original[first:last]), first, last - first)
        done = match.end()
    keep(original[done:], done, len(original) - done)
    return Folded(_unmask("".join(pieces)[:limit]), tuple(at), tuple(origins))


def _clusters(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Each letter with the marks that combine with it, as (start, end)."""
    first, found = start, []
    for at in range(start + 1, end):
        if not (unicodedata.combining(text[at]) or "ᅠ" <= text[at] <= "ᇿ"):
            found.append((first, at))
            first = at
    return [*found, (first, end)]


def _fold_cluster(cluster: str) -> str:
    if len(cluster) == 1 and "À" <= cluster <= "ɏ":
        return cluster
    folded = unicodedata.normalize("NFKC", cluster)
    return "".join(char for char in folded if not _invisible(char))


def _invisible(char: str) -> bool:
    """Format characters, variation selectors, Arabic vowel marks and its stretching line."""
    return unicodedata.category(char) == "Cf" or "︀" <= char <= "️" or "ً" <= char <= "ْ" or char == "ـ"


def _unmask(text: str) -> str:
    """Latin letters for their doubles, in words that mix scripts; in Latin text also in words of nothing but doubles.

    Keeps the length.
    """
    if not (_CASED_SCRIPTS.search(text) and _LATIN.search(text)):
        return text
    latin = len(_LATIN.findall(text)) >= _LATIN_TEXT * len(_CASED_SCRIPTS.findall(text))
    return _WORD.sub(
        lambda match: match[0].translate(_CONFUSABLE) if _masked(match[0], latin=latin) else match[0], text
    )


def _masked(word: str, *, latin: bool) -> bool:
    if not _CASED_SCRIPTS.search(word):
        return False
    return bool(_LATIN.search(word)) or (latin and len(word) > 1 and all(map(_DOUBLES.__contains__, word)))


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found = []
    while end - start > SEGMENT_LIMIT:
        cut = text.rfind(" ", start + SEGMENT_LIMIT // 2, start + SEGMENT_LIMIT)
        cut = cut if cut > 0 else start + SEGMENT_LIMIT
        found.append((start, cut))
        start = cut
    return [*found, (start, end)]
