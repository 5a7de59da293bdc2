"""The cue lexicon: words and phrases that speak for or against a story, in groups, one file a language.

A cue is a word, an open word (`cyber*`) or a phrase of them, written as the tokeniser cuts text. The gazetteer adds
three groups of names. A text is read with the cues of its own language and of English, whose terms travel.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.classify.gazetteer import Kind, everyday_names, gazetteer
from crawler.classify.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = Path(__file__).parent / "cues"
LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt", "pl", "ru", "uk", "zh", "ja", "ko", "ar")
FOR = (
    "intrusion", "tooling", "espionage", "state", "agency", "sponsor", "attribution", "finding", "fallout", "victim",
    "spyware",
)  # fmt: skip
AGAINST = ("crime", "vulnerability", "flood", "surveillance", "humint", "general", "roundup", "partisan")
NAMED = (Kind.ACTOR, Kind.CRIMINAL, Kind.MALWARE)
GROUPS: tuple[str, ...] = (*FOR, *AGAINST, *NAMED)
EVERYDAY = len(GROUPS)  # the group of names that are words too, until their sentence says which

Hit = tuple[int, int, int]  # index of the first token, number of tokens, index of the group
Word = tuple[str, bool]  # the word, and whether it is open at its end
Phrase = tuple[Word, ...]
Following = dict[str, list[tuple[Phrase, int]]]  # by the next word
Beginning = tuple[tuple[int, ...], Following, tuple[tuple[Phrase, int], ...]]  # the last: whose next word is open

_MEMO_LIMIT = 200_000


class Lexicon:
    """Finds cues in tokens. What each word can begin is remembered, so a text costs one look-up a token."""

    def __init__(self, phrases: Sequence[tuple[Phrase, int]]) -> None:
        self._exact: dict[str, list[tuple[Phrase, int]]] = defaultdict(list)
        self._open: dict[str, list[tuple[Phrase, int]]] = defaultdict(list)
        for words, group in phrases:
            (self._open if words[0][1] else self._exact)[words[0][0]].append((words[1:], group))
        self._memo = _Memo(self)

    def hits(self, words: Sequence[str]) -> list[Hit]:
        """Every cue that begins at each token; cues may overlap."""
        memo = self._memo
        found: list[Hit] = []
        for at, beginning in enumerate(map(memo.__getitem__, words)):
            if beginning is None:
                continue
            singles, following, opened = beginning
            for group in singles:
                found.append((at, 1, group))  # noqa: PERF401 - mostly one, and a list for it costs more
            if (following or opened) and at + 1 < len(words):
                second = words[at + 1]
                for rest, group in following.get(second, ()):
                    if len(rest) == 1 or _follows(words, at + 1, rest):
                        found.append((at, 1 + len(rest), group))
                for rest, group in opened:
                    if second.startswith(rest[0][0]) and (len(rest) == 1 or _follows(words, at + 1, rest)):
                        found.append((at, 1 + len(rest), group))
        return found

    def beginning(self, word: str) -> Beginning | None:
        """What can begin with a word: the groups it is a cue of alone, and phrases by the second word or its start."""
        entries = list(self._exact.get(word, ()))
        for end in range(1, len(word) + 1):
            entries.extend(self._open.get(word[:end], ()))
        if not entries:
            return None
        following: dict[str, list[tuple[Phrase, int]]] = defaultdict(list)
        opened: list[tuple[Phrase, int]] = []
        for rest, group in entries:
            if rest and rest[0][1]:
                opened.append((rest, group))
            elif rest:
                following[rest[0][0]].append((rest, group))
        return tuple(dict.fromkeys(group for rest, group in entries if not rest)), dict(following), tuple(opened)


class _Memo(dict[str, "Beginning | None"]):
    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, word: str) -> Beginning | None:
        if len(self) > _MEMO_LIMIT:
            self.clear()
        found = self[word] = self._lexicon.beginning(word)
        return found


@cache
def lexicon(language: str) -> Lexicon:
    """The cues for texts in a language. One that has no file of its own is read with those of English."""
    languages = ("en",) if language not in LANGUAGES else tuple(dict.fromkeys(("en", language)))
    written = [entry for code in languages for entry in _entries(code)]
    named = [(tuple((word, False) for word in words), GROUPS.index(name.kind)) for words, name in gazetteer().items()]
    doubtful = [(tuple((word, False) for word in words), EVERYDAY) for words in everyday_names()]
    return Lexicon([*written, *named, *doubtful])


@cache
def function_words(language: str) -> frozenset[str]:
    """The commonest words of a language: they tell it from others, and never what a text is about."""
    return frozenset(word for entry in _file(language)["function_words"] for word in tokens(entry))


def _entries(language: str) -> Iterator[tuple[Phrase, int]]:
    for group, cues in _file(language)["cues"].items():
        for cue in cues:
            yield _phrase(cue), GROUPS.index(group)


def _phrase(cue: str) -> Phrase:
    words: list[Word] = []
    for part in cue.split():
        cut = tokens(part.rstrip("*"))
        words.extend((word, False) for word in cut[:-1])
        words.extend((word, part.endswith("*")) for word in cut[-1:])
    return tuple(words)


@cache
def _file(language: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def _follows(words: Sequence[str], at: int, rest: Phrase) -> bool:
    if at + len(rest) > len(words):
        return False
    return all(
        words[at + step].startswith(word) if is_open else words[at + step] == word
        for step, (word, is_open) in enumerate(rest)
    )
