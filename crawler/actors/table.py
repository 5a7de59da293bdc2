"""What can be recognised in a language, compiled once a process: every spelling as a run of words.

The matcher is the lexicon of `crawler.classify.cues`, over words that keep their case.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from crawler.actors.cut import words
from crawler.actors.names import Entity, Trust, names
from crawler.actors.vocabulary import Vocabulary, vocabulary
from crawler.classify.cues import Lexicon
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOUTED = 5  # letters from which a name in capitals is also written as other names are
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


@cache
def table(language: str | None) -> Table:
    """The table for texts in a language; names and the states of English for one without a file of its own."""
    spoken = vocabulary(language)
    return _compiled(spoken.language)


@cache
def _compiled(language: str) -> Table:
    spoken = vocabulary(language)
    senses: list[Sense] = []
    phrases = []
    for phrase, sense in _senses(spoken):
        phrases.append((tuple((word.rstrip("*"), word.endswith("*")) for word in phrase), len(senses)))
        senses.append(replace(sense, stem=len(phrase[-1]) - 1) if _PARTICLED.fullmatch(phrase[-1]) else sense)
    actor, malware = spoken.beside_actor, spoken.beside_malware
    return Table(Lexicon(phrases), senses, spoken, _beside(actor, spoken), _beside(malware, spoken))


def _senses(spoken: Vocabulary) -> Iterator[tuple[Words, Sense]]:
    found: dict[Words, list[tuple[Entity, Trust, bool]]] = defaultdict(list)
    for name in names():
        for phrase in _forms(name.written, shouted=name.entity.kind in {EntityKind.ACTOR, EntityKind.MALWARE}):
            found[phrase].append((name.entity, name.trust, False))
    for written, entity, adjective in _states(spoken):
        for phrase in _forms(written):
            found[phrase].append((entity, Trust.FREE, adjective))
    for phrase, meant in found.items():
        distinct = tuple({entity.id: entity for entity, _, _ in meant}.values())
        trust = next(trust for trust in _STRICTEST if any(trust is each for _, each, _ in meant))
        yield phrase, Sense(distinct, trust, adjective=all(adjective for _, _, adjective in meant))
    for written in spoken.elsewhere:
        yield from ((phrase, Sense()) for phrase in _forms(written))
    yield from (((family,), Sense(numbered=True)) for family in _FAMILIES)
    for cue in spoken.cues:
        yield from ((phrase, Sense(cue=True)) for phrase in _forms(cue))


def _states(spoken: Vocabulary) -> Iterator[tuple[str, Entity, bool]]:
    english = vocabulary("en").nouns
    for listed, adjective in ((spoken.nouns, False), (spoken.adjectives, True)):
        for codes, spellings in listed.items():
            for code in codes.split():
                name = english[code][0] if code in english else code
                state = Entity(kind=EntityKind.STATE, id=code.lower(), name=name, country=code, suspect=True)
                yield from ((written, state, adjective) for written in spellings)


def _forms(written: str, *, shouted: bool = False) -> set[Words]:
    """The spelling as words, as headlines have it, and with its number joined or apart: APT41, APT 41, APT-41."""
    cut = _cut(written)
    forms = {cut, tuple(word[:1].upper() + word[1:] for word in cut), tuple(word.upper() for word in cut)}
    if shouted:
        forms.add(tuple(word.capitalize() if len(word) >= _SHOUTED and word.isupper() else word for word in cut))
        forms.add(tuple(word[:1] + word[1:].lower() if len(word) >= _SHOUTED else word for word in cut))
    return forms | {respelt for form in forms if (respelt := _respelt(form))}


def _respelt(form: Words) -> Words | None:
    if len(form) == 1 and (apart := _SPELT.fullmatch(form[0])):
        return apart[1], apart[2]
    joined = len(form) == 2 and form[0].isalpha() and form[1].isdigit()  # noqa: PLR2004 - a word and its number
    return (form[0] + form[1],) if joined else None


def _cut(written: str) -> Words:
    found: list[str] = []
    for part in written.split():
        cut = words(part)
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
