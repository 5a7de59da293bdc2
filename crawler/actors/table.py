"""What can be recognised in a language, compiled once a process: every spelling as a run of words.

The matcher is the lexicon of `crawler.classify.cues`, over words that keep their case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from crawler.actors.cut import words
from crawler.actors.names import Entity, Trust, names
from crawler.actors.vocabulary import Vocabulary, vocabulary
from crawler.classify.cues import Lexicon, Phrase
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOUTED = 5  # letters from which a name in capitals is also written as other names are
_SHOUTING = {EntityKind.ACTOR, EntityKind.MALWARE}
_STRICTEST = (Trust.NEAR, Trust.ARTICLE, Trust.FREE)
_FAMILIES = (
    "UNC*", "UAC*", "UAT*", "TAG*", "DEV*", "TA*", "TG*", "APT*", "FIN*", "Storm*", "STORM*", "CL", "UTA*", "Unit",
)  # fmt: skip
_PARTICLED = re.compile(r"[가-힣]+\*")
_SPELT = re.compile(r"([A-Za-z]+)(\d+)")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sense:
    """What a spelling may mean. No entities: a phrase that only looks like a name, a cue, or a numbered name."""

    entities: tuple[Entity, ...] = ()
    trust: Trust = Trust.FREE
    adjective: bool = False  # "Chinese"
    cue: bool = False
    numbered: bool = False
    stem: int = 0  # letters of its last word that are the name, where particles are written after it

    def after(self, written: str) -> int:
        """How many letters of what is written are particles."""
        return len(written) - written.rfind(" ") - 1 - self.stem if self.stem else 0


class _Known(NamedTuple):
    phrases: list[tuple[Phrase, int]]
    senses: list[Sense]
    places: dict[Words, int]  # of each phrase's sense


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands around an everyday word that is a name: up to two words before it, one after it, or right after."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    next: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The compiled table of a language."""

    lexicon: Lexicon
    senses: list[Sense]
    words: Vocabulary
    beside_actor: Beside
    beside_malware: Beside


def table(language: str | None) -> Table:
    """The table for texts in a language; names and the states of English for one without a file of its own."""
    return _compiled(vocabulary(language).language)


@cache
def _compiled(language: str) -> Table:
    spoken = vocabulary(language)
    phrases, senses = list(_known().phrases), list(_known().senses)
    places = dict(_known().places)
    for phrase, sense in _of_language(spoken):
        if phrase in places:
            senses[places[phrase]] = _both(senses[places[phrase]], sense)
        else:
            places[phrase] = len(senses)
            phrases.append((_open(phrase), len(senses)))
            senses.append(sense)
    return Table(
        Lexicon(phrases), senses, spoken, _beside(spoken.beside_actor, spoken), _beside(spoken.beside_malware, spoken)
    )


@cache
def _known() -> _Known:
    """What is named alike in every language; it is compiled once for all of them."""
    found: dict[Words, Sense] = {}
    for name in names():
        sense = Sense((name.entity,), name.trust)
        for phrase in _forms(name.written, shouted=name.entity.kind in _SHOUTING):
            particled = replace(sense, stem=len(phrase[-1]) - 1) if _PARTICLED.fullmatch(phrase[-1]) else sense
            found[phrase] = _both(found[phrase], particled) if phrase in found else particled
    found |= {(family,): Sense(numbered=True) for family in _FAMILIES}
    places = {phrase: at for at, phrase in enumerate(found)}
    return _Known([(_open(phrase), at) for phrase, at in places.items()], list(found.values()), places)


def _of_language(spoken: Vocabulary) -> Iterator[tuple[Words, Sense]]:
    for written, state, adjective in _states(spoken):
        for phrase in _forms(written):
            stem = len(phrase[-1]) - 1 if _PARTICLED.fullmatch(phrase[-1]) else 0
            yield phrase, Sense((state,), adjective=adjective, stem=stem)
    for written in spoken.elsewhere:
        yield from ((phrase, Sense()) for phrase in _forms(written))
    for cue in spoken.cues:
        yield from ((phrase, Sense(cue=True)) for phrase in _forms(cue))


def _both(one: Sense, other: Sense) -> Sense:
    """What a spelling means that means two things; to be a cue, it must mean nothing else."""
    if other.cue or one.numbered or other.numbered:
        return one
    entities = tuple({entity.id: entity for entity in (*one.entities, *other.entities)}.values())
    strictest = sorted({one.trust, other.trust}, key=_STRICTEST.index)
    trust = strictest[0 if len(entities) > 1 else -1]
    return replace(one, entities=entities, trust=trust, adjective=one.adjective and other.adjective)


def _open(phrase: Words) -> Phrase:
    return tuple((word.rstrip("*"), word.endswith("*")) for word in phrase)


def _states(spoken: Vocabulary) -> Iterator[tuple[str, Entity, bool]]:
    english = vocabulary("en").nouns
    for listed, adjective in ((spoken.nouns, False), (spoken.adjectives, True)):
        for codes, spellings in listed.items():
            for code in codes.split():
                name = english[code][0] if code in english else code
                state = Entity(kind=EntityKind.STATE, id=code.lower(), name=name, country=code, suspect=True)
                yield from ((written, state, adjective) for written in spellings)


def _forms(written: str, *, shouted: bool = False) -> list[Words]:
    """The spelling as words, as headlines have it, and with its number joined or apart: APT41, APT 41, APT-41."""
    cut = _cut(written)
    forms = [cut, tuple(word[:1].upper() + word[1:] for word in cut), tuple(word.upper() for word in cut)]
    if shouted:
        forms.append(tuple(word.capitalize() if len(word) >= _SHOUTED and word.isupper() else word for word in cut))
        forms.append(tuple(word[:1] + word[1:].lower() if len(word) >= _SHOUTED else word for word in cut))
    return list(dict.fromkeys([*forms, *(respelt for form in forms if (respelt := _respelt(form)))]))


def _respelt(form: Words) -> Words | None:
    if len(form) == 1 and (apart := _SPELT.fullmatch(form[0])):
        return apart[1], apart[2]
    joined = len(form) == 2 and form[0].isalpha() and form[1].isdigit()  # noqa: PLR2004 - a word and its number
    return (form[0] + form[1],) if joined else None


def _cut(written: str) -> Words:
    found: list[str] = []
    for part in written.split():
        cut = [part] if part.isascii() and part.isalnum() else words(part)
        found.extend(cut[:-1])
        found.extend(word + "*" * part.endswith("*") for word in cut[-1:])
    return tuple(found)


def _beside(listed: str, spoken: Vocabulary) -> Beside:
    if spoken.scan:
        close = re.compile(rf".{{0,4}}(?:{listed})")
        return Beside(re.compile(rf"(?:{listed}).{{0,4}}$"), close, close)
    before = rf"(?<!\w)(?:{listed})\W+(?:\w+\W+){{0,2}}$"
    after = rf"\W{{0,3}}(?:\w+\W+)?(?:{listed})(?!\w)|, (?:an?|the)\W(?:[\w-]+\W){{0,6}}(?:{listed})(?!\w)"
    return Beside(*(re.compile(each, re.IGNORECASE) for each in (before, after, rf"\W{{0,3}}(?:{listed})(?!\w)")))
