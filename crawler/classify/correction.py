"""A correction that labels teach: log-odds added to a model's own near what people labelled, next to none elsewhere.

It is linear in the words of title and text, weighed by how rare they are (TF-IDF, unit length), so an article moves as
far as it resembles the labelled ones. It never speaks where the model did not: a text without a score, with a sign of
manipulation, or in a language that is not covered keeps its verdict.
"""

from __future__ import annotations

import json
import lzma
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from hashlib import sha256
from math import exp, log, sqrt
from typing import TYPE_CHECKING, Any

from crawler.classify.cues import LANGUAGES, function_words
from crawler.classify.linear import damped
from crawler.classify.model import META, PACKAGED, WEIGHTS, Model, decide, load
from crawler.classify.quotes import Quotes
from crawler.classify.reading import read, speaks_of_intrusion
from crawler.classify.text import is_teaser
from crawler.classify.why import shown
from crawler.errors import ModelDamagedError, ModelMissingError
from storage.records import Decision, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from crawler.classify.reading import Reading
    from storage.records import Verdict

FORMAT = "correction-1"
LIMIT = 3.0  # log-odds; however many labels speak, a text full of their words moves no further

_TITLE = 3  # a word in the title counts as often
_FAINT = 0.05  # log-odds; a smaller correction is none
_SURE = 1e-6  # no probability is nearer to 0 or 1 than this
_NAMED = 3  # terms in the evidence
_CURE = "fit it again with `spywire train --from-labels`, or go back with `spywire model rollback`"


@dataclass(frozen=True, slots=True)
class Background:
    """What is usual in an archive: how rare words are, any other being `rarest`; what articles of a language hold."""

    rarity: dict[str, float]
    rarest: float
    usual: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Correction:
    """Weights of words, and what they come to in the usual article of each language: that much is no lesson."""

    weights: dict[str, float]
    usual: dict[str, float]
    rarity: dict[str, float]
    rarest: float

    def score(self, reading: Reading) -> tuple[float, list[tuple[str, float]]]:
        """The log-odds to add, and each word's part of them, before the limit."""
        values = bag(words(reading), self.rarity, self.rarest)
        parts = [(word, value * self.weights[word]) for word, value in values.items() if word in self.weights]
        return self.shift(sum(part for _, part in parts), reading.language or ""), parts

    def shift(self, total: float, language: str) -> float:
        """What is left of a sum beyond what is usual; never past zero, never past the limit."""
        usual = self.usual.get(language, 0.0)
        left = total - usual if total * usual > 0 else total
        return max(-LIMIT, min(LIMIT, left)) if left * total > 0 else 0.0


class Corrected(Model):
    """A model and a correction. Judges as the model does, then adds what the labels taught."""

    def __init__(self, parent: Model, correction: Correction, *, version: str) -> None:
        self.version = version
        self.card: dict[str, Any] = {}
        self._parent, self._correction = parent, correction

    @property
    def words(self) -> dict[str, float]:
        """What the labels taught about each word, in log-odds for a text of that word alone."""
        return self._correction.weights

    def judge(self, *, title: str, text: str, language: str | None = None, teaser: bool | None = None) -> Verdict:
        """The verdict, with what the labels added in its reason and evidence."""
        own = self._parent.judge(title=title, text=text, language=language, teaser=teaser)
        if own.score is None or own.signs:
            return replace(own, model=self.version)
        reading = read(title, text, common=frozenset(), language=language)
        shift, parts = self._correction.score(reading)
        moved = corrected(own, shift, limits=limits_of(reading, text, teaser=teaser))
        if moved is own:
            return replace(own, model=self.version)
        strongest = sorted(parts, key=lambda part: (-part[1] * shift, part[0]))[:_NAMED]
        quotes = Quotes(reading, title=title, text=text)
        pieces = tuple(piece for part in strongest if (piece := _evidence(quotes, *part)))
        named = " + ".join(f'"{piece.text}"' for piece in pieces[:2])
        why = f"{own.why} · taught {shift:+.1f}: {named}, {shown(moved.score or 0.0)}"
        return replace(moved, model=self.version, why=why, evidence=(*pieces, *own.evidence))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model never does by score alone, and a correction neither."""

    covered: bool = True  # else it is not rejected
    flaggable: bool = True  # else it is not flagged


def limits_of(reading: Reading, text: str, *, teaser: bool | None = None) -> Limits:
    """A language without cues is not rejected, a teaser that speaks of no intrusion not flagged."""
    short = is_teaser(text) if teaser is None else teaser
    return Limits(covered=reading.language in LANGUAGES, flaggable=not short or speaks_of_intrusion(reading))


def corrected(own: Verdict, shift: float, *, limits: Limits) -> Verdict:
    """A verdict moved by some log-odds, by its own thresholds; itself where there is nothing to move.

    Where the model held an article for another reason than its score, that reason stays in force.
    """
    if own.score is None or own.signs or abs(shift) < _FAINT:
        return own
    score = round(_probability(log_odds(own.score) + shift), 6)
    if _decision(own.score, own, limits) is not own.decision:
        return replace(own, score=score)
    return replace(own, score=score, decision=_decision(score, own, limits))


def bag(counts: Mapping[str, int], rarity: Mapping[str, float], rarest: float) -> dict[str, float]:
    """The words of an article by their weight, as a vector of unit length."""
    values = {word: damped(count) * rarity.get(word, rarest) for word, count in counts.items()}
    length = sqrt(sum(value * value for value in values.values())) or 1.0
    return {word: value / length for word, value in values.items() if value}


def words(reading: Reading) -> Counter[str]:
    """How often each word is used, the title's more than once; the commonest words of the language are left out."""
    counts: Counter[str] = Counter()
    for segment in reading.body:
        counts.update(segment.words)
    for word in reading.title.words:
        counts[word] += _TITLE
    spoken = reading.language if reading.language in LANGUAGES else "en"
    for word in function_words(spoken or "en"):
        counts.pop(word, None)
    return counts


