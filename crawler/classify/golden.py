"""The golden set: short articles written for this program, on both sides of the line and near it. They never change.

A model that is to take over must be no worse on them. They are the truth, also where the packaged model errs; nothing
is ever trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.classify.corpus import read_corpora
from crawler.errors import ModelDamagedError
from storage.records import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.classify.corpus import Document
    from crawler.classify.model import Model

FILE = Path(__file__).parent / "golden.jsonl"
SHA256 = "2590cef522f60e0a535638c8dfb639accdd458efa87bb99c0bbfe5a7ed0c5311"


@dataclass(frozen=True, kw_only=True)
class Score:
    """How a model did on labelled articles, by what it flags. `held` counts espionage that it holds for a person."""

    right: int
    flagged: int
    espionage: int
    held: int
    documents: int

    @property
    def precision(self) -> Fraction:
        """Of what was flagged, the share that is espionage; 1 when nothing was flagged."""
        return Fraction(self.right, self.flagged) if self.flagged else Fraction(1)

    @property
    def recall(self) -> Fraction:
        """Of the espionage, the share that was flagged; 1 when there is none."""
        return Fraction(self.right, self.espionage) if self.espionage else Fraction(1)

    def worse_than(self, other: Score) -> list[str]:
        """What has dropped, by name."""
        pairs = (("precision", self.precision, other.precision), ("recall", self.recall, other.recall))
        return [name for name, mine, theirs in pairs if mine < theirs]

    def __str__(self) -> str:
        return (
            f"precision {float(self.precision):.3f} ({self.right}/{self.flagged})  "
            f"recall {float(self.recall):.3f} ({self.right}/{self.espionage}), {self.held} more held"
        )


def golden() -> list[Document]:
    """The articles. Raises `ModelDamagedError` if a byte of them has changed."""
    if (found := sha256(FILE.read_bytes()).hexdigest()) != SHA256:
        raise ModelDamagedError(
            f"the golden set at {FILE} was changed: sha256 {found}, not {SHA256}; reinstall spywire"
        )
    return read_corpora([FILE])


def examine(model: Model, documents: Sequence[Document]) -> Score:
    """Let a model judge labelled articles."""
    verdicts = (model.judge(title=each.title, text=each.text, language=each.language) for each in documents)
    return tally(zip((each.espionage for each in documents), (verdict.decision for verdict in verdicts), strict=True))


def tally(answers: Iterable[tuple[bool, Decision]]) -> Score:
    """Count pairs of the truth and what a model said."""
    pairs = list(answers)
    flagged = [espionage for espionage, said in pairs if said is Decision.FLAG]
    return Score(
        right=sum(flagged),
        flagged=len(flagged),
        espionage=sum(espionage for espionage, _ in pairs),
        held=sum(espionage and said is Decision.HOLD for espionage, said in pairs),
        documents=len(pairs),
    )
