"""The digest's own words: times, counts, and what the archive's states mean to a reader."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobs.digest.columns import cut
from jobs.digest.edition import Day, Fault, Standing
from storage.records import DateSource, LinkState, PollState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

# Not strftime's, whose names change with the machine's locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

NOTHING_FLAGGED = "Nothing was flagged."
NOTHING_FOR_PROFILE = "Nothing for this profile."  # what was flagged is what it does not ask for
NOTHING_TO_TELL = "Nothing that belongs in this digest."  # though something was flagged
BOTTOM_LINES = 5  # the stories worth a line before the details
MOST_NOTES = 40  # sources in trouble that are shown one by one
MOST_COUNTED = 8  # actors, countries or sectors that are shown

DAYS = {Day.NORMAL: "Normal day.", Day.QUIET: "Quiet day.", Day.IDLE: "Nothing read.", Day.BLIND: "BLIND DAY."}
MARKS = {Day.IDLE: "nothing read, ", Day.BLIND: "BLIND DAY, "}  # before the counts, where there is only a line
STANDINGS = {Standing.NEW: "New", Standing.UPDATED: "Updated", Standing.ONGOING: "Ongoing"}
FAULTS = {Fault.FAILED: "Failed", Fault.SILENT: "Silent", Fault.DEGRADED: "Degraded"}

FATES: dict[LinkState | None, str] = {
    LinkState.FLAGGED: "flagged",
    LinkState.HELD: "held for a person to decide",
    LinkState.REJECTED: "read and judged irrelevant",
    LinkState.DUPLICATE: "stored already, under another address",
    LinkState.NOT_AN_ARTICLE: "not an article",
    LinkState.UNEXTRACTABLE: "without a text that could be read",
    LinkState.BLOCKED: "not ours to read",
    LinkState.GONE: "gone when we came",
    LinkState.FAILED: "failed to load",
    LinkState.DISCOVERED: "still waiting to be read",
    None: "unaccounted for; please report this",
}

POLLS: dict[PollState | None, str] = {
    PollState.OK: "answered",
    PollState.UNCHANGED: "unchanged",
    PollState.EMPTY: "empty",
    PollState.NOT_A_FEED: "did not answer with a feed",
    PollState.NO_LINKS: "page without article links",
    PollState.MALFORMED: "answer could not be parsed",
    PollState.BLOCKED: "blocked",
    PollState.HTTP_ERROR: "answered with an error",
    PollState.UNREACHABLE: "unreachable",
    None: "not looked at in this window",
}

DATED_BY = {
    DateSource.FEED: "dated by the feed",
    DateSource.JSON_LD: "dated by the page",
    DateSource.META: "dated by the page",
    DateSource.TIME: "dated by the page",
    DateSource.URL: "dated by its address",
    DateSource.GUESSED: "date guessed",
}
DAY_ONLY = {DateSource.URL, DateSource.GUESSED}

CLAIMS = {  # in the past tense, which is right for one claimant and for many
    "stated": "{who} said that {accused} did it",
    "assessed": "{who} assessed that {accused} did it",
    "suspected": "{who} suspected {accused}",
    "alleged": "{who} alleged that {accused} did it",
    "denied": "{who} denied that {accused} did it",
}

_LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "ko": "Korean",
    "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 story`, `1,412 links`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], at_most: int) -> str:
    """`A`, `A and B`, `A, B and 3 more`."""
    more = len(names) - at_most
    shown = [*names[:at_most], f"{more:,} more"] if more > 0 else list(names)
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def language(code: str) -> str:
    """The language of an ISO 639-1 code, in English."""
    return _LANGUAGES.get(code, code)


def day(at: date) -> str:
    """`22 Nov 2026`."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def weekday(at: datetime) -> str:
    """`Sun 22 Nov 2026`."""
    return f"{_DAYS[at.weekday()]} {day(at)}"


def clock(at: datetime) -> str:
    """`22 Nov 2026 04:12`, by the clock that the time was given in."""
    return f"{day(at)} {at:%H:%M}"


def moment(at: datetime, zone: str = "UTC") -> str:
    """`22 Nov 2026 05:12 CET`: a time in a zone."""
    there = local(at, zone)
    name = there.tzname() or zone
    return f"{clock(there)} {'UTC' + name if name[0] in '+-' else name}"


def local(at: datetime, zone: str) -> datetime:
    """The same moment by the clock of a zone; by that of UTC where there is no such zone."""
    return at.astimezone(_zone(zone))


def score(value: float | None) -> str:
    """Two digits, cut and not rounded: 0.499 is not yet 0.50, and nothing is certain."""
    return "no score" if value is None else f"{min(value, 0.99):.6f}"[:4]


def more(number: int, one: str, many: str) -> str:
    """What there was no room for."""
    return f"and {number:,} more {one if number == 1 else many}"


def no_link(url: str) -> str:
    """What stands in a link's place when the address is not one to follow."""
    return f"(not a web address: {cut(url, 40)})" if url else "(no address)"


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
