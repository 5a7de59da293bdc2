"""The door: who is named in an article, and who is said to have done what to whom."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from crawler.actors.claims import told
from crawler.actors.spots import MOST, spots
from crawler.actors.table import table
from crawler.actors.tagging import tagged
from crawler.classify.text import segments
from storage.records import NO_FINDINGS, EntityKind, Findings, Mention, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.actors.claims import Told
    from crawler.actors.names import Entity
    from crawler.actors.spots import Spot
    from crawler.actors.tagging import Tagged
    from storage.records import Claim

READ = 50_000  # code points of title and text that are read
MOST_CLAIMS = 50


def findings(*, title: str, text: str, language: str | None) -> Findings:
    r"""Everything recognised in an article, in the order of the text; offsets are into `title + "\n" + text`.

    `language` is ISO 639-1. Names are found in any; states, sectors and claims in those that have a vocabulary, and
    those of English in any other.
    """
    whole = f"{title[:READ]}\n{text[:READ]}"[:READ]
    names = table(language)
    found, cues = spots(whole, names)
    if not found:
        return NO_FINDINGS
    roles: dict[int, Role] = {}
    sectors: list[Mention] = []
    claims: list[Claim] = []
    for (start, end), inside in _telling(whole, found, cues):
        tags = tagged(whole, start, end, inside, names.words)
        said = told(whole, tags, names.words)
        roles |= said.roles
        claims += said.claims
        sectors += _sectors(whole, tags, said, names.words.sectors)
    mentions = [_mention(whole, spot, roles.get(spot.start, Role.NAMED)) for spot in found]
    if sectors:
        mentions = sorted([*mentions, *sectors], key=lambda mention: mention.start)[:MOST]
    return Findings(mentions=tuple(mentions), claims=tuple(claims[:MOST_CLAIMS]))


def _telling(whole: str, found: list[Spot], cues: list[int]) -> Iterator[tuple[tuple[int, int], list[Spot]]]:
    """The sentences that name one who could have done it and speak of hacking, or name an actor, with their names."""
    if not any(spot.entities[0].suspect for spot in found):
        return
    actors = any(spot.kind is EntityKind.ACTOR for spot in found)
    if not (cues or actors):
        return
    starts = [spot.start for spot in found]
    for start, end in segments(whole):
        low, high = bisect_left(starts, start), bisect_left(starts, end)
        if low == high:
            continue
        inside = found[low:high]
        at = bisect_left(cues, start)
        speaks = at < len(cues) and cues[at] < end
        if any(spot.entities[0].suspect and (speaks or spot.kind is EntityKind.ACTOR) for spot in inside):
            yield (start, end), inside


def _sectors(whole: str, sentence: Tagged, said: Told, meaning: dict[str, str]) -> Iterator[Mention]:
    for at, role in said.sectors.items():
        sector = meaning[sentence.words[at]]
        if sector and sentence.spots[at] is None:
            yield Mention(
                kind=EntityKind.SECTOR,
                name=sector,
                entity=sector.replace(" ", "-"),
                text=whole[sentence.starts[at] : sentence.ends[at]],
                start=sentence.starts[at],
                end=sentence.ends[at],
                role=role,
            )


def _mention(whole: str, spot: Spot, role: Role) -> Mention:
    entity: Entity | None = spot.entity
    written = whole[spot.start : spot.end]
    return Mention(
        kind=spot.kind,
        name=entity.name if entity else written,
        entity=entity.id if entity else "",
        text=written,
        start=spot.start,
        end=spot.end,
        role=role,
        candidates=() if entity else tuple(each.id for each in spot.entities),
    )
