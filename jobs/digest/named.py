"""Who and what a story names: the actors, countries and sectors by which it is chosen and counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from storage.records import Findings


@dataclass(frozen=True, kw_only=True)
class Named:
    """By id: what each is called. Countries by ISO 3166-1 alpha-2. `entities` are all that is named, of every kind."""

    actors: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    sectors: Mapping[str, str] = field(default_factory=dict)
    entities: frozenset[str] = frozenset()


def named(found: Iterable[Findings]) -> Named:
    """What these articles name. All that an ambiguous name may stand for is in `entities`, and nowhere else."""
    actors, countries, sectors = dict[str, str](), dict[str, str](), dict[str, str]()
    entities = set[str]()
    for findings in found:
        for mention in findings.mentions:
            entities.update([mention.entity] if mention.entity else mention.candidates)
            if mention.kind is EntityKind.ACTOR and mention.entity:
                actors.setdefault(mention.entity, mention.name)
            elif mention.kind is EntityKind.STATE and mention.entity:
                countries.setdefault(mention.entity.upper(), mention.name)
            elif mention.kind is EntityKind.SECTOR:
                sectors.setdefault(mention.entity, mention.name)
        for claim in findings.claims:
            entities.update([claim.accused_entity] if claim.accused_entity else [])
            if claim.victim_country:
                countries.setdefault(claim.victim_country, country_name(claim.victim_country))
            if claim.sector:
                sectors.setdefault(slug(claim.sector), claim.sector)
    return Named(actors=actors, countries=countries, sectors=sectors, entities=frozenset(entities))


def slug(sector: str) -> str:
    """A sector's id."""
    return "-".join(sector.casefold().split())


@cache
def country_name(code: str) -> str:
    """What English calls a country; its code where we do not know."""
    from crawler.actors.vocabulary import vocabulary

    return vocabulary("en").nouns.get(code, [code])[0]
