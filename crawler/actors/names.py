"""The table of names: who can be recognised, by which spellings, and where each spelling was found.

`crawler.actors.build` writes `names.tsv`; this reads it. A row is one spelling of one entity.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path

from storage.records import EntityKind

PACKAGED = Path(__file__).parent / "names.tsv"


class Trust(StrEnum):
    """How much a spelling says by itself."""

    FREE = "free"  # it is no word: nothing else is asked for
    ARTICLE = "article"  # words that also go together by chance: the article must speak of hacking somewhere
    NEAR = "near"  # an everyday word: "group", "malware" or the like must stand close by


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """One that is named. `country` is ISO 3166-1 alpha-2: where it is, or who is said to stand behind it; or empty."""

    kind: EntityKind
    id: str
    name: str
    country: str = ""
    suspect: bool = False  # articles accuse it of hacking


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """One spelling of an entity. `*` at its end matches any ending. `source` is who lists it."""

    entity: Entity
    written: str
    trust: Trust
    source: str


@cache
def names(path: Path = PACKAGED) -> tuple[Name, ...]:
    """The packaged names."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return tuple(_name(row) for row in rows)


@cache
def entities() -> dict[str, Entity]:
    """Every entity of the table by its id. States are not in it: their id is their country code in small letters."""
    return {name.entity.id: name.entity for name in names()}


def key(written: str) -> str:
    """A spelling without case, spaces and punctuation: what makes two spellings one name."""
    return "".join(char for char in written.casefold() if char.isalnum())


def resolve(name: str) -> frozenset[str]:
    """The ids of all that a name may stand for: none if it is unknown, several if it is ambiguous. An id is a name."""
    return _by_key().get(key(name), frozenset())


def alike(name: str) -> list[str]:
    """Up to three main names that are written much like a name that is unknown, the likest first."""
    spellings = {key(each.written): each.entity.name for each in names()}
    found = get_close_matches(key(name), spellings, n=9, cutoff=0.75)
    return list(dict.fromkeys(spellings[each] for each in found))[:3]


@cache
def _by_key() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name in names():
        for spelling in (name.written, name.entity.name, name.entity.id):
            found[key(spelling)].add(name.entity.id)
    return {word: frozenset(ids) for word, ids in found.items()}


def write(found: list[Name], out: Path) -> None:
    """Write the file that `names` reads, in one fixed order."""
    lines = ["\t".join(_row(name)) for name in found]
    out.write_text(HEAD + "\n".join(sorted(lines)) + "\n", encoding="utf-8")


HEAD = """\
# Names of threat actors, malware, agencies, companies, organisations and persons. Facts only.
# Written by `python -m crawler.actors.build`; do not edit. Sources: misp-threat-actor and misp-tool, clusters of the
# MISP galaxy (CC0 1.0); mitre-attack, names of MITRE ATT&CK as that galaxy lists them (© The MITRE Corporation,
# reproduced under the ATT&CK terms of use); own, crawler/actors/known.toml. A vendor in brackets gave the name.
# kind, id, name, country, suspect, spelling, trust, source
"""


def _name(row: list[str]) -> Name:
    kind, identity, name, country, suspect, written, trust, source = row
    entity = Entity(kind=EntityKind(kind), id=identity, name=name, country=country, suspect=suspect == "suspect")
    return Name(entity=entity, written=written, trust=Trust(trust), source=source)


def _row(name: Name) -> tuple[str, ...]:
    entity = name.entity
    suspect = "suspect" if entity.suspect else ""
    return (
        entity.kind, entity.id, entity.name, entity.country, suspect, name.written, name.trust, name.source
    )  # fmt: skip
