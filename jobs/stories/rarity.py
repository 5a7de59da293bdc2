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
    """Document frequencies of the archive's reports, on top of the packaged ones."""

    def __init__(self, reports: int = 0, counts: Counter[str] | None = None) -> None:
        self._reports = reports
        self._counts = counts or Counter()

    def learn(self, report: Report) -> None:
        """Count one more report."""
        self._reports += 1
        self._counts.update(terms(report))

    def of(self, term: str) -> float:
        """The weight of a term: natural logarithm of how many reports there are for each that has it."""
        share = (_packaged().get(term, UNKNOWN) * BELIEF + self._counts[term]) / (BELIEF + self._reports)
        return max(0.0, -log(share))


def terms(report: Report) -> Iterable[str]:
    """What is counted of a report: its words, and its names with their kind in front."""
    return report.title | report.lead | {f"@{name}" for name in report.names | report.actors}


@cache
def _packaged() -> dict[str, float]:
    rows = (line.split("\t") for line in PACKAGED.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {term: float(share) for term, share in rows}
