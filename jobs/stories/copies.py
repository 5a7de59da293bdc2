"""Which articles tell one story.

A story is, for now, a text and its near-copies: a wire report that several outlets print with small edits. Two
outlets' own reports of the same event stay apart on purpose. A copy folded wrongly hides news; a story shown twice
costs a glance.

Two texts are near-copies when enough of the smaller one's shingles (runs of consecutive words; characters where a
script has no spaces) stand in the other: the resemblance and containment of Broder, "On the resemblance and
containment of documents" (1997).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from storage.records import StoredArticle

CONTAINED = 0.7  # share of the smaller text's shingles that the larger one repeats
RESEMBLING = 0.8  # shingles shared, as a share of both texts' together, where containment is not enough
RATIO = 3  # a text is no copy of one more than this many times its length: round-ups quote whole articles
SHORTEST = 40  # shingles; below this a formula can be most of a text, and texts must resemble each other as a whole

_WORDS = 5  # words in a shingle
_CHARACTERS = 8  # characters in a shingle where a script has no spaces
_LONGEST = 40_000  # characters of a text that are looked at
_SAMPLED_ABOVE = 200  # shingles; a longer text is found again by every eighth of them
_SAMPLE = 8
_COMMON = 16  # texts; a shingle that so many stories share is boilerplate, and finds only the first of them
_CANDIDATES = 8  # texts that are compared in full

# Thai, kana, Han, Hangul, the supplementary ideographs: one token a character.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")
_CHARACTER = re.compile(f"[{_UNSPACED}]")


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article and its near-copies, oldest first. `id` is the id of the first article, so later copies keep it."""

    id: int
    lead: StoredArticle  # highest score, then earliest
    articles: tuple[StoredArticle, ...]

    @property
    def outlets(self) -> tuple[str, ...]:
        """Who printed it, the lead's outlet first, each once."""
        names = [outlet(self.lead), *map(outlet, self.articles)]
        return tuple(dict.fromkeys(names))

    @property
    def first_seen(self) -> datetime:
        """When its first article was discovered."""
        return self.articles[0].first_seen

    @property
    def score(self) -> float | None:
        """The highest score of its articles; None when no model judged any of them."""
        return self.lead.verdict.score


def outlet(stored: StoredArticle) -> str:
    """Who printed it: the outlet its page names, else the name of the source that led there."""
    return stored.article.outlet or stored.source


def gather(articles: Iterable[StoredArticle]) -> tuple[Story, ...]:
    """Group near-copies, oldest story first. The order of `articles` makes no difference.

    Each text is compared with the *first* text of each story only. So a chain of ever smaller resemblances cannot
    pull strangers together, and ten thousand copies of one text cost one comparison each.
    """
    groups: list[list[StoredArticle]] = []
    firsts = _Firsts()
    for stored in sorted(articles, key=_age):
        place = firsts.find_or_add(stored.article.text)
        if place == len(groups):
            groups.append([])
        groups[place].append(stored)
    return tuple(map(_story, groups))


def _age(stored: StoredArticle) -> tuple[datetime, int]:
    return stored.first_seen, stored.id


def _story(articles: Sequence[StoredArticle]) -> Story:
    lead = max(articles, key=lambda a: -1.0 if a.verdict.score is None else a.verdict.score)  # the first of equals
    return Story(id=articles[0].id, lead=lead, articles=tuple(articles))


class _Firsts:
    """The first text of each story, found again by its shingles."""

    def __init__(self) -> None:
        self._shingles: list[array[int]] = []
        self._exact: dict[bytes, int] = {}
        self._index: defaultdict[int, list[int]] = defaultdict(list)

    def find_or_add(self, text: str) -> int:
        """The place of the story that this text belongs to; a new place when it is like none."""
        tokens = _tokens(text)
        exact = _digest(tokens)
        if not tokens or exact not in self._exact:
            shingles = _shingles(tokens)
            found = self._find(shingles)
            self._exact[exact] = self._add(shingles) if found is None else found
        return self._exact[exact]

    def _find(self, shingles: frozenset[int]) -> int | None:
        hits = Counter(place for shingle in shingles for place in self._index.get(shingle, ()))
        best = sorted(hits, key=lambda place: (-hits[place], place))[:_CANDIDATES]
        return next((place for place in best if _near(shingles, self._shingles[place])), None)

    def _add(self, shingles: frozenset[int]) -> int:
        place = len(self._shingles)
        self._shingles.append(array("q", sorted(shingles)))
        sampled = len(shingles) > _SAMPLED_ABOVE
        for shingle in shingles:
            if (not sampled or shingle % _SAMPLE == 0) and len(self._index[shingle]) < _COMMON:
                self._index[shingle].append(place)
        return place


def _near(some: frozenset[int], other: array[int]) -> bool:
    shared = sum(shingle in some for shingle in other)
    small, large = sorted((len(some), len(other)))
    if small >= SHORTEST and large <= RATIO * small:
        return shared >= CONTAINED * small
    return shared >= RESEMBLING * (small + large - shared)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text[:_LONGEST]).casefold())


def _digest(tokens: Sequence[str]) -> bytes:
    return blake2b(" ".join(tokens).encode(errors="surrogatepass"), digest_size=16).digest()


def _shingles(tokens: Sequence[str]) -> frozenset[int]:
    """Hashes that are the same in every process: those of integers are, those of strings are not."""
    unspaced = 2 * sum(map(bool, map(_CHARACTER.match, tokens))) > len(tokens)
    size = min(_CHARACTERS if unspaced else _WORDS, len(tokens))
    numbers = [crc32(token.encode(errors="surrogatepass")) for token in tokens]
    return frozenset(map(hash, zip(*(numbers[start:] for start in range(size)), strict=False)))
