"""How much a word or name says: the rarer among reports of espionage, the more (idf; Spärck Jones 1972)."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jobs.stories.report import Report

PACKAGED = Path(__file__).parent / "common.tsv"
BELIEF = 400  # reports that the packaged shares count for beside those of the archive
RARE_ENOUGH = 2.5  # weight from which a word may bring two reports together at all
TITLE = 2.0  # weight of a title's word against one of the lead
UNKNOWN = 0.002  # share of reports that a word stands in which no table has


class Rarity:
    """Document frequencies of these reports, on top of the packaged ones. What it says does not change.

    `of(term)` is the weight of a term: natural logarithm of how many reports there are for each that has it.
    """

    def __init__(self, reports: Iterable[Report] = ()) -> None:
        told = list(reports)
        self._reports = len(told)
        self._counts = Counter(term for report in told for term in terms(report))
        self.of = _Weights(self._weight).__getitem__
        self._words: dict[int, dict[str, float]] = {}
        self._squares: dict[int, float] = {}
        self._rare: dict[int, dict[str, float]] = {}

    def _weight(self, term: str) -> float:
        share = (_packaged().get(term, UNKNOWN) * BELIEF + self._counts[term]) / (BELIEF + self._reports)
        return max(0.0, -log(share))

    def weights(self, report: Report) -> dict[str, float]:
        """The weight of each word of a report's title and lead; in the title it weighs more."""
        weights = self._words.get(report.id)
        if weights is None:
            weights = {word: self.of(word) for word in report.words}
            weights |= {word: weights[word] * TITLE for word in report.title}
            self._words[report.id] = weights
        return weights

    def squares(self, report: Report) -> float:
        """The sum of the squares of these weights."""
        squares = self._squares.get(report.id)
        if squares is None:
            squares = self._squares[report.id] = sum(weight**2 for weight in self.weights(report).values())
        return squares

    def rare(self, report: Report) -> dict[str, float]:
        """The report's terms that may bring it together with others, with their weights."""
        rare = self._rare.get(report.id)
        if rare is None:
            rare = {term: weight for term in terms(report) if (weight := self.of(term)) >= RARE_ENOUGH}
            self._rare[report.id] = rare
        return rare


class _Weights(dict[str, float]):
    """Weights that were asked for before; asking costs no call of Python then."""

    def __init__(self, weigh: Callable[[str], float]) -> None:
        super().__init__()
        self._weigh = weigh

    def __missing__(self, term: str) -> float:
        weight = self[term] = self._weigh(term)
        return weight


def terms(report: Report) -> Iterable[str]:
    """What is counted of a report: its words, and its names with their kind in front."""
    named = report.names | report.actors
    return report.words.union([f"@{name}" for name in named]) if named else report.words


@cache
def _packaged() -> dict[str, float]:
    rows = (line.split("\t") for line in PACKAGED.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {term: float(share) for term, share in rows}
