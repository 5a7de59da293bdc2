"""A sentence as a row of tags, one letter a word or name: what the rules are written in."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.actors.cut import pieces, scanned
from crawler.actors.vocabulary import BREAK
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.actors.spots import Spot
    from crawler.actors.vocabulary import Vocabulary

# Those that articles accuse have letters of their own.
_SUSPECTS = {EntityKind.AGENCY: "G", EntityKind.COMPANY: "C", EntityKind.ORGANISATION: "C"}
_OTHERS = {
    EntityKind.ACTOR: "A", EntityKind.MALWARE: "M", EntityKind.AGENCY: "H", EntityKind.COMPANY: "D",
    EntityKind.ORGANISATION: "O", EntityKind.PERSON: "P", EntityKind.STATE: "S",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence's tags; for each, its place in the text and the name it stands for."""

    start: int
    end: int
    tags: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    spots: list[Spot | None]


def tagged(text: str, start: int, end: int, named: Sequence[Spot], words: Vocabulary) -> Tagged:
    """The tags of the sentence that stands from `start` to `end`, with the names in it."""
    cut = scanned(text, start, end, words.scan) if words.scan else pieces(text, start, end)
    tags = list(map(words.tags.__getitem__, cut.words))
    spots: list[Spot | None] = [None] * len(tags)
    for spot in reversed(named):
        first = bisect_left(cut.starts, spot.start)
        last = max(bisect_left(cut.starts, spot.end), first + 1)
        if text[spot.end - 1] == "." and tags[last : last + 1] == [BREAK]:
            last += 1  # the stop of "U.S." ends nothing
        tags[first:last], cut.words[first:last] = [tag_of(spot)], [text[spot.start : spot.end]]
        cut.starts[first:last], cut.ends[first:last], spots[first:last] = [spot.start], [spot.end], [spot]
    return Tagged(start, end, "".join(tags), *cut, spots)


def tag_of(spot: Spot) -> str:
    """The letter of a name."""
    entity = spot.entities[0]
    if spot.adjective:
        return "J"
    return (_SUSPECTS if entity.suspect else _OTHERS).get(entity.kind) or _OTHERS[entity.kind]
