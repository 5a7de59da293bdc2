"""Charts of a site: what is counted, and how it is drawn. Shapes only; every word stands beside them in the page."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs.digest import words
from storage.records import EditionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from jobs.digest.edition import Coverage, SourceNote
    from jobs.site.book import Book, Page

DAYS, WEEKS, HEALTH_DAYS = 84, 12, 30
MOST_ACTORS = 8
MOST_SOURCES = 12
_STEP, _GAP, _HEIGHT = 10, 2, 100  # of the drawing, which is stretched to its place


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A drawing, and the same in words and figures."""

    title: str
    says: str
    drawing: Markup
    start: str
    end: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table of small charts."""

    name: str
    drawing: Markup
    total: int


def per_day(book: Book) -> Chart | None:
    """Stories by the day on which they were first seen, to the end of the last edition. None without an edition."""
    if not book.pages:
        return None
    last = max(page.edition.until for page in book.pages).date()
    days = [last - timedelta(days=DAYS - 1 - back) for back in range(DAYS)]
    seen = Counter(tale.first_seen.date() for tale in book.tales)
    counts = [seen[day] for day in days]
    busiest = max(range(DAYS), key=lambda place: counts[place])
    says = f"{words.count(sum(counts), 'story', 'stories')} in {DAYS} days"
    says += f"; most on {words.day(days[busiest])}: {counts[busiest]:,}." if counts[busiest] else "."
    return Chart(
        title="Stories a day",
        says=says,
        drawing=_bars([(count,) for count in counts], ["ink"], f"Stories a day. {says}"),
        start=words.day(days[0]),
        end=words.day(last),
        rows=tuple((words.day(day), f"{count:,}") for day, count in zip(days, counts, strict=True) if count),
    )


def actors(book: Book) -> tuple[Row, ...]:
    """The actors of the last twelve weeks, in how many stories of each week they are named; most named first."""
    if not book.pages:
        return ()
    last = max(page.edition.until for page in book.pages).date()
    weeks: defaultdict[str, Counter[int]] = defaultdict(Counter)
    names = dict[str, str]()
    for tale in book.tales:
        week = WEEKS - 1 - (last - tale.first_seen.date()).days // 7
        if 0 <= week < WEEKS:
            for actor, name in tale.actors:
                weeks[actor][week] += 1
                names.setdefault(actor, name)
    ranked = sorted(weeks, key=lambda actor: (-weeks[actor].total(), names[actor], actor))[:MOST_ACTORS]
    most = max((max(weeks[actor].values()) for actor in ranked), default=1)
    return tuple(
        Row(
            name=names[actor],
            drawing=_bars(
                [(weeks[actor][week],) for week in range(WEEKS)],
                ["ink"],
                f"{names[actor]}, stories in each of twelve weeks: "
                f"{', '.join(str(weeks[actor][week]) for week in range(WEEKS))}",
                most=most,
            ),
            total=weeks[actor].total(),
        )
        for actor in ranked
    )


def health(book: Book) -> Chart | None:
    """How many sources answered, did not, or were silent or degraded, in thirty days; None where none was looked at."""
    pages = _a_day_each(book.pages)
    if not pages:
        return None
    counts = {day: _conditions(page.edition.coverage) for day, page in pages.items()}
    last = max(counts)
    days = [last - timedelta(days=HEALTH_DAYS - 1 - back) for back in range(HEALTH_DAYS)]
    says = f"Last: {_in_words(*counts[last])}."
    return Chart(
        title="Sources' health",
        says=says,
        drawing=_bars(
            [counts.get(day, (0, 0, 0)) for day in days], ["ink", "amber", "red"], f"Sources' health. {says}"
        ),
        start=words.day(days[0]),
        end=words.day(last),
        rows=tuple((words.day(day), _in_words(*count)) for day, count in counts.items()),
    )


def _conditions(seen: Coverage) -> tuple[int, int, int]:
    return max(seen.answered - len(seen.unwell), 0), len(seen.unwell), seen.sources - seen.answered


def _in_words(well: int, unwell: int, failed: int) -> str:
    return f"{well:,} well, {unwell:,} silent or degraded, {failed:,} failed"


def troubled(book: Book) -> tuple[tuple[str, str], ...]:
    """The sources that had most trouble in those days, and which."""
    pages = _a_day_each(book.pages)
    faults: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for page in pages.values():
        for note in {(note.source, note.fault) for note in _notes(page)}:
            faults[note[0]][words.FAULTS[note[1]].lower()] += 1
    ranked = sorted(faults, key=lambda source: (-faults[source].total(), source))[:MOST_SOURCES]
    days = words.count(len(pages), "day")
    return tuple(
        (source, ", ".join(f"{fault} on {count} of {days}" for fault, count in sorted(faults[source].items())))
        for source in ranked
    )


def _notes(page: Page) -> Iterator[SourceNote]:
    yield from page.edition.coverage.failed
    yield from page.edition.coverage.unwell


def _a_day_each(pages: Sequence[Page]) -> dict[date, Page]:
    """Of the last thirty days the digest that looked at most sources, the last of those: profiles share their sources.

    Oldest first. One that is made between two looks says nothing of the sources, and one that covers minutes little.
    """
    days = dict[date, "Page"]()
    for page in pages:
        day, sources = page.edition.until.date(), page.edition.coverage.sources
        if page.kind is EditionKind.DIGEST and sources > (days[day].edition.coverage.sources if day in days else 0):
            days[day] = page
    return {day: days[day] for day in sorted(days)[-HEALTH_DAYS:] if (max(days) - day).days < HEALTH_DAYS}


def _bars(columns: Sequence[Sequence[int]], inks: Sequence[str], says: str, *, most: int = 0) -> Markup:
    """Columns of one or more parts, stacked. They are stretched to the room they get, so no word stands in them."""
    from markupsafe import Markup, escape

    highest = max([most, *(sum(column) for column in columns), 1])
    shapes: list[str] = []
    for place, column in enumerate(columns):
        below = 0
        for part, ink in zip(column, inks, strict=True):
            low, below = below, below + part
            top, bottom = _HEIGHT - below * _HEIGHT // highest, _HEIGHT - low * _HEIGHT // highest
            if part:
                at = f'x="{place * _STEP}" y="{top}" width="{_STEP - _GAP}" height="{max(bottom - top, 1)}"'
                shapes.append(f'<rect class="{ink}" {at}/>')
    width = len(columns) * _STEP
    return Markup(  # noqa: S704 - numbers, and what is escaped
        f'<svg class="chart" role="img" viewBox="0 0 {width} {_HEIGHT}" preserveAspectRatio="none">'
        f"<title>{escape(says)}</title>"
        f'<rect class="ground" x="0" y="{_HEIGHT - 1}" width="{width}" height="1"/>{"".join(shapes)}</svg>'
    )
