"""The digest's own words: times, counts, and what the archive's states mean to a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest.columns import cut
from jobs.digest.edition import Day
from storage.records import DateSource, LinkState, PollState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jobs.digest.edition import Coverage, Edition, Fate, Item, Section, SourceNote

# Not strftime's, whose names change with the machine's locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

NOTHING_FLAGGED = "Nothing was flagged."
BOTTOM_LINES = 5  # the stories worth a line before the details
MOST_NOTES = 40  # sources that failed and are shown one by one

_MOST_NAMED = 5

DAYS = {Day.NORMAL: "Normal day.", Day.QUIET: "Quiet day.", Day.BLIND: "BLIND DAY."}

FATES: dict[LinkState | None, str] = {
    LinkState.FLAGGED: "flagged",
    LinkState.HELD: "held for a person to decide",
    LinkState.REJECTED: "read and judged irrelevant",
    LinkState.DUPLICATE: "copies of what is stored already",
    LinkState.NOT_AN_ARTICLE: "pages that are no article",
    LinkState.UNEXTRACTABLE: "pages whose text could not be read",
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

_DATED_BY = {
    DateSource.FEED: "dated by the feed",
    DateSource.JSON_LD: "dated by the page",
    DateSource.META: "dated by the page",
    DateSource.TIME: "dated by the page",
    DateSource.URL: "dated by its address",
    DateSource.GUESSED: "date guessed",
}
_DAY_ONLY = {DateSource.URL, DateSource.GUESSED}

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


def moment(at: datetime) -> str:
    """`22 Nov 2026 04:12`, in UTC."""
    return f"{_date(at)} {at:%H:%M}"


def weekday(at: datetime) -> str:
    """`Sun 22 Nov 2026`."""
    return f"{_DAYS[at.weekday()]} {_date(at)}"


def window(edition: Edition) -> str:
    """`21 Nov 2026 06:00 to 22 Nov 2026 06:00 UTC (24 hours)`."""
    hours = round((edition.until - edition.since).total_seconds() / 3600)
    return f"{moment(edition.since)} to {moment(edition.until)} UTC ({count(hours, 'hour')})"


def figures(edition: Edition) -> tuple[tuple[str, str], ...]:
    """What was read and what came of it, as labels and values."""
    seen = edition.coverage
    sources = f"{seen.answered:,} of {count(seen.sources, 'source')}"
    return (
        ("Read", f"{sources}, {count(edition.links, 'link')}"),
        ("Flagged", _stories(edition.flagged)),
        ("Held", f"{edition.held.stories:,}"),
    )


def coverage(of: Coverage) -> str:
    """Why the day is called what it is, and which sources failed."""
    failed = listed([note.source for note in of.failed], _MOST_NAMED)
    return " ".join([*of.words, *([f"No answer from {failed}."] if failed else [])])


def dated(item: Item) -> str:
    """When it was published, who says so, and when we first saw it. A date without a time of day is shown as one."""
    seen = f"first seen {moment(item.first_seen)} UTC"
    if item.published is None:
        return f"no date given, {seen}"
    day_only = item.date_source in _DAY_ONLY and (item.published.hour, item.published.minute) == (0, 0)
    when = _date(item.published) if day_only else f"{moment(item.published)} UTC"
    by = f" ({_DATED_BY[item.date_source]})" if item.date_source else ""
    return f"published {when}{by}, {seen}"


def written(item: Item) -> str:
    """`by A. Writer, in Chinese`: what is known of author and language; empty when nothing is worth saying."""
    by = [f"by {listed(item.authors, 2)}"] if item.authors else []
    language = item.language and item.language != "en" and f"in {_LANGUAGES.get(item.language, item.language)}"
    return ", ".join([*by, language] if language else by)


def score(value: float | None) -> str:
    """Two digits, cut and not rounded: 0.499 is not yet 0.50, and nothing is certain."""
    return "no score" if value is None else f"{min(value, 0.99):.6f}"[:4]


def attribution(item: Item, *, between: str) -> str:
    """Outlets, origins, authors, language and score in one line."""
    told = [listed(item.outlets, 3), origins(item), written(item), f"score {score(item.score)}"]
    return between.join(filter(None, told))


def origins(item: Item) -> str:
    """`14 articles, 3 origins`; empty for a single report."""
    return f"{count(item.articles, 'article')}, {count(item.origins, 'origin')}" if item.articles > 1 else ""


def folded(item: Item) -> str:
    """How many articles have no line of their own; empty when all do."""
    left = item.articles - 1 - len(item.copies)
    return more(left, "article", "articles") if left > 0 else ""


def account(edition: Edition) -> str:
    """The heading over what became of the window's links."""
    return f"What became of {count(edition.links, 'link')}"


def fate(of: Fate) -> str:
    """What became of some links, with the most frequent reasons."""
    if [reason.count for reason in of.reasons] == [of.count]:
        return f"{FATES[of.state]} ({of.reasons[0].text})"
    reasons = ", ".join(f"{reason.count:,} {reason.text}" for reason in of.reasons)
    return f"{FATES[of.state]} ({reasons})" if reasons else FATES[of.state]


def note(of: SourceNote) -> str:
    """What was wrong with a source, and when that was seen."""
    detail = f": {of.detail}" if of.detail else ""
    return f"{POLLS[of.state]}{detail}" + (f", {moment(of.at)} UTC" if of.at else "")


def more(number: int, one: str, many: str) -> str:
    """What there was no room for."""
    return f"and {number:,} more {one if number == 1 else many}"


def no_link(url: str) -> str:
    """What stands in a link's place when the address is not one to follow."""
    return f"(not a web address: {cut(url, 40)})" if url else "(no address)"


def colophon(edition: Edition) -> str:
    """The last line: by which model, and when."""
    return f"Model {edition.model}. Composed {moment(edition.composed_at)} UTC. All times are UTC."


def _stories(section: Section) -> str:
    stories = count(section.stories, "story", "stories")
    return stories if section.articles == section.stories else f"{stories} ({count(section.articles, 'article')})"


def _date(at: datetime) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
