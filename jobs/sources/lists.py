"""CSV with a header, and plain lists of URLs."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from crawler.discover.decoding import decode
from crawler.text import clean_line
from jobs.exits import UsageError
from jobs.sources.opml import read_opml
from jobs.sources.rows import Row, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from crawler.sources import Source

MAX_FILE = 5 * 1024 * 1024  # bytes
COLUMNS = ("name", "url", "kind", "every", "language", "tags", "why", "expect_per_day", "render")
_FORMULA = re.compile(r"[=+\-@\t\r]")  # what makes a spreadsheet calculate a cell (CWE-1236)
_GUARDED = re.compile(r"\A'(?=[=+\-@\t\r])")
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


def read_rows(body: bytes) -> list[Row]:
    """The sources that a file names: OPML, CSV whose header names a url, or one URL a line. Raises `UsageError`."""
    if len(body) > MAX_FILE:
        raise UsageError(f"longer than {MAX_FILE // 1024 // 1024} MB: that is no list of sources")
    text = decode(body).lstrip("\ufeff")
    if text.lstrip().startswith("<"):
        return read_opml(body)
    header = next(iter(text.splitlines()), "")
    delimiter = next((sign for sign in ";\t," if "url" in _cells(header, sign)), None)
    if delimiter or header.strip().lower() == "url":
        return _table(text, delimiter or ",")
    return _urls(text)


def write_csv(sources: Iterable[Source]) -> str:
    """The sources as a table that a spreadsheet opens without calculating anything in it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for source in sources:
        every = _span(source.every) if source.every else ""
        tags = ";".join(source.tags)
        expected = "" if source.expect_per_day is None else f"{source.expect_per_day:g}"
        words = (source.name, source.url, source.kind or "", every, source.language or "", tags, source.why)
        cells = (*words, expected, "true" if source.render else "")
        writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in map(clean_line, cells)])
    return out.getvalue()


def _table(text: str, delimiter: str) -> list[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    unknown = sorted(set(reader.fieldnames) - set(COLUMNS))
    if unknown:
        raise UsageError(f"unknown column {', '.join(unknown)}; allowed are {', '.join(COLUMNS)}")
    rows = []
    try:
        for cells in reader:
            place = f"line {reader.line_num}"
            if None in cells:
                raise UsageError(f"{place} has more cells than the header: put quotes around text with a {delimiter}")
            said = {name: _cell(cells[name]) for name in reader.fieldnames}
            if any(said.values()):
                rows.append(_row(place, said))
    except csv.Error as error:
        raise UsageError(f"not CSV: line {reader.line_num}: {error}") from error
    return rows


def _row(place: str, said: dict[str, str]) -> Row:
    return Row(
        place=place,
        name=said.get("name", ""),
        url=said.get("url", ""),
        kind=said.get("kind") or None,
        every=said.get("every") or None,
        language=said.get("language") or None,
        tags=tags_of(re.split(r"[;,|]", said.get("tags", ""))),
        why=said.get("why", ""),
        expect_per_day=_number(said.get("expect_per_day", "")),
        render=_fact(said.get("render", "")),
    )


def _number(cell: str) -> float | str | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return cell


def _fact(cell: str) -> bool | str:
    return {"": False, "false": False, "true": True}.get(cell.lower(), cell)


def _urls(text: str) -> list[Row]:
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [Row(place=f"line {number}", url=line) for number, line in lines if line and not line.startswith("#")]


def _cells(header: str, delimiter: str) -> list[str]:
    cells = [cell.strip().strip('"').lower() for cell in header.split(delimiter)]
    return cells if len(cells) > 1 else []


def _cell(value: str | None) -> str:
    return _GUARDED.sub("", clean_line(value or "", limit=3000))


def _span(every: timedelta) -> str:
    seconds = int(every.total_seconds())
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"
