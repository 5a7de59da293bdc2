"""From labels to a correction. Plain Python, no network, and the same bytes from the same labels.

Logistic regression on the words, with the model's own log-odds as its offset and its weights shrunk to zero: a label
that the model agrees with teaches next to nothing, and ten of them move their neighbours a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING
from zlib import crc32

from crawler.classify.correction import (
    Background,
    Correction,
    Limits,
    background,
    bag,
    corrected,
    limits_of,
    log_odds,
    words,
)
from crawler.classify.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawler.classify.corpus import Document
    from crawler.classify.reading import Reading
    from storage.records import Verdict

STRENGTH = 4.0  # log-odds; how far one label can move its own article at most
FOLDS = 5

_EPOCHS, _CLOSE = 100, 1e-5  # passes over the labels, and the step at which they end
_STEPS = 40  # halvings


@dataclass(frozen=True, slots=True)
class Lesson:
    """A labelled article, what the model says of it, and its words."""

    document: Document
    own: Verdict
    language: str
    limits: Limits
    values: dict[str, float]

    @property
    def side(self) -> float:
        """+1 for espionage, -1 for the rest."""
        return 1.0 if self.document.espionage else -1.0


def study(judged: Sequence[tuple[Document, Verdict]], archive: Iterable[Document]) -> tuple[list[Lesson], Background]:
    """The labelled documents, each with the model's own verdict, as lessons; and what is usual in the archive.

    A document that the model could not read, or that carries a sign of manipulation, is no lesson.
    """
    readings = [_read(document) for document, _ in judged]
    counts = [words(reading) for reading in readings]
    usual = background(map(_read, archive), {word for each in counts for word in each})
    lessons = [
        Lesson(
            document,
            own,
            reading.language or "",
            limits_of(reading, document.text),
            bag(each, usual.rarity, usual.rarest),
        )
        for (document, own), reading, each in zip(judged, readings, counts, strict=True)
        if own.score is not None and not own.signs
    ]
    return lessons, usual


def correction(lessons: Sequence[Lesson], usual: Background, *, strength: float = STRENGTH) -> Correction:
    """What the lessons teach."""
    weights = fit(lessons, strength=strength)
    everywhere = {language: round(_pull(weights, held), 5) for language, held in usual.usual.items()}
    return Correction(weights=weights, usual=everywhere, rarity=usual.rarity, rarest=usual.rarest)


def fit(lessons: Sequence[Lesson], *, strength: float = STRENGTH) -> dict[str, float]:
    """The weights of words, by coordinate ascent in the dual (Yu, Huang, Lin 2011), the lessons by their id."""
    ordered = sorted(lessons, key=lambda lesson: lesson.document.id)
    weights: dict[str, float] = {}
    shares = [0.0] * len(ordered)
    for _ in range(_EPOCHS):
        furthest = 0.0
        for at, lesson in enumerate(ordered):
            new = _share(lesson, weights, shares[at], strength)
            step = (new - shares[at]) * lesson.side
            for word, value in lesson.values.items():
                weights[word] = weights.get(word, 0.0) + step * value
            furthest, shares[at] = max(furthest, abs(step)), new
        if furthest < _CLOSE:
            break
    return {word: rounded for word, weight in sorted(weights.items()) if (rounded := round(weight, 5))}


def taught(lesson: Lesson, learnt: Correction) -> Verdict:
    """What the model says of a lesson's article under a correction."""
    shift = learnt.shift(_pull(learnt.weights, lesson.values), lesson.language)
    return corrected(lesson.own, shift, limits=lesson.limits)


def unseen(lessons: Sequence[Lesson], usual: Background) -> list[tuple[Lesson, Verdict]]:
    """Each lesson with the verdict of a correction that was fitted without it: what teaching does to other articles."""
    judged = []
    for fold in range(FOLDS):
        inside = [lesson for lesson in lessons if _fold(lesson) != fold]
        outside = [lesson for lesson in lessons if _fold(lesson) == fold]
        learnt = correction(inside, usual)
        judged += [(lesson, taught(lesson, learnt)) for lesson in outside]
    return judged


def _share(lesson: Lesson, weights: dict[str, float], share: float, strength: float) -> float:
    """The lesson's multiplier a, where a = strength / (1 + e^(others + a)), the other lessons' pull being given."""
    others = lesson.side * (log_odds(lesson.own.score or 0.0) + _pull(weights, lesson.values)) - share
    low, high = 0.0, strength
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if middle < strength / (1 + exp(min(others + middle, 50.0))) else (low, middle)
    return (low + high) / 2


def _pull(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    return sum(value * weights.get(word, 0.0) for word, value in values.items())


def _fold(lesson: Lesson) -> int:
    return crc32(lesson.document.id.encode()) % FOLDS


def _read(document: Document) -> Reading:
    return read(document.title, document.text, common=frozenset(), language=document.language)
