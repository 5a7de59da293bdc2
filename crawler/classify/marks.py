"""Marks that do not hang on one threshold, and how far chance could have moved them.

Intervals are percentiles of bootstrap resamples (B. Efron, 1979), the same for the same documents.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RECALL_AT = 0.9  # precision at which recall is told
_RESAMPLES = 200
_TAIL = 0.025  # on each side: 95 % intervals


@dataclass(frozen=True, slots=True)
class Ranked:
    """One document: its score, whether it is espionage, whether it was flagged."""

    score: float
    espionage: bool
    flagged: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """F1 at the flag threshold and at the best there is, average precision, recall at precision .9."""

    f1: float
    best_f1: float
    average_precision: float
    recall_at_precision: float


def marks(ranked: Sequence[Ranked], times: Sequence[int] | None = None) -> Marks:
    """The marks of documents, each counted so many times. Zeros where nothing is espionage."""
    times = times or [1] * len(ranked)
    total = sum(each.espionage * count for each, count in zip(ranked, times, strict=True))
    curve = _curve(ranked, times, total)
    flagged = sum(each.flagged * count for each, count in zip(ranked, times, strict=True))
    right = sum(each.flagged * each.espionage * count for each, count in zip(ranked, times, strict=True))
    return Marks(
        f1=2 * right / (flagged + total) if total else 0.0,
        best_f1=max((f1(precision, recall) for precision, recall in curve), default=0.0),
        average_precision=_average_precision(curve),
        recall_at_precision=max((recall for precision, recall in curve if precision >= RECALL_AT), default=0.0),
    )


def intervals(ranked: Sequence[Ranked], *, seed: int = 0) -> dict[str, tuple[float, float]]:
    """The 95 % interval of each mark, by its name."""
    random = Random(seed)  # noqa: S311 - a resample, not a secret
    drawn = []
    for _ in range(_RESAMPLES if any(each.espionage for each in ranked) else 0):
        counts = Counter(random.choices(range(len(ranked)), k=len(ranked)))
        drawn.append(astuple(marks(ranked, [counts[at] for at in range(len(ranked))])))
    names = tuple(Marks.__dataclass_fields__)
    return {name: _middle(sorted(column)) for name, column in zip(names, zip(*drawn, strict=True), strict=False)}


def by_score(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The highest score first, as `marks` wants them."""
    return sorted(ranked, key=lambda each: -each.score)


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of the two."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _curve(ranked: Sequence[Ranked], times: Sequence[int], total: int) -> list[tuple[float, float]]:
    """(precision, recall) after each distinct score, the highest first."""
    right = number = 0
    points = []
    for at, (each, count) in enumerate(zip(ranked, times, strict=True), start=1):
        number += count
        right += count * each.espionage
        if total and number and (at == len(ranked) or ranked[at].score != each.score):
            points.append((right / number, right / total))
    return points


def _average_precision(curve: Sequence[tuple[float, float]]) -> float:
    before, area = 0.0, 0.0
    for precision, recall in curve:
        area += precision * (recall - before)
        before = recall
    return area


def _middle(values: Sequence[float]) -> tuple[float, float]:
    cut = int(_TAIL * len(values))
    return values[cut], values[-1 - cut]
