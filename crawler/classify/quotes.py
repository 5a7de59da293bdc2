"""From segments and tokens back to the words of the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.classify.text import TEXT_LIMIT
from crawler.classify.tokens import places

if TYPE_CHECKING:
    from crawler.classify.reading import Reading
    from crawler.classify.text import Folded

_SHOWN = 60  # code points


class Quotes:
    """Offsets are code points of `whole`: the original title, a newline, the original text."""

    def __init__(self, reading: Reading, *, title: str, text: str) -> None:
        self.reading = reading
        self.whole = f"{title}\n{text[: 2 * TEXT_LIMIT]}"
        self.segments = [reading.title, *reading.body]
        self._text_start = len(title) + 1
        self._places: dict[int, list[tuple[int, int]]] = {}

    def sentence(self, at: int) -> tuple[int, int]:
        """Where a segment stands."""
        return self._origin(at, self.segments[at].start, self.segments[at].end)

    def term(self, at: int, token: int, size: int) -> tuple[int, int]:
        """Where a run of tokens of a segment stands."""
        segment, folded = self.segments[at], self._folded(at)
        if at not in self._places:
            self._places[at] = places(folded.text[segment.start : segment.end])
        marks = self._places[at]
        return self._origin(at, segment.start + marks[token][0], segment.start + marks[token + size - 1][1])

    def find(self, words: tuple[str, ...]) -> tuple[int, int] | None:
        """Where a run of words stands first."""
        for at, segment in enumerate(self.segments):
            if words[0] in segment.words:
                for token in range(len(segment.words) - len(words) + 1):
                    if tuple(segment.words[token : token + len(words)]) == words:
                        return self.term(at, token, len(words))
        return None

    def shown(self, where: tuple[int, int]) -> str:
        """A quote on one line."""
        return " ".join(self.whole[where[0] : where[1]].split())[:_SHOWN]

    def _folded(self, at: int) -> Folded:
        return self.reading.folded_text if at else self.reading.folded_title

    def _origin(self, at: int, start: int, end: int) -> tuple[int, int]:
        # The end is where the last character comes from, plus one: what follows it may have been folded away.
        shift, folded = (self._text_start if at else 0), self._folded(at)
        return shift + folded.origin(start), shift + folded.origin(end - 1) + 1
