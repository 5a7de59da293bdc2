"""Where, when and through which agency a report says it was written: "PARIS, Nov 3 (AFP) -", "新华社北京11月3日电".

Only the openings of the first lines and the end of the text are looked at, each of a fixed length, so that the time is
bounded whatever the text. The text itself stays as it is.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from crawler.extract.dateline.agencies import agency_named
from crawler.extract.dateline.credits import agency_credited
from crawler.extract.dateline.han import han_opening
from crawler.extract.dateline.opening import Day, Opening, western_opening
from storage.records import Dateline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEAD = 300  # code points from the start in which the line with the dateline begins
OPENING = 140  # of such a line that are read
MAX_LINES = 8
MAX_AGE = timedelta(days=100)  # of a dateline without a year; an older one belongs to something else
MONTH = 31
AHEAD = timedelta(hours=14)  # where clocks are furthest ahead of UTC it is tomorrow already

__all__ = ["dateline_of"]


def dateline_of(text: str, *, at: datetime, raw: str = "", authors: Iterable[str] = ()) -> Dateline | None:
    """The dateline and wire credit of a text, None without one.

    `at` is when the article was published, or fetched: it gives a date its year, and no date is later. `raw` is the
    text before boilerplate was taken out, maybe with the credit; `authors` may name an agency too.
    """
    opening = next(filter(None, map(_opening, _first_lines(text))), Opening())
    signing = (agency_named(name, as_printed=True) for name in authors)
    agency = opening.agency or agency_credited(text) or agency_credited(raw) or next(filter(None, signing), None)
    day = _completed(opening.day, at) if opening.day else None
    return Dateline(place=opening.place, date=day, agency=agency) if opening.place or day or agency else None


def _first_lines(text: str) -> Iterator[str]:
    at = 0
    for line in islice(text[: HEAD + OPENING].split("\n"), MAX_LINES):
        if at <= HEAD and line:
            yield line[:OPENING]
        at += len(line) + 1


def _opening(line: str) -> Opening | None:
    return han_opening(line) or western_opening(line)


def _completed(day: Day, at: datetime) -> date | None:
    """The last such day that was not in the future, without a month one of the last 31; None if too long ago."""
    limit = (at + AHEAD).date()
    if day.month is None:
        last = (limit - timedelta(days=back) for back in range(MONTH))
        return next((whole for whole in last if whole.day == day.day), None)
    years = (day.year,) if day.year else (limit.year, limit.year - 1)
    days = (_day(year, day.month, day.day) for year in years)
    oldest = date.min if day.year else limit - MAX_AGE
    return next((whole for whole in days if whole and oldest <= whole <= limit), None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
