"""A pruned TF-IDF model over words and pairs of words, in plain Python.

Title and text are two fields of their own. Term counts are damped (1 + log), each field has unit length, and pairs
never cross the end of a segment. No sequence of more than two words is ever looked at.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain, pairwise
from math import log, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawler.classify.reading import Reading

TITLE_SHARE = 0.7  # the title's field against the text's

Terms = dict[str, tuple[float, float]]  # term -> (inverse document frequency, weight)


@dataclass(frozen=True, slots=True)
class Linear:
    """The weights of the two fields."""

    title: Terms
    body: Terms
    bias: float

    def score(self, reading: Reading) -> tuple[float, list[tuple[str, float]]]:
        """The log-odds, and what each known term gave to them."""
        title = _parts(terms([reading.title.words]), self.title, TITLE_SHARE)
        body = _parts(terms(segment.words for segment in reading.body), self.body, 1.0)
        parts = title + body
        return self.bias + sum(part for _, part in parts), parts


def terms(segments: Iterable[Sequence[str]]) -> Counter[str]:
    """Words and pairs of neighbours with their counts."""
    sequences = list(segments)
    found = Counter(chain.from_iterable(sequences))
    found.update(map(" ".join, chain.from_iterable(map(pairwise, sequences))))
    return found


def damped(count: int) -> float:
    """Saying it ten times is not ten times as much."""
    return 1.0 + log(count) if count > 1 else 1.0


def _parts(counts: Mapping[str, int], known: Terms, share: float) -> list[tuple[str, float]]:
    found = [(term, damped(counts[term]), known[term]) for term in filter(known.__contains__, counts)]
    length = sqrt(sum((value * idf) ** 2 for _, value, (idf, _) in found))
    if not length:
        return []
    return [(term, share * value * idf * weight / length) for term, value, (idf, weight) in found]
