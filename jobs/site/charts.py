"""Charts of a site: what is counted, and how it is drawn. Shapes only; every word stands beside them in the page."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from jobs.digest import words
from storage.records import EditionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from jobs.digest.edition import SourceNote
    from jobs.site.book import Book, Page

DAYS, WEEKS, EDITIONS = 84, 12, 30
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
    for tale in book.tales:
        week = WEEKS - 1 - (last - tale.first_seen.date()).days // 7
        if 0 <= week < WEEKS:
            for actor in dict.fromkeys(tale.item.actors):
                weeks[actor][week] += 1
    ranked = sorted(weeks, key=lambda actor: (-weeks[actor].total(), actor))[:MOST_ACTORS]
    most = max((max(weeks[actor].values()) for actor in ranked), default=1)
    return tuple(
        Row(
            name=actor,
            drawing=_bars(
                [(weeks[actor][week],) for week in range(WEEKS)],
                ["ink"],
                f"{actor}, stories in each of twelve weeks: {', '.join(str(weeks[actor][w]) for w in range(WEEKS))}",
                most=most,
            ),
            total=weeks[actor].total(),
        )
        for actor in ranked
    )


def health(book: Book) -> Chart | None:
    """How many sources answered, did not, or were silent or degraded, in the latest editions; None without one."""
    pages = _a_day_each(book.pages)[-EDITIONS:]
    if not pages:
        return None
    seen = [page.edition.coverage for page in pages]
    counts = [(max(c.answered - len(c.unwell), 0), len(c.unwell), c.sources - c.answered) for c in seen]
    well, unwell, failed = counts[-1]
    says = f"Last: {well:,} well, {unwell:,} silent or degraded, {failed:,} failed."
    return Chart(
        title="Sources' health",
        says=says,
        drawing=_bars(counts, ["ink", "amber", "red"], f"Sources' health. {says}"),
        start=words.day(pages[0].edition.until.date()),
        end=words.day(pages[-1].edition.until.date()),
        rows=tuple(
            (words.day(page.edition.until.date()), f"{well:,} well, {unwell:,} silent or degraded, {failed:,} failed")
            for page, (well, unwell, failed) in zip(pages, counts, strict=True)
        ),
    )


def troubled(book: Book) -> tuple[tuple[str, str], ...]:
    """The sources that had most trouble in the latest editions, and which."""
    pages = _a_day_each(book.pages)[-EDITIONS:]
    faults: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for page in pages:
        for note in {(note.source, note.fault) for note in _notes(page)}:
            faults[note[0]][words.FAULTS[note[1]].lower()] += 1
    ranked = sorted(faults, key=lambda source: (-faults[source].total(), source))[:MOST_SOURCES]
    return tuple(
        (source, ", ".join(f"{fault} in {count} of {len(pages)}" for fault, count in sorted(faults[source].items())))
        for source in ranked
    )


def _notes(page: Page) -> Iterator[SourceNote]:
    yield from page.edition.coverage.failed
    yield from page.edition.coverage.unwell


def _a_day_each(pages: Sequence[Page]) -> list[Page]:
    """The last digest of each day, oldest first: profiles share their sources."""
    days = {page.edition.until.date(): page for page in reversed(pages) if page.kind is EditionKind.DIGEST}
    return [days[day] for day in sorted(days)]


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
