"""Datelines in scripts with spaces: Latin, Cyrillic, Greek, Arabic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from crawler.extract.dateline.agencies import agencies_only, agency_named, lexicon

MAX_WORDS = 5  # of one place
MAX_PLACES = 3
GATE = 100
MAX_UNKNOWN = 30  # code points of a source that is no agency we know

_NAME = r"(?P<place>[^\W\d_][^()\[\]:;!?\"“”«»\n]{0,58}?)"
_DASH = r"(?:\s+-{1,3}(?=\s|$)|\s*--+|\s*[–—―]+)"
_AFTER = rf"(?P<after>\s*[:.=]?{_DASH}|\s*[.:]?-|\s*[:=]|\s*\.?$)"
_SOURCE = r"\s*(?:[(\[](?P<source>[^()\[\]]{1,60})[)\]]|/(?P<slash>[^()\[\]/]{1,30})/)"
_COUNTRY = re.compile(r"(?<=\w) \[[^\W\d_][\w .]{1,24}\](?=[,:]|\s*[(–—-])")  # New Delhi [India], August 4
_NAMED = re.compile(r"\s*(?P<name>[^\W\d_][\w '’.-]{1,28}?)(?=\s*[.,:;]|\s*[-–—]|\s*$)")
_ARABIC = re.compile("[\u0600-\u06ff]")
_CAPITALS = re.compile(
    rf"(?P<city>[^\W\d_a-z]{{3}}[^\W\d_a-z]*(?:[ .'’-]{{1,3}}[^\W\d_a-z]+){{0,3}})"
    rf"(?:,\s*(?P<region>[^\W\d_][\w .]{{1,24}}?))?{_DASH}"
)
_LETTERS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*[^\W\d_]*")
_PARTS = re.compile(r"\s*[/,،]\s*|\s+[-–]\s+|\s+(?:and|und|et|y|e|i|en|и|та|و)\s+")
_MARK = frozenset("([/-–—―.")
_PARTICLES = frozenset(
    "de do da dos das del della di la le los las el al am an der den die im in upon of sur auf aan bei na над".split()
)
_BETWEEN = _PARTICLES | {"року", "года"}
_SHORT_FORMS = frozenset({"USA", "UAE", "UK", "EU", "UN", "DC", "США", "ООН", "ОАЭ", "ЕС"})


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day as it is written: its year is often left out, its month sometimes."""

    day: int
    month: int | None = None
    year: int | None = None


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What the opening of a text says of its origin."""

    place: str | None = None
    day: Day | None = None
    agency: str | None = None


def western_opening(line: str) -> Opening | None:
    """The dateline with which a line opens, None without one."""
    line = _COUNTRY.sub("", line.lstrip(" \"'“”«»*-–—•"))
    if not _may_open(line):
        return None
    return next(filter(None, (read(line) for read in (_sourced, _bracketed, _dated, _followed, _capitals))), None)


def _may_open(line: str) -> bool:
    """Only names and a date go before the first mark that may end them: most lines fail at their second word."""
    for word in line[:GATE].split():
        if not _MARK.isdisjoint(word):
            return True
        plain = word.strip(",")
        if not (word[0].isdigit() or _is_proper(word) or plain in _BETWEEN or plain in lexicon().months):
            return False
    return False


def _sourced(line: str) -> Opening | None:
    """WASHINGTON (AP) —, LONDON, Nov 3 (Xinhua), Москва, 3 ноября. /ТАСС/."""
    if (found := _shapes().sourced.match(line)) is None:
        return None
    place, source, after = place_named(found["place"] + (found["dot"] or "")), _source(found), found["after"]
    agency = agencies_only(source)
    if place is None or _abbreviates(source, found["place"]):
        return None
    if day := _day_written(found["date"]):
        return Opening(place=place, day=day, agency=agency) if agency or (after and _is_name(source)) else None
    follows = line[found.end() :].lstrip()[:1]
    return Opening(place=place, agency=agency) if agency and (after is not None or follows.isupper()) else None


def _source(found: re.Match[str]) -> str:
    return str(found["source"] or found["slash"]).strip()


def _bracketed(line: str) -> Opening | None:
    """(Reuters) -, (ANSA) - ROMA, 04 AGO -; without a dash only where a sentence begins."""
    found = _shapes().bracketed.match(line)
    if found is None or (agency := agencies_only(_source(found))) is None:
        return None
    rest = line[found.end() :].lstrip()
    goes_on = rest[:1].islower() or rest[:1] in {"’", "'", ","}
    if not rest or (goes_on and not found["after"]):
        return None
    dated = _dated(rest)
    return Opening(place=dated.place if dated else None, day=dated.day if dated else None, agency=agency)


def _dated(line: str) -> Opening | None:
    """NEW YORK, Nov. 3 —, КИЇВ, 3 листопада – Укрінформ."""
    found = _shapes().dated.match(line)
    if found is None or (place := place_named(found["place"])) is None or _ARABIC.match(line):
        return None
    agency = _named_next(line[found.end() :])
    if "." in found["after"] and agency is None:
        return None
    return Opening(place=place, day=_day_written(found["date"]), agency=agency)


def _followed(line: str) -> Opening | None:
    """القاهرة - رويترز, Київ. Укрінформ."""
    found = _shapes().followed.match(line)
    if found is None or (agency := _named_next(line[found.end() :])) is None:
        return None
    place = place_named(found["place"])
    return Opening(place=place, agency=agency) if place else None


def _capitals(line: str) -> Opening | None:
    """WASHINGTON —, KYIV, Ukraine —: only cities and countries that are known."""
    found = _CAPITALS.match(line)
    if found is None:
        return None
    if not found["city"].isupper() or _shapes().caption.match(line, found.end()):
        return None  # MIAMI, FLORIDA - JUNE 27: what a picture shows
    city, region = found["city"].casefold(), (found["region"] or "").casefold().replace(".", "").strip()
    known = region in lexicon().regions if region else city in lexicon().cities
    return Opening(place=place_named(found[0][: found.end("region" if region else "city")])) if known else None


@dataclass(frozen=True, kw_only=True)
class _Shapes:
    sourced: re.Pattern[str]
    bracketed: re.Pattern[str]
    dated: re.Pattern[str]
    followed: re.Pattern[str]
    caption: re.Pattern[str]


@cache
def _shapes() -> _Shapes:
    month = "(?:" + "|".join(sorted(map(re.escape, lexicon().months), key=len, reverse=True)) + r")(?!\w)\.?"
    day = r"(?:0?[1-9]|[12]\d|3[01])(?!\d)(?:st|nd|rd|th|er|º|°|ª|\.)?"
    year = r"(?:19|20)\d\d(?:\s*(?:года?|року|г|р)\b\.?)?"
    orders = (rf"{day}\s+(?:de\s+)?{month}(?:\s{month})?", rf"{month}\s+{day}", rf"{day}(?:0?[1-9]|1[0-2])\.")
    dated = rf"(?P<date>(?:{'|'.join(orders)})(?:,?\s*(?:del?\s+)?{year})?)\.?"
    flags = re.IGNORECASE
    return _Shapes(
        sourced=re.compile(rf"{_NAME}(?:[,.،]?\s+(?:{dated}|\d\d?(?=\s*[(])))?,?(?P<dot>\.)?{_SOURCE}{_AFTER}?", flags),
        bracketed=re.compile(rf"{_SOURCE}{_AFTER}?", flags),
        dated=re.compile(rf"{_NAME}[,.،]?\s+{dated}(?P<after>{_DASH}|\s*(?<=\.)(?=\s))", flags),
        caption=re.compile(rf"\s*{month}\s+{day}", flags),
        followed=re.compile(rf"{_NAME}(?:\s*[-–—]+\s*|\s*/\s*|\.\s+)", flags),
    )


def _named_next(rest: str) -> str | None:
    """The agency that follows, when no sentence goes on after its name."""
    found = _NAMED.match(rest)
    return agency_named(found["name"], as_printed=True) if found else None


def _day_written(text: str | None) -> Day | None:
    if not text:
        return None
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    words = re.findall(r"[^\W\d_]+(?: [^\W\d_]+)?", text.casefold())
    months = (lexicon().months.get(part) for word in words for part in (word, *word.split()))
    month = next(filter(None, months), None)
    if month is None:
        month = numbers.pop(1) if len(numbers) > 1 else None
    return Day(day=numbers[0], month=month, year=numbers[1] if len(numbers) > 1 else None)


def place_named(text: str) -> str | None:
    """The place that a name is, in the usual capitals; None for what is none by its form or its words."""
    text = " ".join(text.split()).strip(" ,،–—-")
    text = text if "," in text else text.rstrip(".")  # St. Joseph, Mich.
    parts = [part for part in _PARTS.split(text) if part]
    if not 0 < len(parts) <= MAX_PLACES or agency_named(text) or not all(map(_is_place, parts)):
        return None
    return _capitalised(text)


def _is_place(part: str) -> bool:
    words = part.split()
    if len(words) > MAX_WORDS or part.lower() in _PARTICLES:
        return False
    if not lexicon().not_places.isdisjoint(word.casefold().strip(".") for word in words):
        return part.casefold() in lexicon().cities  # The Hague
    return all(_is_proper(word) or (at and word in _PARTICLES) for at, word in enumerate(words))


def _is_proper(word: str) -> bool:
    letter = word.lstrip("'’`ʼ")[:1]
    return letter.isalpha() and (letter.isupper() or letter.lower() == letter.upper())


def _capitalised(text: str) -> str:
    """NEW YORK, N.Y. as New York, N.Y."""

    def word(found: re.Match[str]) -> str:
        name, is_region = found[0], "," in text[: found.start()]
        if not name.isupper() or "." in name or name in _SHORT_FORMS or len(name) <= (2 if is_region else 1):
            return name
        small = name.lower()
        return small if small in _PARTICLES and found.start() else small[0].upper() + small[1:]

    return _LETTERS.sub(word, text)


def _is_name(source: str) -> bool:
    return len(source) <= MAX_UNKNOWN and not any(map(str.isdigit, source)) and all(map(_is_proper, source.split()))


def _abbreviates(source: str, place: str) -> bool:
    """The letters stand for the words before them, as in Press Trust of India (PTI)."""
    initials = "".join(word[0] for word in re.findall(r"[^\W\d_]+", place) if word[0].isupper()).upper()
    letters = re.sub(r"\W", "", source).upper()
    return len(letters) > 1 and letters in initials
