"""The names of wire agencies, and the words that datelines and credits are made of."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

MAX_PARTS = 5  # names in one credit

_MARKS = re.compile(r"[\W_]+")
_BETWEEN = re.compile(
    r"\s*[/,;+&|、／，]\s*|\s+(?:and|und|et|y|e|en|i|и|та|with|mit|avec|con|com)\s+|"
    r"\s*(?:editor|编辑|責任編輯|责任编辑)\s*[:：].*$",
    re.IGNORECASE,
)
_DESK = re.compile(r"(?!dpa|epd|afp|ots)[a-z]{2,4}")  # who wrote it: "dpa/tmn", "jb/cd"
_PICTURE = re.compile(r"getty|photos?\b|images?\b|fotos?\b|bild\b|写真|사진|图|圖|صورة", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """What `wires.toml` says, ready to be asked."""

    agencies: dict[str, str]  # by key: the usual name
    spellings: frozenset[str]  # as they are printed, and in capitals
    months: dict[str, int]
    not_places: frozenset[str]
    cities: frozenset[str]
    regions: frozenset[str]
    outlet_endings: tuple[str, ...]
    chinese_places: tuple[str, ...]
    credits: re.Pattern[str]
    reuters: re.Pattern[str]


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once in a process."""
    told = tomllib.loads(files(__package__).joinpath("wires.toml").read_text("utf-8"))
    words, credit = told["words"], told["credits"]
    cities = {*words["cities"].split(), *(city.strip() for city in words["cities_of_words"].split("|"))}
    return Lexicon(
        agencies={_key(name): agency for agency, names in told["agencies"].items() for name in names},
        spellings=frozenset(
            form for names in told["agencies"].values() for name in names for form in (name, name.upper())
        ),
        months={word.replace("_", " "): int(month) for month, line in told["months"].items() for word in line.split()},
        not_places=frozenset(words["not_places"].split()),
        cities=frozenset(cities),
        regions=frozenset(words["regions"].split()),
        outlet_endings=tuple(words["outlet_endings"].split()),
        chinese_places=tuple(words["chinese_places"].split()),
        credits=re.compile(rf"\W*(?:{_either(credit['before'])})(?!\w)\s*[:：=]?\s*(?P<names>.+)", re.IGNORECASE),
        reuters=re.compile(_either(credit["reuters"]), re.IGNORECASE),
    )


def agency_named(name: str, *, as_printed: bool = False) -> str | None:
    """The agency's usual name when `name` says no more; with `as_printed` only as agencies write themselves."""
    name = name.strip(" .()[]–—-*•")
    if as_printed and name not in lexicon().spellings:
        return None
    return lexicon().agencies.get(_key(name))


def agency_among(names: str) -> str | None:
    """The first agency in a list such as "AFP/Reuters" or "dpa, jd"; None for a picture's credit."""
    if _PICTURE.search(names):
        return None
    return agency_named(names) or next(filter(None, map(agency_named, _parts(names))), None)


def agencies_only(names: str, *, as_printed: bool = False) -> str | None:
    """The first agency in a list of nothing else; "Jane Doe/Reuters" is who took a picture."""
    found = [agency_named(part, as_printed=as_printed) for part in _parts(names) if not _DESK.fullmatch(part)]
    return agency_named(names, as_printed=as_printed) or (found[0] if found and all(found) else None)


def _parts(names: str) -> list[str]:
    return [part for part in _BETWEEN.split(names) if part][:MAX_PARTS]


def _either(patterns: Any) -> str:
    return "|".join(sorted(patterns, key=len, reverse=True))


def _key(name: str) -> str:
    return _MARKS.sub("", name).casefold()
