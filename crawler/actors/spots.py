"""Where names stand in a text, and which entity each is.

An everyday word is a name only where its surroundings say so; once they do, it is one in the whole article. A name that
several entities bear is given to one of them only where the text says which: by "group" or "malware" beside it, by the
country before it, or by naming one of them, and only one, otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawler.actors.names import Entity, Trust, entities
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.actors.cut import Cut
    from crawler.actors.table import Beside, Sense, Table

MOST = 200  # names of an article

_BROKEN = re.compile(r"[,;:!?\n]|(?<!\b\w)\.\s")  # never inside a name; the stops of "U.S. State Department" are
_NUMBERED = re.compile(
    r"(?P<joined>UNC|TA|APT|FIN|UTA)(?:[-‑–_ ]?|\)? [Gg]roup )(?P<number>\d{1,5})(?!\d)"
    r"|(?P<apart>(?i:storm)|UAC|UAT|TAG|DEV|TG|APT-[CQ]|CL-(?:STA|CRI|UNK))[-‑–_ ]?(?P<digits>\d{2,5})(?!\d)"
    r"|(?P<unit>Unit) (?P<code>\d{5})(?!\d)"
)
_BEFORE, _AFTER = 60, 80  # code points that tell what a word means
_CAPITAL_BEFORE = re.compile(r"\b[A-Z]\w* $")
_CAPITAL_AFTER = re.compile(r" [A-Z]\w+")
_OF = re.compile(r"(?:'s|’s)? ")
_CLOSE = 25  # code points within which a country tells which of its agencies is meant


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in the text: offsets, and the entities it may stand for."""

    start: int
    end: int
    entities: tuple[Entity, ...]
    adjective: bool = False

    @property
    def entity(self) -> Entity | None:
        """The one entity it stands for, if it is one."""
        return self.entities[0] if len(self.entities) == 1 else None


def spots(text: str, cut: Cut, table: Table) -> tuple[list[Spot], list[int]]:
    """The names of a text in order, and where its words of hacking stand."""
    found: list[tuple[Spot, Trust]] = []
    cues: list[int] = []
    taken = 0
    for start, end, sense in _longest(cut, table):
        if sense.cue:
            cues.append(start)
        elif start >= taken and not _BROKEN.search(text, start, end) and (spot := _spot(text, start, end, sense)):
            taken = spot.end
            if spot.entities:
                found.append((spot, sense.trust))
            if len(found) == MOST:
                break
    return _told_apart(text, _trusted(text, found, cues, table), table), cues


def _longest(cut: Cut, table: Table) -> Iterator[tuple[int, int, Sense]]:
    """The cues, and of the names that begin at each word the longest; a known one before a mere number."""
    best: dict[int, tuple[int, bool, Sense]] = {}
    cues: list[tuple[int, int, Sense]] = []
    for at, size, group in table.lexicon.hits(cut.words):
        sense = table.senses[group]
        if sense.cue:
            cues.append((at, size, sense))
        elif at not in best or (size, not sense.numbered) > best[at][:2]:
            best[at] = size, not sense.numbered, sense
    if not best:
        cues = cues[:1]
    where, start, ends = cut.index, cut.start, cut.ends
    for at, size, sense in (*cues, *((at, size, sense) for at, (size, _, sense) in best.items())):
        last = where[at + size - 1]
        yield start(where[at]), start(last) + sense.stem if sense.stem else ends[last], sense


def _spot(text: str, start: int, end: int, sense: Sense) -> Spot | None:
    if not sense.numbered:
        return Spot(start, end, sense.entities, sense.adjective)
    match = _NUMBERED.match(text, start)
    return Spot(start, match.end(), (_numbered(match),)) if match else None


def _numbered(match: re.Match[str]) -> Entity:
    """The entity that a number names: `apt41`, `storm-0558`; one of its own where the table has none."""
    if match["unit"]:
        name = f"Unit {match['code']}"
    elif match["joined"]:
        name = match["joined"] + match["number"]
    else:
        name = (
            f"{match['apart'].capitalize() if match['apart'].lower() == 'storm' else match['apart']}-{match['digits']}"
        )
    kind = EntityKind.AGENCY if match["unit"] else EntityKind.ACTOR
    identity = name.lower().replace(" ", "-")
    return entities().get(identity) or Entity(kind=kind, id=identity, name=name, suspect=True)


def _trusted(text: str, found: list[tuple[Spot, Trust]], cues: list[int], table: Table) -> list[Spot]:
    hacking = bool(cues) or any(
        trust is Trust.FREE and spot.entities[0].kind is EntityKind.ACTOR for spot, trust in found
    )
    sure = {Trust.FREE, Trust.ARTICLE} if hacking else {Trust.FREE}
    named = _named(spot for spot, trust in found if trust in sure)
    places = {spot.end for spot, trust in found if trust in sure}
    words = [spot for spot, trust in found if trust is Trust.NEAR and not _embedded(text, spot, places, table)]
    proven = {
        text[spot.start : spot.end]
        for spot in words
        if (spot.entity and spot.entity.id in named) or _beside(text, spot, table)
    }
    proven_at = {spot.start for spot in words if text[spot.start : spot.end] in proven}
    return [spot for spot, trust in found if trust in sure or spot.start in proven_at]


def _embedded(text: str, spot: Spot, places: set[int], table: Table) -> bool:
    """Whether an everyday word is part of a longer name: "Google Play", "Epic Manchego"."""
    before = _CAPITAL_BEFORE.search(text[max(0, spot.start - _CLOSE) : spot.start])
    if before and spot.start - 1 not in places and not _list(table, spot).before.search(before[0]):
        return True
    return bool(_CAPITAL_AFTER.match(text, spot.end)) and not _list(table, spot).next.match(text, spot.end)


def _list(table: Table, spot: Spot) -> Beside:
    malware = all(entity.kind is EntityKind.MALWARE for entity in spot.entities)
    return table.beside_malware if malware else table.beside_actor


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
    named = _named(found)
    told: list[Spot] = []
    for spot in found:
        before = told[-1].entity if told and spot.start - told[-1].end <= _CLOSE else None
        country = before.country if before and before.kind is EntityKind.STATE else ""
        if spot.entity is None:
            told.append(replace(spot, entities=_left(text, spot, country, named, table)))
        elif not (country and _anothers(text[told[-1].end : spot.start], spot.entity, country)):
            told.append(spot)
    return told


def _anothers(between: str, entity: Entity, country: str) -> bool:
    """Whether a national office is another country's of the same name: "the Philippine Department of Justice"."""
    return entity.kind is EntityKind.AGENCY and entity.country not in {"", country} and bool(_OF.fullmatch(between))


def _left(text: str, spot: Spot, country: str, named: set[str], table: Table) -> tuple[Entity, ...]:
    """The entities that the text leaves open."""
    left = spot.entities
    if left[0].kind is EntityKind.STATE:
        return left
    kinds = _beside(text, spot, table)
    for said in (
        [entity for entity in left if len(kinds) == 1 and entity.kind in kinds],
        [entity for entity in left if country and entity.country == country],
        [entity for entity in left if entity.id in named],
    ):
        left = tuple(entity for entity in left if entity in said) or left
        if len(left) == 1:
            break
    return left
