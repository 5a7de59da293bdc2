"""How good the gate is on labelled documents: figures with intervals, by kind of label, language, year and source.

Borderline documents are left out. A document that could not be read counts as probability 0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from crawler.classify.marks import Ranked, by_score, intervals, marks
from storage.records import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crawler.classify.corpus import Document
    from crawler.classify.model import Model

_KEPT = f"{'kept':>5} {'held':>6} {'false':>7}"
_MARKS = {"f1": "F1", "best_f1": "best F1", "average_precision": "AP", "recall_at_precision": "R@.9"}
_Z = 1.96  # 95 % intervals


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `of` documents, with its Wilson interval (E. B. Wilson, 1927)."""

    value: float
    low: float
    high: float
    of: int

    @classmethod
    def count(cls, hits: int, of: int) -> Share:
        """`hits` of `of`; nothing of nothing is 0, known to nobody."""
        if not of:
            return cls(0.0, 0.0, 1.0, 0)
        p, z = hits / of, _Z * _Z
        middle, spread = p + z / (2 * of), _Z * sqrt(p * (1 - p) / of + z / (4 * of * of))
        return cls(p, max(0.0, (middle - spread) / (1 + z / of)), min(1.0, (middle + spread) / (1 + z / of)), of)

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one group of documents came to. `f1` is at the flag threshold, `best_f1` at the best there is."""

    documents: int
    espionage: int
    precision: Share
    recall: Share
    f1: float
    best_f1: float
    average_precision: float
    recall_at_precision: float
    false_flags: Share  # of the documents that are not espionage
    not_rejected: Share  # of the espionage
    held: Share  # of all
    intervals: dict[str, tuple[float, float]]  # 95 %, of the four marks that are no shares


@dataclass(frozen=True, slots=True)
class Report:
    """Figures for all documents and for parts of them."""

    model: str
    overall: Figures
    hard_negatives: Figures
    other_negatives: Figures  # neither espionage nor a near miss: the general press
    labels: dict[str, Figures]  # by language and kind of label: "en hand"
    languages: dict[str, Figures]
    years: dict[str, Figures]
    sources: dict[str, Figures]
    borderline: int  # left out

    def __str__(self) -> str:
        return render(self)

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self)

    def headline(self) -> dict[str, Any]:
        """The few numbers a model's card carries."""
        named = {"all": self.overall, **self.languages}
        return {name: _headline(figures) for name, figures in named.items() if figures.espionage}


@dataclass(frozen=True, slots=True)
class _Outcome:
    document: Document
    score: float
    decision: Decision


def evaluate(model: Model, documents: Sequence[Document]) -> Report:
    """Judge every document and compare."""
    clear = [document for document in documents if not document.borderline]
    outcomes = [_judge(model, document) for document in clear]
    return Report(
        model=model.version,
        overall=figures(outcomes),
        hard_negatives=figures([each for each in outcomes if each.document.hard_negative]),
        other_negatives=figures([each for each in outcomes if _plain(each.document)]),
        labels=_by(outcomes, lambda each: f"{each.document.language or 'unknown'} {each.document.label_kind}"),
        languages=_by(outcomes, lambda each: each.document.language or "unknown"),
        years=dict(sorted(_by(outcomes, lambda each: each.document.year or "undated").items())),
        sources=_by(outcomes, lambda each: each.document.source),
        borderline=len(documents) - len(clear),
    )


def figures(outcomes: Sequence[_Outcome]) -> Figures:
    """The figures of a group of outcomes."""
    flagged = [each for each in outcomes if each.decision is Decision.FLAG]
    espionage = [each for each in outcomes if each.document.espionage]
    right = sum(each.document.espionage for each in flagged)
    ranked = by_score(
        [Ranked(each.score, each.document.espionage, each.decision is Decision.FLAG) for each in outcomes]
    )
    found = marks(ranked)
    return Figures(
        documents=len(outcomes),
        espionage=len(espionage),
        precision=Share.count(right, len(flagged)),
        recall=Share.count(right, len(espionage)),
        f1=found.f1,
        best_f1=found.best_f1,
        average_precision=found.average_precision,
        recall_at_precision=found.recall_at_precision,
        false_flags=Share.count(len(flagged) - right, len(outcomes) - len(espionage)),
        not_rejected=Share.count(sum(each.decision is not Decision.REJECT for each in espionage), len(espionage)),
        held=Share.count(sum(each.decision is Decision.HOLD for each in outcomes), len(outcomes)),
        intervals=intervals(ranked),
    )


def render(report: Report) -> str:
    """The report as a table of plain text, the intervals of the whole beneath it."""
    parts = [
        {"all": report.overall, "hard negatives": report.hard_negatives, "other negatives": report.other_negatives},
        report.labels, report.languages, report.years, report.sources,
    ]  # fmt: skip
    width = max(len(name) for part in parts for name in part)
    quality = f"{'F1':>5} {'best':>5} {'AP':>5} {'R@.9':>5}"
    head = f"{'':{width}}  {'docs':>6} {'esp.':>5}  {'precision':>20}  {'recall':>20}  {quality}  {_KEPT}"
    blocks = ["\n".join(f"{name:{width}}  {_row(each)}" for name, each in part.items()) for part in parts]
    foot = f"model {report.model}; {report.borderline} borderline left out; kept: not rejected; false: wrong flags"
    return "\n\n".join([f"{head}\n{blocks[0]}", *blocks[1:], *_spans(report), foot])


def _spans(report: Report) -> list[str]:
    """The 95 % intervals of the marks, for all documents and for those labelled by hand."""
    named = {"all": report.overall} | {name: each for name, each in report.labels.items() if name.endswith(" hand")}
    lines = [
        f"{name}: " + ", ".join(f"{_MARKS[mark]} {low:.3f}-{high:.3f}" for mark, (low, high) in each.intervals.items())
        for name, each in named.items()
        if each.intervals
    ]
    return ["95 % intervals\n" + "\n".join(lines)] if lines else []


def _row(each: Figures) -> str:
    counts = f"{each.documents:6d} {each.espionage:5d}"
    if not each.espionage:
        blank = f"{'':20}  {'':20}  {'':5} {'':5} {'':5} {'':5}  {'':5}"
        return f"{counts}  {blank} {each.held.value:6.3f} {each.false_flags.value:7.4f}"
    quality = f"{each.f1:5.3f} {each.best_f1:5.3f} {each.average_precision:5.3f} {each.recall_at_precision:5.3f}"
    kept = f"{each.not_rejected.value:5.3f} {each.held.value:6.3f} {each.false_flags.value:7.4f}"
    return f"{counts}  {each.precision!s:>20}  {each.recall!s:>20}  {quality}  {kept}"


def _headline(each: Figures) -> dict[str, Any]:
    values = {
        "precision": each.precision.value,
        "recall": each.recall.value,
        "f1": each.f1,
        "best_f1": each.best_f1,
        "average_precision": each.average_precision,
        "not_rejected": each.not_rejected.value,
        "held": each.held.value,
    }
    return {
        "documents": each.documents,
        "espionage": each.espionage,
        **{name: round(value, 4) for name, value in values.items()},
    }


def _judge(model: Model, document: Document) -> _Outcome:
    verdict = model.judge(title=document.title, text=document.text, language=document.language)
    return _Outcome(document, verdict.score or 0.0, verdict.decision)


def _by(outcomes: Iterable[_Outcome], key: Callable[[_Outcome], str]) -> dict[str, Figures]:
    groups: dict[str, list[_Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return {name: figures(group) for name, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))}


def _plain(document: Document) -> bool:
    return not (document.espionage or document.hard_negative)
