"""The plain edition: 78 columns, read at seven in the morning over a first coffee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest import words
from jobs.digest.columns import columns, cut, wrap
from jobs.digest.edition import Standing
from jobs.digest.plain import web_url
from jobs.digest.render import phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobs.digest.edition import Count, Edition, Item, Section

WIDTH = 78

_INDENT = 4
_LABEL = 10
_NAME, _BAR = 28, 24


def as_text(edition: Edition) -> str:
    """The edition in lines of at most 78 columns; only addresses may be longer."""
    return "\n".join(_lines(edition)) + "\n"


def as_text_alert(edition: Edition) -> str:
    """The one story of an alert, and nothing else."""
    return "\n".join(_alert(edition)) + "\n"


def _lines(edition: Edition) -> Iterator[str]:
    yield from _label(edition)
    yield from _masthead(edition)
    yield from _bottom_line(edition)
    yield from _stories(edition)
    yield from _held(edition.held, edition.zone)
    yield from _questions(edition)
    yield from _counts(edition)
    yield from _notes(edition)
    yield from _account(edition)
    yield from _foot(edition)


def _alert(edition: Edition) -> Iterator[str]:
    yield from _label(edition)
    yield from wrap(f"ALERT: {edition.title.upper()}", WIDTH)
    yield from wrap(phrases.alert(edition), WIDTH)
    for item in edition.flagged.items:
        yield ""
        yield from _story(item, "", edition.zone)
    yield from _foot(edition)


def _label(edition: Edition) -> Iterator[str]:
    if edition.tlp:
        yield phrases.tlp(edition)
        yield ""


def _masthead(edition: Edition) -> Iterator[str]:
    yield from wrap(edition.title.upper(), WIDTH)
    yield from wrap(phrases.name(edition), WIDTH)
    for line in phrases.window(edition):
        yield from wrap(line, WIDTH)
    yield ""
    for label, value in phrases.figures(edition):
        yield from _hanging(label.upper().ljust(_LABEL), value, _LABEL)
    seen = edition.coverage
    yield from _hanging("COVERAGE".ljust(_LABEL), f"{words.DAYS[seen.day]} {phrases.coverage(seen)}", _LABEL)


def _bottom_line(edition: Edition) -> Iterator[str]:
    yield from _heading("BOTTOM LINE")
    if not edition.flagged.stories:
        yield phrases.nothing(edition)
    for number, item in phrases.bottom_line(edition.flagged):
        start, end = _number(number), phrases.weight(item)
        title = cut(item.title, WIDTH - len(start) - columns(end) - 2)
        yield start + title + " " * (WIDTH - len(start) - columns(title) - columns(end)) + end


def _stories(edition: Edition) -> Iterator[str]:
    for standing, items in phrases.groups(edition.flagged):
        yield from _heading(phrases.heading(standing, edition.flagged).upper())
        for place, (number, item) in enumerate(items):
            if standing is Standing.ONGOING:
                yield from _hanging(_number(number), phrases.briefly(item), _INDENT)
                yield " " * _INDENT + _address(item.url)
                continue
            if place:
                yield ""
            yield from _story(item, _number(number), edition.zone)
    yield from _more(phrases.left(edition))


def _story(item: Item, number: str, zone: str) -> Iterator[str]:
    yield from _hanging(number, item.title, len(number))
    indent = " " * len(number)
    for line in filter(None, [phrases.parties(item), *phrases.facts(item, zone)]):
        yield from _hanging(indent, line, len(indent))
    for change in item.changes:
        yield from _hanging(indent, f"{phrases.news(item)}: {change}", len(indent) + 2)
    for sentence in item.sentences:
        yield ""
        yield from _hanging(indent, f"“{sentence.text}” ({sentence.outlet})", len(indent))
    yield ""
    for label, text in phrases.reasons(item, zone):
        yield from _hanging(indent, f"{label}: {text}", len(indent) + 2)
    yield indent + _address(item.url)
    for copy in item.copies:
        yield from _hanging(indent, f"Also at {copy.outlet}:", len(indent))
        yield indent + _address(copy.url)
    if phrases.folded(item):
        yield indent + phrases.folded(item)
    yield from _hanging(indent, item.id, len(indent))


def _held(held: Section, zone: str) -> Iterator[str]:
    if not held.stories:
        return
    yield from _heading(f"HELD FOR REVIEW ({held.stories:,})")
    for item in held.items:
        start = f"{words.score(item.score)}  "
        told = f"{item.title} ({words.listed(item.outlets, 2)}). {item.why}"
        yield from _hanging(start, told, len(start))
        if late := phrases.late(item, zone):
            yield from _hanging(" " * len(start), late, len(start))
        yield " " * len(start) + _address(item.url)
        yield from _hanging(" " * len(start), item.id, len(start))
    yield from _more(words.more(held.more, "story", "stories") if held.more else "")
    yield from _more(phrases.deciding(held))


def _questions(edition: Edition) -> Iterator[str]:
    if not edition.questions:
        return
    yield from _heading(f"CHECK US ({len(edition.questions):,})")
    yield from wrap(phrases.asking(edition), WIDTH)
    for question in edition.questions:
        start = f"{words.score(question.score)}  "
        yield from _hanging(start, f"{question.title} ({question.outlet}) {question.id}", len(start))
        yield " " * len(start) + _address(question.url)


def _counts(edition: Edition) -> Iterator[str]:
    for title, counts in phrases.counted(edition):
        yield from _heading(title.upper())
        yield from (line for count in counts for line in _count(count, most=max(count.stories for count in counts)))


def _count(of: Count, *, most: int) -> Iterator[str]:
    name = cut(of.name, _NAME)
    bar = "█" * max(round(_BAR * of.stories / most), 1) if of.stories > 0 else ""
    start = name + " " * (_NAME - columns(name)) + f"{of.stories:>6,}  "
    yield (start + bar.ljust(_BAR + 2) + phrases.usual(of)).rstrip()


def _notes(edition: Edition) -> Iterator[str]:
    notes = phrases.troubles(edition.coverage)
    if not notes:
        return
    yield from _heading(f"SOURCE NOTES ({len(notes):,})")
    for note in notes[: words.MOST_NOTES]:
        yield from _hanging("", f"{note.source}: {phrases.note(note, edition.zone)}", _INDENT)
    if len(notes) > words.MOST_NOTES:
        yield words.more(len(notes) - words.MOST_NOTES, "source", "sources")


def _account(edition: Edition) -> Iterator[str]:
    if not edition.fates:
        return
    yield from _heading(phrases.account(edition).upper())
    room = max(len(f"{fate.count:,}") for fate in edition.fates)
    for fate in edition.fates:
        yield from _hanging(f"{fate.count:>{room},}  ", phrases.fate(fate), room + 2)


def _foot(edition: Edition) -> Iterator[str]:
    yield ""
    yield from wrap(phrases.card(edition), WIDTH)
    yield from wrap(phrases.colophon(edition), WIDTH)
    if edition.tlp:
        yield ""
        yield phrases.tlp(edition)


def _heading(title: str) -> Iterator[str]:
    yield ""
    yield ""
    yield from wrap(title, WIDTH)
    yield "-" * WIDTH


def _more(text: str) -> Iterator[str]:
    if text:
        yield ""
        yield from wrap(text, WIDTH)


def _number(number: int) -> str:
    return f"{number}. ".ljust(_INDENT)


def _hanging(start: str, text: str, indent: int) -> Sequence[str]:
    """The text after `start`, its further lines indented."""
    first, *rest = wrap(text, WIDTH - max(indent, len(start)))
    return [start + first, *(" " * indent + line for line in rest)]


def _address(url: str) -> str:
    return web_url(url) or words.no_link(url)
