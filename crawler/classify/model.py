"""The model: loads its weights, judges a text.

Two routes lead to a verdict. Languages with training text go through cues and words; all others through cues alone,
which mean the same in every language that has a lexicon. Each route has its own thresholds. A text in a language with
neither is held and never rejected.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from hashlib import sha256
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.classify.cues import LANGUAGES
from crawler.classify.evidence import evidence
from crawler.classify.features import fingerprint, vector
from crawler.classify.linear import Linear
from crawler.classify.quotes import Quotes
from crawler.classify.reading import concludes, read, silent, speaks_of_intrusion
from crawler.classify.signs import Signs, signs, without
from crawler.classify.text import TEXT_LIMIT, TITLE_LIMIT, is_teaser, legible
from crawler.classify.trace import trace
from crawler.classify.trees import nodes, score
from crawler.classify.why import why
from crawler.errors import ModelDamagedError, ModelMissingError
from storage.records import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.classify.reading import Reading
    from crawler.classify.trace import Trace
    from crawler.classify.trees import Node

PACKAGED = Path(__file__).parent / "model"
WEIGHTS, META = "weights.json.xz", "meta.json"
FORMAT = 1
TEASER_DOUBT = 0.25  # of the reject bar: so little text says little against a story, too

_CURE = "rebuild it with `spywire train`, or reinstall the package"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Flag at or above `flag` (`teaser` where only a teaser was read), reject below `reject`, hold between."""

    flag: float
    teaser: float
    reject: float


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a verdict: its trees, its calibration (p = 1 / (1 + e^-(slope x + shift))), its thresholds."""

    trees: list[Node]
    slope: float
    shift: float
    thresholds: dict[str, Thresholds]  # by language; "" for the rest

    def probability(self, log_odds: float) -> float:
        """Calibrated on the development set (J. Platt, 1999)."""
        x = max(-30.0, min(30.0, self.slope * log_odds + self.shift))
        return 1.0 / (1.0 + exp(-x))

    def bars(self, language: str | None) -> Thresholds:
        """The thresholds for a language."""
        return self.thresholds.get(language or "", self.thresholds[""])


@dataclass(frozen=True, slots=True)
class _Opinion:
    """What the model makes of one reading."""

    decision: Decision
    probability: float
    flag: float
    reject: float
    trace: Trace


class Model:
    """Judges texts. Holds no state between them; safe to share between threads."""

    def __init__(self, *, version: str, weights: Mapping[str, Any]) -> None:
        self.version = version
        self.card: dict[str, Any] = {}
        self._common = frozenset(weights["common"])
        self._linear = Linear(
            title={term: (idf, weight) for term, idf, weight in weights["linear"]["title"]},
            body={term: (idf, weight) for term, idf, weight in weights["linear"]["body"]},
            bias=weights["linear"]["bias"],
        )
        self._lexical_languages = frozenset(weights["lexical_languages"])
        self._lexical = _route(weights["routes"]["lexical"])
        self._cues = _route(weights["routes"]["cues"])

    def judge(self, *, title: str, text: str, language: str | None = None, teaser: bool | None = None) -> Verdict:
        """The verdict on an article, for every input there is. Reads the first `TEXT_LIMIT` characters of the text.

        A `teaser` is not the whole article; whoever does not know leaves it out, and the text's length decides.
        """
        if not legible(f"{title[:TITLE_LIMIT]} {text[:TEXT_LIMIT]}"):
            return self._unread()
        reading = read(title, text, common=self._common, language=language)
        if not (reading.title.words or reading.body):
            return self._unread()
        short = is_teaser(text) if teaser is None else teaser
        raised = signs(reading, title=title, text=text)
        rest, opinion, decision = self._decide(reading, raised, teaser=short)
        quotes = Quotes(rest, title=title, text=text)
        line = why(decision, quotes, opinion.trace, opinion.probability)
        if decision is not opinion.decision:
            line = f"{' and '.join(raised.names)} would decide it, so a person must: " + line
        elif raised.names:
            line += f" · {' and '.join(raised.names)}"
        return Verdict(
            decision=decision,
            score=opinion.probability,
            threshold=opinion.flag,
            reject_below=opinion.reject,
            model=self.version,
            why=line + " · judged on a teaser" * short,
            evidence=evidence(quotes, opinion.trace),
            signs=tuple(str(name) for name in raised.names),
        )

    def _decide(self, reading: Reading, raised: Signs, *, teaser: bool) -> tuple[Reading, _Opinion, Decision]:
        """What was read in earnest, what the model makes of it, and the decision.

        Doubtful segments are left out. Where they would have changed the decision, or nothing is left without them, it
        is a hold.
        """
        rest = without(reading, raised.doubtful)
        if not (rest.title.words or rest.body):
            return reading, self._weigh(reading, teaser=teaser), Decision.HOLD
        opinion = self._weigh(rest, teaser=teaser)
        if raised.doubtful and self._weigh(reading, teaser=teaser).decision is not opinion.decision:
            return rest, opinion, Decision.HOLD
        return rest, opinion, opinion.decision

    def _weigh(self, reading: Reading, *, teaser: bool) -> _Opinion:
        """What the model makes of a reading, and where that came from."""
        row = vector(reading)
        parts: list[tuple[str, float]] = []
        route = self._cues
        if reading.language in self._lexical_languages:
            route = self._lexical
            linear, parts = self._linear.score(reading)
            row.append(linear)
        log_odds, given, _ = score(route.trees, row)
        bars, probability = route.bars(reading.language), route.probability(log_odds)
        flag, reject = (bars.teaser, bars.reject * TEASER_DOUBT) if teaser else (bars.flag, bars.reject)
        if silent(reading):
            probability = min(probability, reject / 2)
        probability = round(probability, 6)
        decision = decide(probability, flag=flag, reject=reject, covered=reading.language in LANGUAGES)
        if teaser and decision is Decision.FLAG and not speaks_of_intrusion(reading):
            decision = Decision.HOLD
        if decision is Decision.REJECT and concludes(reading) and not silent(reading):
            decision = Decision.HOLD
        return _Opinion(decision, probability, flag, reject, trace(reading, given, parts))

    def _unread(self) -> Verdict:
        bars = self._cues.bars(None)
        return Verdict(
            decision=Decision.HOLD,
            score=None,
            threshold=bars.flag,
            reject_below=bars.reject,
            model=self.version,
            why="nothing to read: no words in title or text",
        )


def decide(probability: float, *, flag: float, reject: float, covered: bool) -> Decision:
    """The three-way answer. A language that is not covered is never rejected."""
    if probability >= flag:
        return Decision.FLAG
    return Decision.REJECT if probability < reject and covered else Decision.HOLD


def load(path: Path = PACKAGED) -> Model:
    """The model in a folder of weights and their card.

    Raises `ModelMissingError` where there is none, `ModelDamagedError` where the bytes are not those that were trained
    or the cues are not those they were trained with.
    """
    card = _card(path)
    try:
        packed = (path / WEIGHTS).read_bytes()
    except OSError as error:
        raise ModelMissingError(f"no model at {path / WEIGHTS}: {error.strerror}; {_CURE}") from error
    if (found := sha256(packed).hexdigest()) != card.get("sha256"):
        raise ModelDamagedError(
            f"the model at {path / WEIGHTS} is damaged: sha256 {found}, not {card.get('sha256')}; {_CURE}"
        )
    if card.get("cues") != fingerprint():
        raise ModelDamagedError(
            f"the model at {path} was trained with other cues or features than this version has; {_CURE}"
        )
    return _unpack(path, packed, card)


def _card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads((path / META).read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelMissingError(f"no model at {path / META}: {error.strerror}; {_CURE}") from error
    except ValueError as error:
        raise ModelDamagedError(f"the model's card at {path / META} cannot be read: {error}; {_CURE}") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ModelDamagedError(f"the model at {path} is not of format {FORMAT}, the one this version reads; {_CURE}")
    return card


def _unpack(path: Path, packed: bytes, card: dict[str, Any]) -> Model:
    try:
        model = Model(version=card["version"], weights=json.loads(lzma.decompress(packed)))
    except (lzma.LZMAError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ModelDamagedError(f"the model at {path / WEIGHTS} cannot be read: {error!r}; {_CURE}") from error
    model.card = card
    return model


def _route(stored: Mapping[str, Any]) -> Route:
    bars = {language: Thresholds(*values) for language, values in stored["thresholds"].items()}
    return Route(trees=nodes(stored["trees"]), slope=stored["slope"], shift=stored["shift"], thresholds=bars)
