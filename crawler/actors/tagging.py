"""A sentence as a row of tags, one letter a word or name: what the rules are written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.actors.cut import Cut
from crawler.actors.vocabulary import BREAK, OTHER
from storage.records import EntityKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.actors.spots import Spot
    from crawler.actors.vocabulary import Vocabulary

_WIDE = 3  # code points without a listed word that stand for one other word where no space divides them

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


def tagged(text: str, cut: Cut, sentence: tuple[int, int], named: Sequence[Spot], words: Vocabulary) -> Tagged:
    """The tags of a sentence of a text that was cut, with the names that stand in it."""
    start, end = sentence
    if words.scan:
        cut = _scanned(text, start, end, words)
    low, high = cut.at(start), cut.at(end)
    pieces = list(cut.pieces[low:high])
    tags = list(map(words.tags.__getitem__, pieces))
    starts, ends = cut.starts(low, high), list(cut.ends[low:high])
    spots: list[Spot | None] = [None] * len(tags)
    for spot in reversed(named):
        first = cut.at(spot.start) - low
        last = max(cut.at(spot.end) - low, first + 1)
        if text[spot.end : spot.end + 1] == "." and tags[last : last + 1] == [BREAK]:
            last += 1  # the stop of "U.S." ends nothing
        tags[first:last], pieces[first:last] = [tag_of(spot)], [text[spot.start : spot.end]]
        starts[first:last], ends[first:last], spots[first:last] = [spot.start], [spot.end], [spot]
    return Tagged(start, end, "".join(tags), pieces, starts, ends, spots)


def tag_of(spot: Spot) -> str:
    """The letter of a name."""
    entity = spot.entities[0]
    if spot.adjective:
        return "J"
    return (_SUSPECTS if entity.suspect else _OTHERS).get(entity.kind) or _OTHERS[entity.kind]


def _scanned(text: str, start: int, end: int, words: Vocabulary) -> Cut:
    """A sentence of a script without spaces cut at the words that are listed."""
    pieces: list[str] = []
    starts: list[int] = []
    widths: list[int] = []
    done = start
    assert words.scan
    for match in words.scan.finditer(text, start, end):
        for at in range(done, match.start(), _WIDE):
            width = min(_WIDE, match.start() - at)
            pieces.append("" if not text[at : at + width].isalnum() else OTHER)
            starts.append(at)
            widths.append(width)
        pieces.append(match[0])
        starts.append(match.start())
        widths.append(match.end() - match.start())
        done = match.end()
    return Cut(pieces, widths, starts)
