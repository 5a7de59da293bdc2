"""The plain edition: 78 columns, read at seven in the morning over a first coffee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest import words
from jobs.digest.columns import columns, cut, wrap
from jobs.digest.plain import web_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.digest.edition import Edition, Item, Section

WIDTH = 78

_INDENT = 4


def as_text(edition: Edition) -> str:
    """The edition in lines of at most 78 columns; only addresses may be longer."""
    return "\n".join(_lines(edition)) + "\n"


def _lines(edition: Edition) -> Iterator[str]:
    yield from _masthead(edition)
    yield from _bottom_line(edition.flagged)
    yield from _flagged(edition.flagged)
    yield from _held(edition.held)
    yield from _account(edition)
    yield from _sources(edition)
    yield ""
    yield from wrap(words.colophon(edition), WIDTH)


def _masthead(edition: Edition) -> Iterator[str]:
    yield from wrap(edition.title.upper(), WIDTH)
    yield from wrap(words.window(edition), WIDTH)
    yield ""
    yield from wrap(" | ".join(f"{label.upper()} {value}" for label, value in words.figures(edition)), WIDTH)
    yield from wrap(f"COVERAGE {words.DAYS[edition.coverage.day]} {words.coverage(edition.coverage)}", WIDTH)


def _bottom_line(section: Section) -> Iterator[str]:
    yield from _heading("BOTTOM LINE")
    if not section.stories:
        yield words.NOTHING_FLAGGED
    for number, item in enumerate(section.items[: words.BOTTOM_LINES], 1):
        start, end = _number(number), words.score(item.score)
        title = cut(item.title, WIDTH - _INDENT - len(end) - 2)
        yield start + title + " " * (WIDTH - len(start) - columns(title) - len(end)) + end


def _flagged(section: Section) -> Iterator[str]:
    if not section.stories:
        return
    yield from _heading(f"FLAGGED ({section.stories:,})")
    for number, item in enumerate(section.items, 1):
        if number > 1:
            yield ""
        yield from _story(item, _number(number))
    yield from _more(section)


def _story(item: Item, number: str) -> Iterator[str]:
    yield from _hanging(number, item.title, _INDENT)
    yield from _indented(words.attribution(item, between=" | "))
    yield from _indented(words.dated(item))
    for sentence in item.sentences:
        yield ""
        yield from _indented(f"“{sentence.text}” ({sentence.outlet})")
    yield ""
    yield from (line for change in item.changes for line in _indented(f"New: {change}"))
    yield from _indented(f"Why flagged: {item.why}")
    yield " " * _INDENT + _address(item.url)
    for copy in item.copies:
        yield from _indented(f"Also at {copy.outlet}:")
        yield " " * _INDENT + _address(copy.url)
    yield from _indented(words.folded(item))
    yield from _indented(item.id)


def _held(section: Section) -> Iterator[str]:
    if not section.stories:
        return
    yield from _heading(f"HELD FOR REVIEW ({section.stories:,})")
    for item in section.items:
        start = f"{words.score(item.score)}  "
        yield from _hanging(start, f"{item.title} ({words.listed(item.outlets, 2)}). {item.why}", len(start))
        yield " " * len(start) + _address(item.url)
    yield from _more(section)


def _account(edition: Edition) -> Iterator[str]:
    yield from _heading(words.account(edition).upper())
    room = max((len(f"{fate.count:,}") for fate in edition.fates), default=0)
    for fate in edition.fates:
        yield from _hanging(f"{fate.count:>{room},}  ", words.fate(fate), room + 2)


def _sources(edition: Edition) -> Iterator[str]:
    failed = edition.coverage.failed
    if not failed:
        return
    yield from _heading(f"SOURCES THAT GAVE NOTHING ({len(failed):,})")
    for note in failed[: words.MOST_NOTES]:
        yield from _hanging("", f"{note.source}: {words.note(note)}", _INDENT)
    if len(failed) > words.MOST_NOTES:
        yield words.more(len(failed) - words.MOST_NOTES, "source", "sources")


def _heading(title: str) -> Iterator[str]:
    yield ""
    yield ""
    yield from wrap(title, WIDTH)
    yield "-" * WIDTH


def _more(section: Section) -> Iterator[str]:
    if section.more:
        yield ""
        yield words.more(section.more, "story", "stories")


def _number(number: int) -> str:
    return f"{number}. ".ljust(_INDENT)


def _indented(text: str) -> Iterator[str]:
    if text:
        yield from _hanging(" " * _INDENT, text, _INDENT)


def _hanging(start: str, text: str, indent: int) -> Iterator[str]:
    """The text after `start`, its further lines indented."""
    first, *rest = wrap(text, WIDTH - max(indent, len(start)))
    yield start + first
    yield from (" " * indent + line for line in rest)


def _address(url: str) -> str:
    return web_url(url) or words.no_link(url)