def log_odds(probability: float) -> float:
    """Of a probability, which is kept from certainty."""
    p = max(_SURE, min(1 - _SURE, probability))
    return log(p / (1 - p))


def load_any(path: Path = PACKAGED) -> Model:
    """The model in a folder, whether it stands alone or corrects another. Raises `ModelError`."""
    card = _card(path)
    if card.get("format") != FORMAT:
        return load(path)
    weights = _weights(path, str(card.get("sha256")))
    parent = parent_of(path, card)
    if parent.version != weights["parent"]:
        raise ModelDamagedError(
            f"the model at {path} corrects {weights['parent']}, and what is here is {parent.version}; {_CURE}"
        )
    model = Corrected(parent, unpack(weights), version=str(card["version"]))
    model.card = card
    return model


def parent_of(path: Path, card: Mapping[str, Any]) -> Model:
    """The model that a correction corrects: it lies beside it, or came with the program."""
    beside = path.parent / str(card["parent"])
    return load(beside if beside.is_dir() else PACKAGED)


def pack(correction: Correction, *, parent: str) -> bytes:
    """The weights as they are stored: the same correction gives the same bytes."""
    plain = {
        "parent": parent,
        "usual": dict(sorted(correction.usual.items())),
        "rarest": correction.rarest,
        "rarity": dict(sorted(correction.rarity.items())),
        "weights": dict(sorted(correction.weights.items())),
    }
    return lzma.compress(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(), preset=9)


def unpack(plain: Mapping[str, Any]) -> Correction:
    """The correction, from the stored form."""
    return Correction(weights=plain["weights"], usual=plain["usual"], rarity=plain["rarity"], rarest=plain["rarest"])


def unit(documents: int, holding: int) -> float:
    """How rare a word is that so many of the documents hold (inverse document frequency); 0 for one in all."""
    return round(log((1 + documents) / (1 + holding)), 4)


def background(readings: Iterable[Reading], keep: AbstractSet[str]) -> Background:
    """What is usual among some texts, told of the words of `keep`; rarity also of every other that is not rare."""
    counts = [(reading.language or "", words(reading)) for reading in readings]
    seen = Counter(word for _, each in counts for word in each)
    common, rarest = max(2, len(counts) // 100), unit(len(counts), 0)
    rarity = {word: unit(len(counts), n) for word, n in seen.items() if n >= common or word in keep}
    spoken = Counter(language for language, _ in counts)
    usual: dict[str, dict[str, float]] = {language: defaultdict(float) for language in spoken}
    for language, each in counts:
        for word, value in bag(each, rarity, rarest).items():
            if word in keep:
                usual[language][word] += value / spoken[language]
    return Background(rarity=rarity, rarest=rarest, usual=usual)


def _evidence(quotes: Quotes, word: str, part: float) -> Evidence | None:
    where = quotes.find((word,))
    if where is None:
        return None
    return Evidence(text=quotes.whole[where[0] : where[1]], weight=round(part, 2), start=where[0], end=where[1])


def _decision(score: float, own: Verdict, limits: Limits) -> Decision:
    said = decide(score, flag=own.threshold, reject=own.reject_below, covered=limits.covered)
    return Decision.HOLD if said is Decision.FLAG and not limits.flaggable else said


def _probability(x: float) -> float:
    return 1 / (1 + exp(-x))


def _card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads((path / META).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelMissingError(f"no model at {path / META}: {error.strerror}; {_CURE}") from error
    except ValueError as error:
        raise ModelDamagedError(f"the model's card at {path / META} cannot be read: {error}; {_CURE}") from error
    return card if isinstance(card, dict) else {}


def _weights(path: Path, digest: str) -> dict[str, Any]:
    file = path / WEIGHTS
    try:
        packed = file.read_bytes()
    except OSError as error:
        raise ModelMissingError(f"no model at {file}: {error.strerror}; {_CURE}") from error
    if (found := sha256(packed).hexdigest()) != digest:
        raise ModelDamagedError(f"the model at {file} is damaged: sha256 {found}, not {digest}; {_CURE}")
    weights: dict[str, Any] = json.loads(lzma.decompress(packed))
    return weights
