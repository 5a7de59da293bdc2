"""Training: from labelled documents to a folder that `model.load` reads, the same bytes from the same input and seed.

The words are fitted first; the trees then see each row's word score from a model that has not seen its outlet, so they
learn how far to trust it. Calibration and thresholds come from the development set. Needs the `train` extra.
"""

from __future__ import annotations

import json
import lzma
from collections import Counter
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import sqrt
from typing import TYPE_CHECKING, Any

from crawler.classify.corpus import Document, copies, read_corpora
from crawler.classify.evaluate import evaluate
from crawler.classify.features import fingerprint
from crawler.classify.fit import fit_linear, fit_trees, out_of_fold, undisputed, unseen
from crawler.classify.model import FORMAT, META, WEIGHTS, Model, load
from crawler.classify.reading import read
from crawler.classify.rows import LOST_ELSEWHERE, TrainingError, chosen, joined, library, prepare, thin, with_scores
from crawler.classify.text import TEXT_LIMIT
from crawler.classify.thresholds import ELSEWHERE, UNLABELLED, Judged, calibrate, choose
from crawler.classify.tokens import tokens
from crawler.classify.trees import nodes, score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from crawler.classify.linear import Linear, Terms
    from crawler.classify.rows import Rows

LABEL_VERSION = 1  # of the definition in docs/label.md
EXTRACTION = "trafilatura 2.3.1"  # the training texts were cut from pages by this version
LEXICAL_LANGUAGES = ("en",)  # those with enough training text whose labels can be trusted

_COMMON_SHARE = 0.06  # of the documents; a word in more says nothing of what a title is about
_TRUST = {  # by the first part of a source's name: how far its labels mean what ours do
    "cti": 0.3, "cti-group": 0.3,  # vendors' reports, labelled by their tags
    "eurepoc": 0.7, "cfr-tracker": 0.7, "hackmageddon": 0.7,  # incident databases
    "misp-threat-actor": 0.7, "mitre-groups": 0.7,
}  # fmt: skip
_DOUBTED = {"zh": 0.6, "it": 0.6}  # positives labelled by pattern; about this share is right
_COPIED = 0.5  # a document and its copy share one vote
_HARD = 2.0  # a near miss teaches more than a recipe


