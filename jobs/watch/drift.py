"""Whether a source's articles come out otherwise than they used to: its pages have a new layout. Pure.

Two windows are held against each other, the latest articles and those before. Only what is large and certain counts: a
figure has to move far, and further than chance moves it among articles of which two in a row are much alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from storage.records import DateSource, LinkState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storage.records import Outcome, Outcomes

LEAST_RECENT, LEAST_EARLIER = 20, 40  # outcomes, before anything is said
ALIKE = 2.0  # outcomes that say no more than one: an outlet's articles come in kinds
CERTAIN = 4.5  # standard errors
FAR = 0.4  # that a share has to move
TIMES = 2.5  # that a text has to be longer or shorter
ARTICLES = {LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED}
GUESSES = {DateSource.URL, DateSource.GUESSED}


@dataclass(frozen=True, kw_only=True)
class _Share:
    """A share of the outcomes, and in which direction it tells of trouble."""

    name: str
    of: Callable[[Outcome], bool]
    among: Callable[[Outcome], bool]
    worse: int  # +1 when it grows, -1 when it shrinks, 0 either way


def _article(outcome: Outcome) -> bool:
    return outcome.state in ARTICLES


def _text(outcome: Outcome) -> bool:
    return outcome.size is not None


SHARES = (
    _Share(name="pages that are articles", of=_article, among=lambda _: True, worse=-1),
    _Share(name="dates", of=lambda one: one.date_source is not None, among=_article, worse=-1),
    _Share(
        name="dates that are no guess",
        of=lambda one: one.date_source is not None and one.date_source not in GUESSES,
        among=_article,
        worse=-1,
    ),
    _Share(name="texts that repeat their title", of=lambda one: one.headed, among=_text, worse=1),
    _Share(name="texts with lines of the page around them", of=lambda one: one.dropped_lines > 0, among=_text, worse=1),
    _Share(name="flagged", of=lambda one: one.state is LinkState.FLAGGED, among=_article, worse=0),
)


def drift(outcomes: Outcomes) -> tuple[str, ...]:
    """What has changed, in words, the text's length first; nothing while all is as before or little is known."""
    moved = (_moved(share, outcomes) for share in SHARES)
    return tuple(words for words in (_length(outcomes), *moved) if words)


def _length(outcomes: Outcomes) -> str:
    recent, earlier = _sizes(outcomes.recent), _sizes(outcomes.earlier)
    if not _enough(recent, earlier):
        return ""
    now, before = max(median(recent), 1), max(median(earlier), 1)
    if 1 / TIMES < now / before < TIMES or abs(_ranks(recent, earlier)) < CERTAIN:
        return ""
    return f"median text {before:,.0f} -> {now:,.0f} characters"


def _moved(share: _Share, outcomes: Outcomes) -> str:
    recent, earlier = ([share.of(one) for one in window if share.among(one)] for window in _windows(outcomes))
    if not _enough(recent, earlier):
        return ""
    now, before = sum(recent) / len(recent), sum(earlier) / len(earlier)
    change = now - before
    if abs(change) < FAR or change * share.worse < 0 or abs(change) < CERTAIN * _error(recent, earlier):
        return ""
    return f"{share.name} from {before:.0%} to {now:.0%}".replace("%", " %")


def _windows(outcomes: Outcomes) -> tuple[tuple[Outcome, ...], tuple[Outcome, ...]]:
    return outcomes.recent, outcomes.earlier


def _sizes(outcomes: Sequence[Outcome]) -> list[int]:
    return [one.size for one in outcomes if one.size is not None]


def _enough(recent: Sequence[object], earlier: Sequence[object]) -> bool:
    return len(recent) >= LEAST_RECENT and len(earlier) >= LEAST_EARLIER


def _error(recent: Sequence[bool], earlier: Sequence[bool]) -> float:
    """The standard error of the difference of two shares, with one outcome more of each kind (Agresti, Caffo 2000)."""
    one, two = len(recent) / ALIKE, len(earlier) / ALIKE
    share = (sum(recent) + sum(earlier) + 2) / (len(recent) + len(earlier) + 4)
    return math.sqrt(share * (1 - share) * (1 / one + 1 / two))


def _ranks(recent: Sequence[int], earlier: Sequence[int]) -> float:
    """How far apart two samples lie, in standard errors of their rank sums (Mann, Whitney 1947)."""
    above = sum((a > b) - (a < b) for a in recent for b in earlier) / 2
    return above / math.sqrt(ALIKE * len(recent) * len(earlier) * (len(recent) + len(earlier) + 1) / 12)
