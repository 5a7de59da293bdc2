"""A pruned TF-IDF model over words and pairs of words, in plain Python.

Title and text are two fields of their own. Term counts are damped (1 + log), each field has unit length, and pairs
never cross the end of a segment. No sequence of more than two words is ever looked at.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, pairwise, zip_longest
from math import log, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.classify.reading import Reading

TITLE_SHARE = 0.7  # the title's field against the text's

Terms = dict[str, tuple[float, float]]  # term -> (inverse document frequency, weight)


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A word or pair with its inverse document frequency and weight."""

    text: str
    rarity: float
    weight: float


Table = dict[str, tuple[Term | None, dict[str | None, Term] | None]]


@dataclass(frozen=True, slots=True)
class Linear:
    """The weights of the two fields."""

    title: Terms
    body: Terms
    bias: float
    _tables: tuple[Table, Table] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tables", (_table(self.title), _table(self.body)))

    def score(self, reading: Reading) -> tuple[float, list[tuple[str, float]]]:
        """The log-odds, and what each known term gave to them."""
        title, body = self._tables
        parts = _parts([reading.title.words], title, TITLE_SHARE)
        parts += _parts([segment.words for segment in reading.body], body, 1.0)
        return self.bias + sum([part for _, part in parts]), parts


def terms(segments: Iterable[Sequence[str]]) -> Counter[str]:
    """Words and pairs of neighbours with their counts."""
    sequences = list(segments)
    found = Counter(chain.from_iterable(sequences))
    found.update(map(" ".join, chain.from_iterable(map(pairwise, sequences))))
    return found


def damped(count: int) -> float:
    """Saying it ten times is not ten times as much."""
    return 1.0 + log(count) if count > 1 else 1.0


def _parts(segments: Sequence[Sequence[str]], table: Table, share: float) -> list[tuple[str, float]]:
    counts: dict[Term, int] = {}
    look = table.get
    for words in segments:
        row = list(map(look, words))
        for entry, second in zip_longest(row, words[1:]):
            if entry is None:
                continue
            alone, following = entry
            if alone is not None:
                counts[alone] = counts.get(alone, 0) + 1
            if following is not None and (pair := following.get(second)) is not None:
                counts[pair] = counts.get(pair, 0) + 1
    found = [(term, damped(count) * term.rarity, term.weight) for term, count in counts.items()]
    length = sqrt(sum([value * value for _, value, _ in found]))
    return [(term.text, share * value * weight / length) for term, value, weight in found] if length else []


def _table(known: Terms) -> Table:
    """By the first word: its own term, and the pairs it begins by their second word."""
    table: dict[str, tuple[Term | None, dict[str | None, Term] | None]] = {}
    for text, (rarity, weight) in known.items():
        first, space, second = text.partition(" ")
        alone, following = table.get(first, (None, None))
        term = Term(text, rarity, weight)
        if space:
            following = {} if following is None else following
            following[second] = term
        else:
            alone = term
        table[first] = (alone, following)
    return table
