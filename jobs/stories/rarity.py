"""How much a word or name says: the rarer among reports of espionage, the more (idf; Spärck Jones 1972)."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jobs.stories.report import Report

PACKAGED = Path(__file__).parent / "common.tsv"
BELIEF = 400  # reports that the packaged shares count for beside those of the archive
RARE_ENOUGH = 2.5  # weight from which a word may bring two reports together at all
UNKNOWN = 0.002  # share of reports that a word stands in which no table has


class Rarity:
    """Document frequencies of these reports, on top of the packaged ones. What it says does not change."""

    def __init__(self, reports: Iterable[Report] = ()) -> None:
        told = list(reports)
        self._reports = len(told)
        self._counts = Counter(term for report in told for term in terms(report))
        self._weights: dict[str, float] = {}
        self._lengths: dict[int, float] = {}

    def of(self, term: str) -> float:
        """The weight of a term: natural logarithm of how many reports there are for each that has it."""
        weight = self._weights.get(term)
        if weight is None:
            share = (_packaged().get(term, UNKNOWN) * BELIEF + self._counts[term]) / (BELIEF + self._reports)
            weight = self._weights[term] = max(0.0, -log(share))
        return weight

    def length(self, report: Report, title: float) -> float:
        """The sum of the squared weights of a report's words; a title's word weighs `title` times as much."""
        length = self._lengths.get(report.id)
        if length is None:
            squares = sum(self.of(word) ** 2 for word in report.lead - report.title)
            length = squares + title**2 * sum(self.of(word) ** 2 for word in report.title)
            self._lengths[report.id] = length
        return length


def terms(report: Report) -> Iterable[str]:
    """What is counted of a report: its words, and its names with their kind in front."""
    return report.title | report.lead | {f"@{name}" for name in report.names | report.actors}


@cache
def _packaged() -> dict[str, float]:
    rows = (line.split("\t") for line in PACKAGED.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {term: float(share) for term, share in rows}
