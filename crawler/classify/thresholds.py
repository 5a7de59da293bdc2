"""Calibration, and the two thresholds that make three answers, from judged documents of the development set."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.classify.corpus import Document

PRECISION = 0.95  # of what is flagged
RECALL = 0.98  # of espionage, not rejected

_BY_PATTERN = frozenset({"weak", "casie"})  # kinds of label
_STEPS = 60  # Newton steps; it converges in ten
_FLAG_RANGE = (0.45, 0.8)
_OWN_RANGE = (0.3, 0.8)  # for a language with documents enough to have a bar of its own
_ENOUGH = 20  # espionage documents
_MAIN = "en"  # sets the bar for all others
_REJECT_RANGE = (0.004, 0.03)
_TEASER_RISE = 0.2  # of the way that is left to certainty
_RISES = {"zh": 0.5}  # likewise: a language whose press speaks of state hackers in every digest


@dataclass(frozen=True, slots=True)
class Judged:
    """A document's label beside its probability. `trusted` labels decide on thresholds."""

    probability: float
    espionage: bool
    trusted: bool
    language: str = "en"

    @classmethod
    def of(cls, document: Document, log_odds: float, slope: float, shift: float) -> Judged:
        """A near miss that no person labelled is wrong too often to set a threshold by."""
        doubtful = document.label_kind in _BY_PATTERN and (document.hard_negative or document.espionage)
        probability = 1 / (1 + exp(-max(-30.0, min(30.0, slope * log_odds + shift))))
        return cls(probability, document.espionage, not (doubtful or document.borderline), document.language or "")


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


def choose(judged: Sequence[Judged]) -> dict[str, list[float]]:
    """[flag, teaser, reject] by language, "" for the rest.

    Kept in ranges that held on other outlets: a development set has too few hard cases to be followed beyond them.
    """
    trusted = [each for each in judged if each.trusted]
    everyone = _flag(trusted, _FLAG_RANGE)
    flags = {"": everyone} | {code: _raised(everyone, rise) for code, rise in _RISES.items()}
    for code in sorted({each.language for each in trusted} - {_MAIN}):
        spoken = [each for each in trusted if each.language == code]
        if sum(each.espionage for each in spoken) >= _ENOUGH:
            flags[code] = _flag(spoken, _OWN_RANGE)
    reject = round(_within(_REJECT_RANGE, _reject(trusted)), 4)
    return {code: [round(flag, 3), round(_raised(flag, _TEASER_RISE), 3), reject] for code, flag in flags.items()}


def _flag(judged: Sequence[Judged], bounds: tuple[float, float]) -> float:
    """The lowest bar whose flags are right often enough."""
    ranked = sorted(judged, key=lambda each: -each.probability)
    right, bar = 0, 1.0
    for number, each in enumerate(ranked, start=1):
        right += each.espionage
        if right / number >= PRECISION:
            bar = each.probability
    return _within(bounds, bar)


def _reject(judged: Sequence[Judged]) -> float:
    """The highest bar that rejects no more than a fiftieth of the espionage."""
    positives = sorted(each.probability for each in judged if each.espionage)
    return positives[int((1 - RECALL) * len(positives))] if positives else 0.0


def _within(bounds: tuple[float, float], value: float) -> float:
    return max(bounds[0], min(bounds[1], value))


def _raised(bar: float, rise: float) -> float:
    return bar + (1 - bar) * rise
