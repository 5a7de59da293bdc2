"""Whether two reports tell of one event. Conservative: a story shown twice costs a glance, one swallowed is lost."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from jobs.stories.rarity import Rarity
    from jobs.stories.report import Report

TITLE = 2.0  # weight of a title's word against one of the lead
ALIKE = 0.42  # cosine that needs nothing else
CLOSE = 0.24  # cosine that needs an actor, name, victim or number in common
FAR = 0.12  # cosine that needs several of them
RARE = 3.0  # weight from which a name says which event is meant
OWN = 0.5  # share of a text that stands in another


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """Whether two reports belong together, how surely (0 to 1), and why in words."""

    together: bool
    sure: float
    why: str


def opinion(one: Report, other: Report, rarity: Rarity, *, shared_text: float = 0.0) -> Opinion:
    """Whether they tell of one event. `shared_text` is the larger share of one text that stands in the other."""
    if one.family == other.family:
        return Opinion(together=True, sure=1.0, why="the same text")
    if one.roundup or other.roundup:
        return Opinion(together=False, sure=1.0, why="a round-up tells of many events")
    if veto := _veto(one, other):
        return Opinion(together=False, sure=1.0, why=veto)
    if shared_text >= OWN:
        return Opinion(together=True, sure=shared_text, why=f"{shared_text:.0%} of one text stands in the other")
    if one.language != other.language:
        return _across(one, other, rarity)
    return _within(one, other, rarity)


def likeness(one: Report, other: Report, rarity: Rarity) -> float:
    """Cosine of the words of title and lead, each by its rarity, 0 to 1."""
    mine, theirs = (_vector(report, rarity) for report in (one, other))
    both = sum(weight * theirs[word] for word, weight in mine.items() if word in theirs)
    length = sqrt(sum(w * w for w in mine.values()) * sum(w * w for w in theirs.values()))
    return both / length if length else 0.0


def _vector(report: Report, rarity: Rarity) -> dict[str, float]:
    words = {word: rarity.of(word) for word in report.lead}
    return words | {word: rarity.of(word) * TITLE for word in report.title}


def _veto(one: Report, other: Report) -> str:
    if one.actors and other.actors and not one.actors & other.actors:
        return f"other actors: {_some(one.actors)} and {_some(other.actors)}"
    if one.victims and other.victims and not one.victims & other.victims:
        return f"other victims: {_some(one.victims)} and {_some(other.victims)}"
    if one.accused and other.accused and not one.accused & other.accused and not one.actors & other.actors:
        return f"other states accused: {_some(one.accused)} and {_some(other.accused)}"
    return ""


def _within(one: Report, other: Report, rarity: Rarity) -> Opinion:
    cosine = likeness(one, other, rarity)
    ties = _ties(one, other, rarity)
    words = _rare_words(one, other, rarity)
    shown = "; ".join([*ties, f"words {cosine:.2f} alike" + (f" ({', '.join(words)})" if words else "")])
    needed = ALIKE if not ties else CLOSE if len(ties) == 1 else FAR
    return Opinion(together=cosine >= needed, sure=cosine, why=shown)


def _across(one: Report, other: Report, rarity: Rarity) -> Opinion:
    """In two languages the words say nothing; names and numbers must."""
    ties = _ties(one, other, rarity)
    named = bool(one.actors & other.actors) or _weight(one.names & other.names, rarity) >= 2 * RARE
    counted = bool(one.numbers & other.numbers) or bool(one.victims & other.victims)
    together = named and counted and len(ties) >= 2  # noqa: PLR2004 - a name, and something beside it
    return Opinion(together=together, sure=min(1.0, 0.25 * len(ties)), why="; ".join(ties) or "nothing in common")


def _ties(one: Report, other: Report, rarity: Rarity) -> list[str]:
    names = {name for name in one.names & other.names if rarity.of(f"@{name}") >= RARE}
    kinds = (
        ("actor", one.actors & other.actors),
        ("names", names),
        ("victim", one.victims & other.victims),
        ("number", {number for number in one.numbers & other.numbers if len(number) > 2}),  # noqa: PLR2004
        ("accused", (one.accused & other.accused) if one.places & other.places - one.accused else frozenset()),
    )
    return [f"{kind} {_some(common)}" for kind, common in kinds if common]


def _rare_words(one: Report, other: Report, rarity: Rarity) -> list[str]:
    shared = (one.title | one.lead) & (other.title | other.lead)
    return sorted((w for w in shared if rarity.of(w) >= RARE), key=lambda w: (-rarity.of(w), w))[:3]


def _weight(names: Iterable[str], rarity: Rarity) -> float:
    return sum(rarity.of(f"@{name}") for name in names)


def _some(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:3])
