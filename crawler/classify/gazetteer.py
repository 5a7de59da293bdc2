"""Names of state-linked actors, criminal actors and malware, with the country said to stand behind each.

Facts only (name, kind, country, source), taken from the MISP galaxy clusters (CC0) and through them from MITRE ATT&CK;
`build` and `write` make the packaged file from a checkout of those clusters. A name that is also an everyday word is
left out; `everyday_words` finds them in a corpus of general press. The few of those that reports use alone
(`everyday_names`) count where their sentence speaks of hackers.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.classify.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PACKAGED = Path(__file__).parent / "gazetteer.tsv"

_SHORTEST = 4  # letters of a name that is one word
_LONGEST = 4  # words
_CHANCE = 2  # texts of general press that may hold a name without its being a word
_WITH_NUMBER = 3  # words of a name that holds a number of its own
_ATTACK_ID = re.compile(r"\s+-\s+[GS]\d{4}$")
_BRACKETS = re.compile(r"\s*\(.*?\)")
_STATE = re.compile(
    r"espionage|state[- ](?:sponsored|backed|linked|affiliated|aligned|nexus)|nation[- ]state|intelligence|-nexus"
    r"|aligned with the|\b(?:Chinese|Russian|Iranian|North Korean|China|Russia|Iran|Vietnam|Pakistan|India)\b[- ]"
    r"(?:based|linked|aligned|threat|government|state|group|actor|origin)",
    re.IGNORECASE,
)
_CRIME = re.compile(
    r"ransom|financial|criminal|cybercrime|extort|fraud|banking|e-?crime|point of sale|botnet|stealer", re.IGNORECASE
)
_EVERYDAY = (  # names that are words, and whose they are
    ("Lazarus", "KP"), ("Reaper", "KP"), ("Leviathan", "CN"), ("Buckeye", "CN"), ("Patchwork", "IN"),
    ("Machete", ""), ("Inception", ""), ("Cleaver", "IR"), ("Snake", "RU"), ("Equation", "US"),
)  # fmt: skip


class Kind(StrEnum):
    """What a name names."""

    ACTOR = "actor"  # state-linked, as far as its source says
    CRIMINAL = "criminal"
    MALWARE = "malware"


@dataclass(frozen=True, slots=True)
class Name:
    """One name as its source writes it. `country` is ISO 3166-1 alpha-2, or empty."""

    name: str
    kind: Kind
    country: str
    source: str


@cache
def everyday_names() -> dict[tuple[str, ...], Name]:
    """State-linked actors whose names are everyday words, by their tokens."""
    return {tuple(tokens(name)): Name(name, Kind.ACTOR, country, "misp-threat-actor") for name, country in _EVERYDAY}


@cache
def gazetteer() -> dict[tuple[str, ...], Name]:
    """The packaged names by their tokens."""
    rows = [line.split("\t") for line in PACKAGED.read_text(encoding="utf-8").splitlines()]
    return {
        tuple(tokens(name)): Name(name, Kind(kind), country, source)
        for name, kind, country, source in rows
        if not name.startswith("#")
    }


def build(galaxy: Path, *, everyday: Callable[[str], bool]) -> list[Name]:
    """The names in a folder of galaxy clusters, sorted. `everyday(word)` says which single words are no names."""
    found: dict[tuple[str, ...], Name] = {}
    for name in _clusters(galaxy):
        words = tuple(tokens(name.name))
        known = found.get(words)
        if _usable(words, everyday) and (known is None or (not known.country and name.country)):
            found[words] = name
    return sorted(found.values(), key=lambda name: (name.name.casefold(), name.name))


def everyday_words(texts: Iterable[str]) -> frozenset[str]:
    """Words that more than two texts of general press hold; for `build`."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(set(tokens(text)))
    return frozenset(word for word, count in seen.items() if count > _CHANCE)


def write(names: list[Name], out: Path = PACKAGED) -> None:
    """Write the file that `gazetteer` reads."""
    head = (
        "# Names of actors and malware. From the MISP galaxy (CC0) and, where the source says so, MITRE ATT&CK.\t\t\t"
    )
    rows = [f"{name.name}\t{name.kind}\t{name.country}\t{name.source}" for name in names]
    out.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def _clusters(galaxy: Path) -> Iterator[Name]:
    for file, source, kind in (
        ("threat-actor.json", "misp-threat-actor", None),
        ("mitre-intrusion-set.json", "mitre-attack", None),
        ("mitre-malware.json", "mitre-attack", Kind.MALWARE),
        ("tool.json", "misp-tool", Kind.MALWARE),
    ):
        for entry in json.loads((galaxy / file).read_text(encoding="utf-8"))["values"]:
            yield from _names(entry, source, kind)


def _names(entry: dict[str, Any], source: str, kind: Kind | None) -> Iterator[Name]:
    meta = entry.get("meta", {})
    country = str(meta.get("country") or "") if kind is None else ""
    for written in (entry["value"], *meta.get("synonyms", ())):
        name = " ".join(_BRACKETS.sub("", _ATTACK_ID.sub("", str(written))).split())
        if name.startswith("["):
            continue
        yield Name(name, kind or _kind(entry, meta), country, source)


def _kind(entry: dict[str, Any], meta: dict[str, Any]) -> Kind:
    text = str(entry.get("description", ""))
    if (
        meta.get("cfr-suspected-state-sponsor")
        or meta.get("cfr-type-of-incident") == "Espionage"
        or meta.get("country") == "KP"  # whose hackers steal money for the state too
        or _STATE.search(text)
    ):
        return Kind.ACTOR
    if _CRIME.search(text) or str(entry["value"]).upper().endswith(("SPIDER", "TEMPEST")):
        return Kind.CRIMINAL
    return (
        Kind.ACTOR
        if meta.get("country") in {"CN", "RU", "IR", "KP", "VN", "PK", "IN", "BY", "SY", "LB"}
        else Kind.CRIMINAL
    )


def _usable(words: tuple[str, ...], everyday: Callable[[str], bool]) -> bool:
    """Numbers are all one token, so `Storm-0558` would name every "storm 3" there is."""
    if not words or len(words) > _LONGEST or ("#" in words and len(words) < _WITH_NUMBER):
        return False
    return len(words) > 1 or (len(words[0]) >= _SHORTEST and not everyday(words[0]))
