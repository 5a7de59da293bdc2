"""The edition as one HTML file: inline styles, no scripts, no pictures, nothing fetched."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from jobs.digest import words
from jobs.digest.plain import host, web_url

if TYPE_CHECKING:
    from jinja2 import Template

    from jobs.digest.edition import Edition, Section

LARGEST = 100_000  # bytes: Gmail clips a message at about 102 kB


def as_html(edition: Edition) -> str:
    """The edition in less than `LARGEST` bytes: what does not fit is counted instead of shown."""
    most = max(len(edition.flagged.items), len(edition.held.items), len(edition.coverage.failed))
    whole = _page(edition, most)
    if _size(whole) < LARGEST:
        return whole
    too_many = bisect_left(range(most), LARGEST, key=lambda room: _size(_page(edition, room)))
    return _page(edition, max(too_many - 1, 0))


def _size(page: str) -> int:
    return len(page.encode())


def _page(edition: Edition, room: int) -> str:
    """The page with at most `room` stories of each kind and as many source notes."""
    shown = replace(edition, flagged=_first(edition.flagged, room), held=_first(edition.held, room))
    notes = edition.coverage.failed[: min(room, words.MOST_NOTES)]
    return _template().render(edition=shown, notes=notes)


def _first(section: Section, room: int) -> Section:
    return replace(section, items=section.items[:room])


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("jobs.digest"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(words=words, host=host, web_url=web_url)
    return environment.get_template("edition.html")