Pair = tuple[Document, float]  # with its log-odds


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model is and what it was made of: counts and figures, no paths and no dates."""

    format: int
    version: str
    sha256: str  # of the weights file
    cues: str  # fingerprint of the lexicon, the names and the features
    label: int
    extraction: str
    seed: int
    trained_on: dict[str, Any]
    thresholds: dict[str, Any]
    dev: dict[str, Any]


def train(
    corpora: Sequence[Path], dev: Sequence[Path], out: Path, *, seed: int = 0, progress: Callable[[str], None]
) -> Card:
    """Train on `corpora`, tune and measure on `dev`, write the model to the folder `out`."""
    for name in ("numpy", "scipy", "sklearn", "lightgbm"):
        library(name)
    documents, judged = read_corpora(corpora), read_corpora(dev)
    _check(documents, "the corpora")
    _check(judged, "the development set")
    progress(f"{len(documents)} documents to train on, {len(judged)} to tune on")
    weights = _fit(documents, judged, seed=seed, progress=progress)
    version, digest = _store(weights, out)
    card = Card(
        format=FORMAT,
        version=version,
        sha256=digest,
        cues=fingerprint(),
        label=LABEL_VERSION,
        extraction=EXTRACTION,
        seed=seed,
        trained_on=_counts(documents),
        thresholds={name: route["thresholds"] for name, route in weights["routes"].items()},
        dev={},
    )
    _write_card(card, out)
    progress("measuring on the development set")
    card = Card(**{**asdict(card), "dev": evaluate(load(out), judged).headline()})
    _write_card(card, out)
    return card


def common_words(documents: Sequence[Document]) -> list[str]:
    """Words that stand in so many documents that sharing one means nothing, sorted."""
    seen: Counter[str] = Counter()
    for document in documents:
        seen.update(set(tokens(f"{document.title} {document.text[:TEXT_LIMIT]}")))
    return sorted(word for word, count in seen.items() if count >= max(_COMMON_SHARE * len(documents), 2))


def row_weights(documents: Sequence[Document], copied: set[str]) -> list[float]:
    """How much each row counts. Positives, being few, are raised by the square root of their rarity."""
    weights = [_weight(document) * (_COPIED if document.id in copied else 1.0) for document in documents]
    positive = sum(weight for weight, document in zip(weights, documents, strict=True) if document.espionage)
    raised = sqrt((sum(weights) - positive) / positive)
    return [
        weight * (raised if document.espionage else 1.0) for weight, document in zip(weights, documents, strict=True)
    ]


def _fit(
    documents: list[Document], judged: list[Document], *, seed: int, progress: Callable[[str], None]
) -> dict[str, Any]:
    words = common_words(documents)
    common = frozenset(words)
    twins = copies(documents, seed=seed)
    weights = row_weights([*documents, *twins], {twin.id for twin in twins})
    rows = prepare([*documents, *twins], common=common, weights=weights)
    progress(f"read {len(rows.labels)} rows")
    scores = out_of_fold(rows, seed=seed, progress=progress)
    linear = fit_linear(rows, seed=seed)
    lexical_rows = with_scores(rows, scores)
    kept = undisputed(lexical_rows, seed=seed)
    progress(f"fitted the words; {len(rows.labels) - len(kept)} rows with disputed labels are kept from the trees")
    thinned = [at for at in kept if at < len(documents)]
    poorer = thin(documents, thinned, rows, common=common, seed=seed)
    sure = chosen(lexical_rows, kept)
    cue_rows = joined(chosen(rows, kept), poorer)
    lexical, cues = fit_trees(sure, seed=seed), fit_trees(cue_rows, seed=seed)
    progress("fitted the trees; choosing thresholds")
    tuning = prepare(judged, common=common, weights=[1.0] * len(judged), lexical=False)
    as_elsewhere = thin(judged, range(len(judged)), tuning, common=common, seed=seed, lost=LOST_ELSEWHERE)
    spoken = [linear.score(read(each.title, each.text, common=common, language=each.language))[0] for each in judged]
    return {
        "common": words,
        "lexical_languages": list(LEXICAL_LANGUAGES),
        "linear": _stored_linear(linear),
        "routes": {
            "lexical": _lexical_route(
                lexical,
                _tuned(lexical, with_scores(tuning, spoken), judged),
                _press(documents, kept, unseen(sure, seed=seed)),
            ),
            "cues": _cues_route(
                cues,
                _tuned(cues, tuning, judged),
                _tuned(cues, as_elsewhere, judged),
                _press(documents, thinned, unseen(cue_rows, seed=seed)[len(kept) :]),
            ),
        },
    }


def _lexical_route(trees: list[Any], tuned: Sequence[Pair], press: Sequence[Pair]) -> dict[str, Any]:
    slope, shift = _calibrated([*tuned, *press])
    judged = [Judged.of(*pair, slope, shift, dev=True) for pair in tuned]
    judged += [Judged.of(*pair, slope, shift, dev=False) for pair in press]
    return {"trees": trees, "slope": slope, "shift": shift, "thresholds": choose(judged)}


def _cues_route(
    trees: list[Any], tuned: Sequence[Pair], poorer: Sequence[Pair], press: Sequence[Pair]
) -> dict[str, Any]:
    """Calibrated, and its bars chosen, on what a poorer lexicon makes of English.

    But for languages with enough labels of their own: theirs are chosen on those, read with all cues.
    """
    slope, shift = _calibrated([*poorer, *press])
    english = [pair for pair in poorer if pair[0].language in LEXICAL_LANGUAGES]
    judged = [Judged.of(*pair, slope, shift, dev=True) for pair in english]
    judged += [Judged.of(*pair, slope, shift, dev=False) for pair in press]
    full = choose([Judged.of(*pair, slope, shift, dev=True) for pair in tuned], precision=ELSEWHERE)
    own = {code: bars for code, bars in full.items() if code not in UNLABELLED}
    return {"trees": trees, "slope": slope, "shift": shift, "thresholds": choose(judged, precision=ELSEWHERE) | own}


def _calibrated(pairs: Sequence[Pair]) -> tuple[float, float]:
    return calibrate([value for _, value in pairs], [document.espionage for document, _ in pairs])


def _tuned(trees: list[Any], rows: Rows, documents: Sequence[Document]) -> list[Pair]:
    """Documents of the development set with their log-odds."""
    grown = nodes(trees)
    return [
        (document, score(grown, row)[0])
        for document, row in zip(documents, rows.dense.tolist(), strict=True)
        if not document.borderline
    ]


def _press(documents: Sequence[Document], taken: Sequence[int], log_odds: Sequence[float]) -> list[Pair]:
    """Articles of the press whose labels can be trusted, as judged by trees that have not seen their outlet."""
    pairs = [(at, float(value)) for at, value in zip(taken, log_odds, strict=True)]
    return [
        (documents[at], value)
        for at, value in pairs
        if at < len(documents)
        and documents[at].source.split("/")[0] not in _TRUST
        and documents[at].language not in _DOUBTED
        and not documents[at].borderline
    ]


def _stored_linear(linear: Linear) -> dict[str, Any]:
    def table(terms: Terms) -> list[tuple[str, float, float]]:
        return [(term, idf, weight) for term, (idf, weight) in sorted(terms.items())]

    return {"title": table(linear.title), "body": table(linear.body), "bias": linear.bias}


def _store(weights: dict[str, Any], out: Path) -> tuple[str, str]:
    out.mkdir(parents=True, exist_ok=True)
    plain = json.dumps(weights, ensure_ascii=False, separators=(",", ":")).encode()
    packed = lzma.compress(plain, preset=9)
    Model(version="", weights=json.loads(plain))  # what cannot be read back is not written
    (out / WEIGHTS).write_bytes(packed)
    digest = sha256(packed).hexdigest()
    return f"gate-{FORMAT}.{LABEL_VERSION}-{digest[:8]}", digest


def _write_card(card: Card, out: Path) -> None:
    (out / META).write_text(
        json.dumps(asdict(card), indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )


def _weight(document: Document) -> float:
    weight = _TRUST.get(document.source.split("/")[0], 1.0)
    if document.espionage and document.label_kind == "weak":
        weight *= _DOUBTED.get(document.language or "", 1.0)
    return weight * (_HARD if document.hard_negative else 1.0)


def _check(documents: Sequence[Document], what: str) -> None:
    if len({document.espionage for document in documents}) < 2:  # noqa: PLR2004 - both labels
        raise TrainingError(
            f"{what} must hold documents of both labels, espionage and other; found {len(documents)} documents"
        )


def _counts(documents: Sequence[Document]) -> dict[str, Any]:
    languages = Counter(document.language or "" for document in documents)
    return {
        "documents": len(documents),
        "espionage": sum(document.espionage for document in documents),
        "hard_negatives": sum(document.hard_negative for document in documents),
        "sources": len({document.source for document in documents}),
        "languages": dict(sorted(languages.items())),
    }
