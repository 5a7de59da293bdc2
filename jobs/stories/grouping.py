"""Whether two reports tell of one event. Conservative: a story shown twice costs a glance, one swallowed is lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

from storage.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from jobs.stories.rarity import Rarity
    from jobs.stories.report import Report

ALIKE = 0.42  # cosine that needs nothing else
CLOSE = 0.22  # cosine that needs an actor, name, victim or number in common
FAR = 0.12  # cosine that needs several of them
RARE = 3.0  # weight from which a name says which event is meant
STRANGE = 4.5  # weight from which a word that two languages share is a proper name
LONG, SHORT = 5, 4  # letters of such a word, and of one that stands in both titles
ACTOR, NUMBER = 2, (0, 0, 1, 2)  # points for an actor or a rare name in common, for a number by its digits
ENOUGH, MORE = 3, 4  # points that make reports in two languages one story: in the same country, or in none
EVERYWHERE = frozenset({"us"})  # whose agencies and companies are in every second report
OWN = 0.5  # share of a text that stands in another


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """Whether two reports belong together, how surely (0 to 1), and why in words: few of them are ever asked for."""

    together: bool
    sure: float
    said: str
    rare: Callable[[], Sequence[str]] = list  # words that both have

    @property
    def why(self) -> str:
        words = self.rare()
        return self.said + (f" ({', '.join(words)})" if words else "")


def opinion(one: Report, other: Report, rarity: Rarity, *, shared_text: float = 0.0) -> Opinion:
    """Whether they tell of one event. `shared_text` is the larger share of one text that stands in the other."""
    if one.family == other.family:
        return Opinion(together=True, sure=1.0, said="the same text")
    if one.roundup or other.roundup:
        return Opinion(together=False, sure=1.0, said="a round-up tells of many events")
    if veto := _veto(one, other):
        return Opinion(together=False, sure=1.0, said=veto)
    if shared_text >= OWN:
        return Opinion(together=True, sure=shared_text, said=f"{shared_text:.0%} of one text stands in the other")
    if one.language != other.language:
        return _across(one, other, rarity)
    return _within(one, other, rarity)


def likeness(one: Report, other: Report, rarity: Rarity) -> float:
    """Cosine of the words of title and lead, each by its rarity, 0 to 1. Names that count as ties do not count here."""
    mine, theirs = rarity.weights(one), rarity.weights(other)
    counted = _counted(one, other)
    shared = one.words & other.words
    if counted:
        shared -= counted
    both = sum([mine[word] * theirs[word] for word in shared])
    squares = rarity.squares(one), rarity.squares(other)
    if counted:
        squares = squares[0] - _squares(mine, counted), squares[1] - _squares(theirs, counted)
    return both / sqrt(squares[0] * squares[1]) if min(squares) > 0 else 0.0


def _squares(weights: Mapping[str, float], words: Iterable[str]) -> float:
    return sum(weights[word] ** 2 for word in words if word in weights)


def _counted(one: Report, other: Report) -> set[str]:
    """The words that name an actor or anybody else whom both name."""
    if one.marks.isdisjoint(other.marks):
        return set()
    both = (one.actors | one.names) & (other.actors | other.names)
    called = {name for entity, name in one.naming | other.naming if entity in both} if both else ()
    return {word for name in called for word in tokens(name)}


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
    needed = ALIKE if not ties else CLOSE if len(ties) == 1 else FAR
    together, said = cosine >= needed, "; ".join([*ties, f"words {cosine:.2f} alike"])
    if cosine < FAR:
        return Opinion(together=together, sure=cosine, said=said)
    return Opinion(together=together, sure=cosine, said=said, rare=partial(_rare_words, one, other, rarity))


def _across(one: Report, other: Report, rarity: Rarity) -> Opinion:
    """In two languages the words say little; names, numbers and places must agree."""
    places = _abroad(one), _abroad(other)
    if all(places) and not places[0] & places[1]:
        return Opinion(together=False, sure=1.0, said=f"other places: {_some(places[0])} and {_some(places[1])}")
    ties, here = _ties(one, other, rarity), places[0] & places[1]
    words = _proper_names(one, other, rarity)
    who = ACTOR * bool(one.actors & other.actors) + ACTOR * min(2, len(_rare_names(one, other, rarity)))
    what = _number_points(one.numbers, other.numbers) + min(2 * ACTOR, sum(words.values()))
    what += bool(one.victims & other.victims) + bool(here)
    shown = [*ties, *([f"place {_some(here)}"] if here else []), *([f"words {_some(words)}"] if words else [])]
    together = what > 0 and who + what >= (ENOUGH if here else MORE)
    return Opinion(
        together=together, sure=min(0.99, max(0, who + what) / 10), said="; ".join(shown) or "nothing in common"
    )


def _number_points(some: Collection[str], others: Collection[str]) -> int:
    """Long numbers that agree speak for one event, long ones that do not against it."""
    shared = set(some) & set(others)
    if shared:
        return max(NUMBER[min(len(number), 3)] for number in shared)
    long = [any(len(number) >= len(NUMBER) - 1 for number in numbers) for numbers in (some, others)]
    return -NUMBER[-1] if all(long) else 0


def _proper_names(one: Report, other: Report, rarity: Rarity) -> dict[str, int]:
    """Rare words that two languages share, with their points: in both titles they count as much as an actor."""
    counted = _counted(one, other)
    titles = one.title & other.title
    shared = (one.words & other.words) - counted
    return {
        word: ACTOR if word in titles else 1
        for word in sorted(shared)
        if rarity.of(word) >= STRANGE and word.isalpha() and len(word) >= (SHORT if word in titles else LONG)
    }


def _abroad(report: Report) -> frozenset[str]:
    """The countries it tells of, without those that spy."""
    return report.places - report.accused - report.homes - EVERYWHERE


def _ties(one: Report, other: Report, rarity: Rarity) -> list[str]:
    if one.marks.isdisjoint(other.marks):
        return []
    names = _rare_names(one, other, rarity)
    kinds = (
        ("actor", one.actors & other.actors),
        ("names", names),
        ("victim", one.victims & other.victims),
        ("number", [number for number in one.numbers & other.numbers if len(number) > 2]),  # noqa: PLR2004
        ("accused", (one.accused & other.accused) if one.places & other.places - one.accused else frozenset()),
    )
    return [f"{kind} {_some(common)}" for kind, common in kinds if common]


def _rare_names(one: Report, other: Report, rarity: Rarity) -> set[str]:
    return {name for name in one.names & other.names if rarity.of(f"@{name}") >= RARE}


def _rare_words(one: Report, other: Report, rarity: Rarity) -> list[str]:
    """The three rarest words that both have."""
    rare = [(-weight, word) for word in one.words & other.words if (weight := rarity.of(word)) >= RARE]
    return [word for _, word in sorted(rare)[:3]]


def _some(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:3])
