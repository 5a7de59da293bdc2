"""Dates as feeds write them: RFC 822, W3C-DTF, and what people type instead.

Always aware UTC. A date without a zone is taken for UTC, as every feed reader does.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # no news site is older; an earlier date is a default value
_AHEAD = timedelta(hours=24)  # a clock in the wrong zone, not a plan for next week
_ZERO = timedelta(0)
_LONGEST = 80
_LONGEST_DAY = 40

_HOURS_AHEAD_OF_UTC = {
    0.0: "Z UT UTC GMT WET",
    1.0: "BST CET MEZ WEST WAT",
    2.0: "CEST MESZ EET SAST CAT",
    3.0: "EEST MSK TRT EAT",
    3.5: "IRST",
    4.0: "GST",
    4.5: "AFT",
    5.0: "PKT",
    5.5: "IST",
    5.75: "NPT",
    7.0: "ICT WIB",
    8.0: "SGT HKT AWST PHT",
    9.0: "JST KST",
    9.5: "ACST",
    10.0: "AEST",
    10.5: "ACDT",
    11.0: "AEDT",
    12.0: "NZST",
    13.0: "NZDT",
    -3.0: "BRT ART ADT",
    -3.5: "NST",
    -4.0: "AST EDT",
    -5.0: "EST CDT",
    -6.0: "CST MDT",
    -7.0: "MST PDT",
    -8.0: "PST AKDT",
    -9.0: "AKST",
    -10.0: "HST",
}
_ZONES = {name: hours for hours, names in _HOURS_AHEAD_OF_UTC.items() for name in names.split()}
# The first letters of the months, without accents; a longer beginning decides before a shorter one.
_MONTHS_BY_LANGUAGE = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "janv fev mars avr mai juin juil aou sept oct nov dec",
    "jan feb mrz apr mai jun jul aug sep okt nov dez",
    "ene feb mar abr may jun jul ago set oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "sty lut mar kwi maj cze lip sie wrz paz lis gru",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "січ лют бер кві тра чер лип сер вер жов лис гру",
    "oca sub mar nis may haz tem agu eyl eki kas ara",
    "ιαν φεβ μαρ απρ μαι ιουν ιουλ αυγ σεπ οκτ νοε δεκ",
    "jan feb mar apr maj jun jul avg sep okt nov dec",
)

_ISO = re.compile(
    r"(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?(?:[T ]\s*(\d\d?):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?"
    r"\s*([A-Z]{1,5}|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
_RFC822_DAY = re.compile(r"(?:[A-Z]{3,9}\.?,?\s*)?(\d{1,2})\s+([A-Z]{3,9})\.?\s+(\d{4})", re.IGNORECASE)
_RFC822_ZONE = re.compile(r"[A-Z]{1,5}|[+-]\d{4}", re.IGNORECASE)
_RFC822 = re.compile(
    rf"{_RFC822_DAY.pattern}\s+(\d\d?):(\d\d)(?::(\d\d))?(?:\s*({_RFC822_ZONE.pattern}))?", re.IGNORECASE
)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-./年년]\s*(\d{1,2})\s*[-./月월]\s*(\d{1,2})")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.(\d{4})")  # dotted; with slashes it could be either way
_DAY_NAME_YEAR = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|º|er)?[\s./-]+(?:de\s+)?([^\W\d_]{3,12})[\s.,/-]+(?:de\s+)?(\d{4}|\d\d)(?![\d:])"
)
_NAME_DAY_YEAR = re.compile(r"([^\W\d_]{3,12})[\s.]+(\d{1,2})(?:st|nd|rd|th)?(?:,|\s)(?:.*\s|\s*)(\d{4})(?!\d)")
_TIME = re.compile(r"(?<![\d+-])(\d\d?):(\d\d)(?::(\d\d))?(?:[.,]\d+)?")
_AFTERNOON = re.compile(r"\d\s*[ap]\.?m\b|[上下]午|午[前後]|오[전후]", re.IGNORECASE)
_ZONE = re.compile(r"[+-]\d\d:?\d\d\b|\b[A-Z]{1,5}\b")
_END_OF_DAY = 24  # hours, which ISO 8601 allows for the next midnight
_SHORT_YEAR_PIVOT = 69  # POSIX: 69-99 are in the last century


def parse_date(text: str) -> datetime | None:
    """The moment that `text` names, in UTC; None if it names none without doubt. Never raises."""
    try:  # RFC 3339 and RFC 822 to the letter, as machines write them, at a third of the price
        if match := text[4:5] == "-" and _RFC3339.fullmatch(text):
            return datetime.fromisoformat(f"{match[1]}+00:00") - _offset(match[2])
        day, time, zone = text.rsplit(" ", 2)
        if len(day) < _LONGEST_DAY and len(time) == len("08:05:00") and time[2:6:3] == "::":
            return datetime.fromisoformat(f"{_rfc822_date(day)}T{time}+00:00") - _rfc822_offset(zone)
    except (ValueError, OverflowError):
        pass
    return _read_closely(text.strip()[:_LONGEST])


@lru_cache(maxsize=256)
def _rfc822_date(text: str) -> str:
    match = _RFC822_DAY.fullmatch(text)
    month = _month(match[2]) if match else None
    if match is None or month is None:
        raise ValueError(text)
    return f"{int(match[3]):04}-{month:02}-{int(match[1]):02}"


@lru_cache(maxsize=256)
def _rfc822_offset(zone: str) -> timedelta:
    if not _RFC822_ZONE.fullmatch(zone):
        raise ValueError(zone)
    return _offset(zone)


@lru_cache(maxsize=256)
def _read_closely(text: str) -> datetime | None:
    try:
        if match := _RFC822.fullmatch(text):
            day, name, year, hour, minute, second, zone = match.groups()
            if month := _month(name):
                return _moment((int(year), month, int(day)), (hour, minute, second), zone)
        if match := _ISO.fullmatch(text):
            year, month_digits, day, hour, minute, second, zone = match.groups()
            return _moment((int(year), int(month_digits or 1), int(day or 1)), (hour, minute, second), zone)
        return _loose(text)
    except (ValueError, OverflowError):
        return None


def first_plausible(dates: Iterable[str], *, at: datetime) -> datetime | None:
    """The first of `dates` that can be a news article's when read at `at`: since 1995, at most a day ahead."""
    for date in dates:
        moment = parse_date(date) if date else None
        if moment and _EARLIEST <= moment <= at + _AHEAD:
            return moment
    return None


