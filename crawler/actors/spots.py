"""Where names stand in a text, and which entity each is.

An everyday word is a name only where its surroundings say so; once they do, it is one in the whole article. A name that
several entities bear is given to one of them only where the text says which: by "group" or "malware" beside it, by the
country before it, or by naming one of them, and only one, otherwise.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from crawler.actors.cut import cut
from crawler.actors.names import Entity, Trust, entities, resolve
from crawler.actors.vocabulary import NAME
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.actors.table import Beside, Sense, Table

MOST = 200  # names of an article

# Never inside a name; the stops of "U.S. State Department", "EE. UU." and "St. Lucia" are.
_BROKEN = re.compile(r"[,;:!?\n]|(?<!\b\w)(?<!\bEE)(?<!\bSt)\.\s")
_NUMBERED = re.compile(
    r"(?P<joined>UNC|TA|APT|FIN|UTA)(?:[-‑–_ ]?|\)? [Gg]roup )(?P<number>\d{1,5})(?!\d)"
    r"|(?P<apart>Storm|STORM|UAC|UAT|TAG|DEV|TG|APT-[CQ]|CL-(?:STA|CRI|UNK))[-‑–_ ]?(?P<digits>\d{2,5})(?!\d)"
    r"|(?P<unit>Unit) (?P<code>\d{5})(?!\d)"
)
_BEFORE, _AFTER = 60, 80  # code points that tell what a word means
_CAPITAL_BEFORE = re.compile(r"\b([A-Z]\w*) $")
_CAPITAL_AFTER = re.compile(r" [A-Z]\w+")
_OF = re.compile(r"(?:'s|’s)? ")
_CLOSE = 25  # code points within which a country tells which of its agencies is meant


class Spot(NamedTuple):
    """A name in the text: offsets, and the entities it may stand for."""

    start: int
    end: int
    entities: tuple[Entity, ...]
    adjective: bool = False

    @property
    def entity(self) -> Entity | None:
        """The one entity it stands for, if it is one."""
        return self.entities[0] if len(self.entities) == 1 else None

    @property
    def kind(self) -> EntityKind:
        """What it names; where that is open, what its first entity is."""
        return self.entities[0].kind


def spots(text: str, table: Table) -> tuple[list[Spot], list[int]]:
    """The names of a text in order, and where its words of hacking stand."""
    found: list[tuple[Spot, Trust]] = []
    cues: list[int] = []
    taken = 0
    for start, end, size, sense in _senses(text, table):
        if sense.cue:
            cues.append(start)
        elif start >= taken and (size == 1 or not _BROKEN.search(text, start, end)):
            spot = _spot(text, start, end, sense)
            taken = spot.end if spot else taken
            if spot and spot.entities:
                found.append((spot, sense.trust))
            if len(found) == MOST:
                break
    return _told_apart(text, _trusted(text, found, hacking=bool(cues), table=table), table), cues


def _senses(text: str, table: Table) -> list[tuple[int, int, int, Sense]]:
    """The cues, and of the names that begin at a word the longest, a known one before a number.

    Each with its place and its number of words.
    """
    words, senses = cut(text), table.senses
    runs: list[tuple[int, int, Sense]] = []
    names: dict[int, tuple[int, int, Sense]] = {}
    for at, size, group in table.lexicon.hits(words.words):
        sense = senses[group]
        if sense.cue:
            runs.append((at, size, sense))
        elif at not in names or (size, not sense.numbered) > (names[at][1], not names[at][2].numbered):
            names[at] = at, size, sense
    if not names:
        return []
    runs += names.values()
    runs.sort(key=itemgetter(0))
    places = words.places(runs)
    return [(start, end, size, sense) for (_, size, sense), (start, end) in zip(runs, places, strict=True)]


def _spot(text: str, start: int, end: int, sense: Sense) -> Spot | None:
    if sense.stem:
        end -= sense.after(text[start:end])
    if text[end : end + 1] == text[end - 2 : end - 1] == ".":
        end += 1  # the last stop of "U.S."
    if not sense.numbered:
        return Spot(start, end, sense.entities, sense.adjective)
    match = _NUMBERED.match(text, start)
    return Spot(start, match.end(), _numbered(match)) if match else None


def _numbered(match: re.Match[str]) -> tuple[Entity, ...]:
    """The entities that a number names: `apt41`, `storm-0558`; one of its own where the table has none."""
    if match["unit"]:
        name = f"Unit {match['code']}"
    elif match["joined"]:
        name = match["joined"] + match["number"]
    else:
        family = match["apart"]
        name = f"{family.capitalize() if family == 'STORM' else family}-{match['digits']}"
    known = tuple(entities()[identity] for identity in sorted(resolve(name)))
    kind = EntityKind.AGENCY if match["unit"] else EntityKind.ACTOR
    return known or (Entity(kind=kind, id=name.lower().replace(" ", "-"), name=name, suspect=True),)


def _trusted(text: str, found: list[tuple[Spot, Trust]], *, hacking: bool, table: Table) -> list[Spot]:
    if all(trust is Trust.FREE for _, trust in found):
        return [spot for spot, _ in found]
    hacking = hacking or any(trust is Trust.FREE and spot.kind is EntityKind.ACTOR for spot, trust in found)
    sure = {Trust.FREE, Trust.ARTICLE} if hacking else {Trust.FREE}
    named = _named(spot for spot, trust in found if trust in sure)
    states = {spot.end for spot, _ in found if spot.kind is EntityKind.STATE}
    words = [spot for spot, trust in found if trust is Trust.NEAR and not _embedded(text, spot, states, table)]
    proven = {
        text[spot.start : spot.end]
        for spot in words
        if (spot.entity and spot.entity.id in named) or _beside(text, spot, table)
    }
    proven_at = {spot.start for spot in words if text[spot.start : spot.end] in proven}
    known = (spot if trust in sure or spot.start in proven_at else _state_of(spot) for spot, trust in found)
    return [spot for spot in known if spot]


def _state_of(spot: Spot) -> Spot | None:
    """What is left of a name that nothing proves: the state that bears it, as Cuba does that of a malware."""
    state = tuple(entity for entity in spot.entities if entity.kind is EntityKind.STATE)
    return spot._replace(entities=state) if state else None


def _embedded(text: str, spot: Spot, states: set[int], table: Table) -> bool:
    """Whether an everyday word is part of a longer name: "Epic Manchego", and not "Chinese Tick" or "the Tick"."""
    before = _CAPITAL_BEFORE.search(text[max(0, spot.start - _CLOSE) : spot.start])
    if before and spot.start - 1 not in states and table.words.tags[before[1]] == NAME:
        return True
    malware = all(entity.kind is EntityKind.MALWARE for entity in spot.entities)
    beside = table.beside_malware if malware else table.beside_actor
    return bool(_CAPITAL_AFTER.match(text, spot.end)) and not beside.next.match(text, spot.end)


def _named(found: Iterable[Spot]) -> set[str]:
    return {spot.entity.id for spot in found if spot.entity}


def _beside(text: str, spot: Spot, table: Table) -> set[EntityKind]:
    """The kinds that the words beside a name speak of, among those it may be."""
    kinds = {entity.kind for entity in spot.entities}
    return {
        kind
        for kind in kinds
        if _matches(text, spot, table.beside_malware if kind is EntityKind.MALWARE else table.beside_actor)
    }


def _matches(text: str, spot: Spot, beside: Beside) -> bool:
    return bool(
        beside.after.match(text, spot.end, spot.end + _AFTER)
        or beside.before.search(text[max(0, spot.start - _BEFORE) : spot.start])
    )


def _told_apart(text: str, found: list[Spot], table: Table) -> list[Spot]:
    told: list[Spot] = []
    for spot in found:
        office = spot.kind is EntityKind.AGENCY or len(spot.entities) > 1
        country = _country_before(spot, told[-1]) if told and office else ""
        if len(spot.entities) > 1:
            told.append(spot._replace(entities=_left(text, spot, country, table)))
        elif not (country and _anothers(text[told[-1].end : spot.start], spot.entities[0], country)):
            told.append(spot)
    if all(len(spot.entities) == 1 for spot in told):
        return told
    named = _named(told)
    return [spot._replace(entities=_said(spot.entities, named)) for spot in told]


def _said(entities_left: tuple[Entity, ...], named: set[str]) -> tuple[Entity, ...]:
    """The only one of them that is named elsewhere in the article, if it is only one."""
    said = tuple(entity for entity in entities_left if entity.id in named)
    return said if len(said) == 1 and said[0].kind is not EntityKind.STATE else entities_left


def _country_before(spot: Spot, before: Spot) -> str:
    """The country that is named just before: it tells which of several offices of one name is meant."""
    if spot.start - before.end > _CLOSE or before.kind is not EntityKind.STATE or not before.entity:
        return ""
    return before.entity.country


def _anothers(between: str, entity: Entity, country: str) -> bool:
    """Whether a national office is another country's of the same name: "the Philippine Department of Justice"."""
    return entity.kind is EntityKind.AGENCY and entity.country not in {"", country} and bool(_OF.fullmatch(between))


def _left(text: str, spot: Spot, country: str, table: Table) -> tuple[Entity, ...]:
    """The entities that the words around leave open."""
    if spot.kind is EntityKind.STATE:
        return spot.entities
    kinds = _beside(text, spot, table)
    left = tuple(entity for entity in spot.entities if len(kinds) != 1 or entity.kind in kinds)
    return tuple(entity for entity in left if country and entity.country == country) or left
