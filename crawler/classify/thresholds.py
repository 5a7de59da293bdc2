"""Calibration, and the two thresholds that make three answers.

Both rest on two kinds of documents no tree was grown on: those of the development set, and those of the training set as
judged by trees that have not seen their outlet. The first are labelled better, the second are many.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.classify.corpus import Document

PRECISION = 0.95  # of what is flagged
ELSEWHERE = 0.9  # likewise, where little is labelled to choose on: a higher bar would cost recall that nobody sees
RECALL = 0.98  # of espionage, not rejected

_BY_PATTERN = frozenset({"weak", "casie"})  # kinds of label
_STEPS = 60  # Newton steps; it converges in ten
_BARS = tuple(at / 100 for at in range(5, 81))
_ENOUGH = 20  # espionage documents, for a language to have a bar of its own
_MAIN = "en"  # sets the bar for all others
_MARGIN = 3.0  # what is rejected elsewhere is harder to tell than what is rejected here
_HELD = 0.03  # of the press that is no near miss, at most
_REJECT_RANGE = (0.004, 0.03)
_TEASER_RISE = 0.15  # of the way that is left to certainty
_RISES = {"zh": 0.25}  # likewise: a language whose press speaks of state hackers in every digest
UNLABELLED = frozenset({"", *_RISES})  # what has no labels of its own to choose a bar by


@dataclass(frozen=True, slots=True)
class Judged:
    """A document's label beside its probability.

    `trusted` labels decide on thresholds; `dev` is where it is from; `ordinary` press is no near miss.
    """

    probability: float
    espionage: bool
    trusted: bool
    language: str = "en"
    dev: bool = True
    ordinary: bool = False

    @classmethod
    def of(cls, document: Document, log_odds: float, slope: float, shift: float, *, dev: bool) -> Judged:
        """In the development set, a near miss that no person labelled is wrong too often to set a threshold by."""
        doubtful = dev and document.label_kind in _BY_PATTERN and (document.hard_negative or document.espionage)
        probability = 1 / (1 + exp(-max(-30.0, min(30.0, slope * log_odds + shift))))
        trusted = not (doubtful or document.borderline)
        ordinary = not (document.espionage or document.hard_negative)
        return cls(probability, document.espionage, trusted, document.language or "", dev, ordinary)


def calibrate(log_odds: Sequence[float], labels: Sequence[bool]) -> tuple[float, float]:
    """Platt's slope and shift, with his smoothed targets, by Newton's method with a damped step."""
    positive = sum(labels)
    high, low = (positive + 1) / (positive + 2), 1 / (len(labels) - positive + 2)
    slope, shift = 1.0, log((positive + 1) / (len(labels) - positive + 1))
    for _ in range(_STEPS):
        gradient, curve = [0.0, 0.0], [1e-3, 0.0, 1e-3]
        for x, label in zip(log_odds, labels, strict=True):
            p = 1 / (1 + exp(-max(-30.0, min(30.0, slope * x + shift))))
            error, weight = p - (high if label else low), p * (1 - p)
            gradient[0] += error * x
            gradient[1] += error
            curve[0] += weight * x * x
            curve[1] += weight * x
            curve[2] += weight
        determinant = curve[0] * curve[2] - curve[1] ** 2
        slope -= max(-1.0, min(1.0, (curve[2] * gradient[0] - curve[1] * gradient[1]) / determinant))
        shift -= max(-1.0, min(1.0, (curve[0] * gradient[1] - curve[1] * gradient[0]) / determinant))
    return round(max(slope, 0.05), 4), round(shift, 4)


def choose(judged: Sequence[Judged], *, precision: float = PRECISION) -> dict[str, list[float]]:
    """[flag, teaser, reject] by language, "" for the rest."""
    trusted = [each for each in judged if each.trusted]
    everyone = _flag(trusted, precision)
    flags = {"": everyone} | {code: _raised(everyone, rise) for code, rise in _RISES.items()}
    for code in sorted({each.language for each in trusted if each.dev} - {_MAIN}):
        spoken = [each for each in trusted if each.language == code or not each.dev]
        if sum(each.espionage and each.dev for each in spoken) >= _ENOUGH:
            flags[code] = _flag(spoken, precision)
    reject = round(max(_REJECT_RANGE[0], min(_REJECT_RANGE[1], _reject(trusted))), 4)
    return {code: [round(flag, 3), round(_raised(flag, _TEASER_RISE), 3), reject] for code, flag in flags.items()}


def _flag(judged: Sequence[Judged], precision: float) -> float:
    """The bar with the best F1, averaged over both kinds, among those whose flags are right often enough."""
    dev, trained = [[each for each in judged if each.dev is kind] for kind in (True, False)]
    right = [bar for bar in _BARS if _precision(dev, bar) >= precision] or [_BARS[-1]]
    return max(right, key=lambda bar: (round(_f1(dev, bar) + _f1(trained, bar), 3), bar))


def _precision(judged: Iterable[Judged], bar: float) -> float:
    flagged = [each.espionage for each in judged if each.probability >= bar]
    return sum(flagged) / max(len(flagged), 1)


def _f1(judged: Sequence[Judged], bar: float) -> float:
    flagged = [each.espionage for each in judged if each.probability >= bar]
    return 2 * sum(flagged) / max(len(flagged) + sum(each.espionage for each in judged), 1)


def _reject(judged: Sequence[Judged]) -> float:
    """The highest bar that rejects no more than a fiftieth of the espionage, with a margin.

    Where that would hold more than people can read, the lowest that does not.
    """
    positives = sorted(each.probability for each in judged if each.espionage)
    bar = positives[int((1 - RECALL) * len(positives))] / _MARGIN if positives else 0.0
    ordinary = sorted(each.probability for each in judged if each.ordinary)
    return max(bar, ordinary[int((1 - _HELD) * len(ordinary))]) if ordinary else bar


def _raised(bar: float, rise: float) -> float:
    return bar + (1 - bar) * rise
