"""What pushed a verdict which way: sentences and terms with their share of the log-odds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from crawler.classify.trace import FAINT, MASK
from storage.records import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.classify.quotes import Quotes
    from crawler.classify.trace import Trace

Key = TypeVar("Key", int, str, tuple[str, ...], tuple[int, int])

MOST = 12
QUOTE_LIMIT = 200  # code points

_SENTENCES, _TERMS, _WORDS = 3, 4, 3  # of each side, at most
_ABSENT = {
    "state": "no state-sponsored actor",
    "intrusion": "no intrusion",
    "sponsor": "no country behind it",
    "espionage": "no spying",
}


def evidence(quotes: Quotes, found: Trace) -> tuple[Evidence, ...]:
    """The strongest sentences and terms of each side, strongest first, at most `MOST`."""
    named = [*_sentences(quotes, found), *_terms(quotes, found), *_absences(found)]
    named.sort(key=lambda item: (-abs(item.weight), item.start is None, item.start or 0, item.text))
    return tuple(named[:MOST])


def _sentences(quotes: Quotes, found: Trace) -> list[Evidence]:
    weights: dict[int, float] = defaultdict(float)
    for (at, _), weight in found.cues.items():
        weights[at] += weight
    return [_item(quotes, quotes.sentence(at), weights[at]) for at in _strongest(weights, _SENTENCES)]


def _terms(quotes: Quotes, found: Trace) -> list[Evidence]:
    """Cues and words of the linear model, one entry for each place: the two may be the same."""
    cues, first = found.terms()
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for words in _strongest(cues, _TERMS):
        weights[quotes.term(*first[words])] += cues[words]
    for term in _strongest(found.words, _WORDS):
        if where := quotes.find(tuple(term.split(" "))):
            weights[where] += found.words[term]
    return [_item(quotes, where, weights[where]) for where in _strongest(weights, _TERMS)]


def _absences(found: Trace) -> list[Evidence]:
    """What the whole text lacks, where that counted against it."""
    seen = 0
    for segment in found.segments:
        seen |= segment.mask
    return [
        Evidence(text=_ABSENT[group], weight=round(weight, 2))
        for group, weight in found.absent.items()
        if weight < -FAINT and group in _ABSENT and not seen & MASK[group]
    ]


def _strongest(weights: Mapping[Key, float], most: int) -> list[Key]:
    """The heaviest of each side."""
    ranked = sorted((key for key in weights if abs(weights[key]) >= FAINT), key=lambda key: (-abs(weights[key]), key))
    return [key for side in (1, -1) for key in [each for each in ranked if weights[each] * side > 0][:most]]


def _item(quotes: Quotes, where: tuple[int, int], weight: float) -> Evidence:
    start, end = where[0], min(where[1], where[0] + QUOTE_LIMIT)
    return Evidence(text=quotes.whole[start:end], weight=round(weight, 2), start=start, end=end)
