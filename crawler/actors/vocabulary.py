"""The words of one language: states and peoples, sectors, and who did what to whom.

One file a language in `words/`. A word has one tag, the letter by which `crawler.actors.rules` speaks of it; what it
says of certainty and of a sector is kept apart, since "accused" is both a verb and a doubt.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from crawler.actors.cut import words
from crawler.classify.cues import LANGUAGES, function_words
from storage.records import Hedge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER = Path(__file__).parent / "words"

# What a word may be, and its tag. Where a word stands in two lists, the earlier one here counts.
TAGS = {
    "not": "z", "according": "6", "deny": "d", "attribute": "r", "blamed": "B", "blame": "b", "behind": "w",
    "commit": "c", "attack": "v", "steal": "s", "attacking": "V", "means": "m", "deed": "n", "hacker": "h", "say": "y",
    "linked": "l", "state": "k", "sort": "a", "target": "u", "source": "o", "sector": "x", "by": "1", "on": "2",
    "of": "4", "in": "3", "from": "5", "to": "t", "stop": ";", "that": "7", "be": "8", "have": "9", "possessive": "p",
    "and": "&", "victim": "i", "denial": "j",
}  # fmt: skip
BREAK, OTHER, NAME, DOUBT = ",", ".", "N", "e"
_DOUBTS = (Hedge.ASSESSED, Hedge.SUSPECTED, Hedge.ALLEGED)
_MEMO_LIMIT = 100_000
_ARABIC = re.compile(r"[؀-ۿ]")
_IDEOGRAPHIC = re.compile(r"[぀-ヿ㐀-鿿]")

Value = TypeVar("Value", str, Hedge)


class Meanings(dict[str, Value], Generic[Value]):
    """What a word means, by the word as it stands; what is asked for once is remembered."""

    def __init__(self, entries: Iterable[tuple[str, Value]]) -> None:
        super().__init__()
        self._exact: dict[str, Value] = {}
        self._open: dict[str, Value] = {}
        for entry, value in entries:
            (self._open if entry.endswith("*") else self._exact).setdefault(entry.rstrip("*"), value)

    def __missing__(self, word: str) -> Value:
        if len(self) > _MEMO_LIMIT:
            self.clear()
        found = self[word] = self.find(word)
        return found

    def find(self, word: str) -> Value:
        """The meaning of a word: its own, or that of the longest beginning that has one."""
        lowered = word.lower()
        for end in range(len(lowered), 0, -1):
            value = (self._exact.get(lowered) if end == len(lowered) else None) or self._open.get(lowered[:end])
            if value is not None:
                return value
        return self.otherwise(word)

    def otherwise(self, word: str) -> Value:
        """The meaning of a word that is not listed."""
        raise NotImplementedError


class Tags(Meanings[str]):
    """A letter for each word. `plain` words are no names, however they are written."""

    def __init__(self, entries: Iterable[tuple[str, str]], plain: Iterable[str]) -> None:
        super().__init__(entries)
        self._plain = frozenset(plain)

    def otherwise(self, word: str) -> str:
        """Whether it is a name, another word, or only a break."""
        if not word:
            return BREAK
        return NAME if word[0].isupper() and word.lower() not in self._plain else OTHER


class Hedges(Meanings[Hedge]):
    """What a word says of certainty; most say nothing and stand as stated."""

    def otherwise(self, word: str) -> Hedge:  # noqa: ARG002
        """Nothing that weakens it."""
        return Hedge.STATED


class Sectors(Meanings[str]):
    """The sector a word speaks of, or nothing."""

    def otherwise(self, word: str) -> str:  # noqa: ARG002
        """No sector."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What the rules know of a language."""

    language: str
    tags: Tags
    hedges: Hedges
    sectors: Sectors
    nouns: Mapping[str, list[str]]  # states by country code; two codes where a name leaves open which
    adjectives: Mapping[str, list[str]]
    cues: list[str]  # words of hacking
    elsewhere: list[str]  # phrases that hold a name and mean something else
    beside_actor: str  # patterns of words that make a dictionary word the name of an actor
    beside_malware: str
    options: frozenset[str]  # which of the rules' variants the language takes
    particle: re.Pattern[str] | None  # what is written after a word and is none of it
    scan: re.Pattern[str] | None  # finds the words where no space divides them


def sector_names() -> list[str]:
    """The sectors that can be recognised, by their English names, which are used in every language."""
    return sorted(tomllib.loads((FOLDER / "en.toml").read_text(encoding="utf-8"))["sectors"])


@cache
def country_codes() -> frozenset[str]:
    """The countries that can be recognised in some language, by ISO 3166-1 alpha-2 (and XK, which is in use)."""
    spoken = map(vocabulary, LANGUAGES)
    return frozenset(code for each in spoken for codes in (*each.nouns, *each.adjectives) for code in codes.split())


@cache
def vocabulary(language: str | None) -> Vocabulary:
    """The words of a language; of English for one that has no file."""
    code = language if language in LANGUAGES else "en"
    file = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    grammar, context = file["grammar"], file["context"]
    tags = [(_as_cut(word), tag) for name, tag in TAGS.items() for word in grammar.get(name, ())]
    sectors = [(_as_cut(word), sector) for sector, listed in file["sectors"].items() for word in listed]
    hedges = [(_as_cut(word), hedge) for hedge in _DOUBTS for word in grammar.get(hedge, ())]
    plain = [_as_cut(word) for word in (*grammar.get("plain", ()), *function_words(code))]
    tags += [(word, TAGS["victim"]) for word, _ in sectors] + [(word, DOUBT) for word, _ in hedges]
    return Vocabulary(
        language=code,
        tags=Tags(tags, plain),
        hedges=Hedges(hedges),
        sectors=Sectors(sectors),
        nouns=file["states"],
        adjectives=file["peoples"],
        cues=context["cue"],
        elsewhere=context.get("elsewhere", []),
        beside_actor="|".join(context["actor"]),
        beside_malware="|".join(context["malware"]),
        options=frozenset(grammar.get("options", ())),
        particle=re.compile(f"(?<=\\w\\w)(?:{'|'.join(grammar['particle'])})$") if "particle" in grammar else None,
        scan=_scan([*(word for word, _ in tags), *plain]),
    )


def _as_cut(entry: str) -> str:
    """An entry as the text's words are cut: Arabic loses its article; Han and kana stay whole, as they are scanned."""
    if _ARABIC.match(entry):
        return words(entry.rstrip("*"))[-1] + "*" * entry.endswith("*")
    return entry


def _scan(entries: list[str]) -> re.Pattern[str] | None:
    listed = {word.rstrip("*") for word in entries if _IDEOGRAPHIC.search(word)}
    if not listed:
        return None
    ordered = sorted(listed, key=lambda word: (-len(word), word))
    return re.compile(r"[A-Za-z0-9]+|" + "|".join(map(re.escape, ordered)))
