"""The recall audit in numbers: which rejects to ask people about, and what their answers say of all the others.

Rejects are drawn in three strata by how close their score came to the threshold, as many from each: most of what is
missed lies near it, most of what is rejected far below. The share missed is the strata's shares weighed by their size;
its interval joins the strata's Clopper-Pearson intervals (1934) by the method of variance estimates recovery (G. Zou,
A. Donner, "Construction of confidence limits about effect measures", 2008).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from math import exp, lgamma, log, log1p, sqrt
from typing import TYPE_CHECKING

from storage.records import Draw, Stratum, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from storage.records import Reject

NEAR, MIDDLE = 0.4, 0.1  # of the reject threshold; a score at or above is in that stratum
CONFIDENCE = 0.95

_HALVINGS = 60


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What is known of one stratum: of `size` rejects `asked` were answered, `missed` of these are espionage."""

    stratum: Stratum
    size: int
    asked: int
    missed: int


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The share of the rejects that are espionage, with its 95 % interval. None while no answer is there."""

    strata: tuple[Answers, ...]
    share: float | None
    low: float
    high: float

    @property
    def rejects(self) -> int:
        """How many rejects it speaks of."""
        return sum(each.size for each in self.strata)

    @property
    def unasked(self) -> tuple[Stratum, ...]:
        """Strata of which nothing is known: they may be anything, and the interval says so."""
        return tuple(each.stratum for each in self.strata if each.size and not each.asked)


def stratum_of(reject: Reject) -> Stratum:
    """Where a reject lies below its own threshold."""
    ratio = reject.score / reject.reject_below if reject.reject_below else 0.0
    return Stratum.NEAR if ratio >= NEAR else Stratum.MIDDLE if ratio >= MIDDLE else Stratum.FAR


def sample(rejects: Iterable[Reject], n: int, seed: date, *, of: str = "") -> tuple[Draw, ...]:
    """`n` rejects, a third of each stratum, those nearest to the threshold first.

    The same day gives the same draw, whatever the order of the rejects; `of` names one of several draws of a day. What
    a stratum lacks the others give.
    """
    strata: dict[Stratum, list[Reject]] = {stratum: [] for stratum in Stratum}
    for reject in rejects:
        strata[stratum_of(reject)].append(reject)
    return tuple(
        Draw(day=seed, stratum=stratum, size=len(strata[stratum]), reject=reject)
        for stratum, share in _shares({stratum: len(some) for stratum, some in strata.items()}, n).items()
        for reject in sorted(strata[stratum], key=lambda reject: _lot(seed, reject, of))[:share]
    )


def answers(waiting: Iterable[Reject], draws: Sequence[Draw]) -> tuple[Answers, ...]:
    """The strata of a period: rejects that were never drawn, and those that were, with what people said of them."""
    size = Counter(map(stratum_of, waiting)) + Counter(draw.stratum for draw in draws)
    said = Counter((draw.stratum, draw.answer) for draw in draws)
    return tuple(
        Answers(
            stratum=stratum,
            size=size[stratum],
            asked=said[stratum, Word.FLAG] + said[stratum, Word.REJECT],
            missed=said[stratum, Word.FLAG],
        )
        for stratum in Stratum
    )


def estimate(strata: Sequence[Answers]) -> Estimate:
    """What the answers say of all rejects, if those in a stratum were drawn at random from it."""
    total = sum(each.size for each in strata)
    if not total or not any(each.asked for each in strata):
        return Estimate(strata=tuple(strata), share=None, low=0.0, high=1.0)
    share = below = above = 0.0
    for each in strata:
        weight, p = each.size / total, each.missed / each.asked if each.asked else 0.0
        low, high = (p, p) if each.asked >= each.size else interval(each.missed, each.asked)
        share += weight * p
        below += (weight * (p - low)) ** 2
        above += (weight * (high - p)) ** 2
    return Estimate(
        strata=tuple(strata), share=share, low=max(0.0, share - sqrt(below)), high=min(1.0, share + sqrt(above))
    )


def interval(hits: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's exact interval for a share: where the binomial tails hold 2.5 % each."""
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, of, p), tail)
    high = 1.0 if hits == of else _solve(lambda p: -_at_most(hits, of, p), -tail)
    return low, high


def _shares(sizes: dict[Stratum, int], n: int) -> dict[Stratum, int]:
    """A third each; what a small stratum cannot give goes to the others, the nearest first."""
    shares = dict.fromkeys(sizes, 0)
    for _ in range(min(n, sum(sizes.values()))):
        open_ = [stratum for stratum in sizes if shares[stratum] < sizes[stratum]]
        shares[min(open_, key=shares.__getitem__)] += 1
    return shares


def _lot(seed: date, reject: Reject, of: str) -> bytes:
    return sha256(f"{of}{seed.isoformat()}:{reject.article_id}".encode()).digest()


def _at_most(hits: int, of: int, p: float) -> float:
    """The probability of at most so many hits."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 else float(hits >= of)
    whole = lgamma(of + 1)
    terms = (
        exp(whole - lgamma(k + 1) - lgamma(of - k + 1) + k * log(p) + (of - k) * log1p(-p)) for k in range(hits + 1)
    )
    return min(1.0, sum(terms))


def _solve(rising: Callable[[float], float], value: float) -> float:
    """Where a rising function of [0, 1] takes a value."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2