def _loose(text: str) -> datetime | None:
    day = _day(text)
    if day is None:
        return None
    time = _TIME.search(text)
    if time is None:
        return _moment(day, (None, None, None), None)
    hour = time[1]
    if half := _AFTERNOON.search(text):
        late = any(sign in half[0].lower() for sign in ("p", "下", "後", "후"))
        hour = str(int(hour) % 12 + 12 * late)
    zone = next((name[0] for name in _ZONE.finditer(text, time.end()) if name[0][0] in "+-" or name[0] in _ZONES), None)
    return _moment(day, (hour, time[2], time[3]), zone)


def _day(text: str) -> tuple[int, int, int] | None:
    if match := _YEAR_FIRST.search(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _DAY_FIRST.search(text):
        return int(match[3]), int(match[2]), int(match[1])
    if (match := _DAY_NAME_YEAR.search(text)) and (month := _month(match[2])):
        return _full_year(match[3]), month, int(match[1])
    if (match := _NAME_DAY_YEAR.search(text)) and (month := _month(match[1])):
        return int(match[3]), month, int(match[2])
    return None


def _moment(day: tuple[int, int, int], time: tuple[str | None, str | None, str | None], zone: str | None) -> datetime:
    hour, minute, second = int(time[0] or 0), int(time[1] or 0), int(time[2] or 0)
    midnight = hour == _END_OF_DAY and not minute and not second
    moment = datetime(*day, 0 if midnight else hour, minute, min(second, 59), tzinfo=UTC)
    return moment + (timedelta(days=1) if midnight else _ZERO) - _offset(zone)


@lru_cache(maxsize=256)
def _offset(zone: str | None) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta(hours=_ZONES.get((zone or "").upper(), 0))
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def _full_year(year: str) -> int:
    number = int(year)
    if len(year) == len("1995"):
        return number
    return number + (1900 if number >= _SHORT_YEAR_PIVOT else 2000)


def _folded(word: str) -> str:
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(letter)
    )


_MONTHS = {
    _folded(name): number
    for names in reversed(_MONTHS_BY_LANGUAGE)
    for number, name in enumerate(names.split(), start=1)
}


def _month(word: str) -> int | None:
    folded = word.lower() if word.isascii() else _folded(word)
    return _MONTHS.get(folded[:4]) or _MONTHS.get(folded[:3])
