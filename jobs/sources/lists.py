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
from jobs.sources.rows import COLUMNS, Row, cells_of, row_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.sources import Source

MAX_FILE = 5 * 1024 * 1024  # bytes
_FORMULA = re.compile(r"[=+\-@\t\r]")  # what makes a spreadsheet calculate a cell (CWE-1236)
_GUARDED = re.compile(r"\A'(?=[=+\-@\t\r])")
_GAPS = re.compile(r"[\s_-]+")
_URL_HEADINGS = ("url", "feed url", "xml url", "rss url", "feed", "rss", "link", "html url")  # headings, the best first
_COLUMN_OF = {
    **dict.fromkeys(_URL_HEADINGS, "url"),
    **dict.fromkeys(("tag", "category", "folder"), "tags"),
    "title": "name",
    **{column: column for column in COLUMNS},
}
_KNOWN = {heading.replace(" ", "").replace("_", ""): column for heading, column in _COLUMN_OF.items()}
_ORDER = list(_KNOWN)
_ALLOWED = ", ".join(dict.fromkeys((*COLUMNS, *_COLUMN_OF)))


def read_rows(body: bytes) -> list[Row]:
    """The sources that a file names: OPML, CSV with a heading for the URL, or one URL a line. Raises `UsageError`."""
    if len(body) > MAX_FILE:
        raise UsageError(f"longer than {MAX_FILE // 1024 // 1024} MB: that is no list of sources")
    text = decode(body).lstrip("\ufeff")
    if text.lstrip().startswith("<"):
        return read_opml(body)
    header = next(iter(text.splitlines()), "")
    delimiters = [sign for sign in ";\t," if sign in header]
    named = (sign for sign in (*delimiters, ",") if "url" in map(_KNOWN.get, _headings(header.split(sign))))
    if delimiter := next(named, None):
        return _table(text, delimiter)
    if delimiters and not header.lstrip().startswith(("#", "http://", "https://")):
        wanted = ", ".join(_URL_HEADINGS)
        raise UsageError(f"line 1 has no heading for the URL, such as {wanted}; allowed are {_ALLOWED}")
    return _urls(text)


def write_csv(sources: Iterable[Source]) -> str:
    """The sources as a table that a spreadsheet opens without calculating anything in it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for source in sources:
        writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells_of(source).values()])
    return out.getvalue()


def _table(text: str, delimiter: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    rows = []
    try:
        first = next(reader)
        headings = _headings(first)
        if unknown := sorted({said.strip().lower() for said, name in zip(first, headings, strict=True) if not name}):
            raise UsageError(f"unknown column {', '.join(unknown)}; allowed are {_ALLOWED}")
        for cells in reader:
            place = f"line {reader.line_num}"
            if len(cells) > len(headings):
                raise UsageError(f"{place} has more cells than the header: put quotes around text with a {delimiter}")
            said = _said(headings, [_cell(cell) for cell in cells])
            if said:
                rows.append(row_of(place, said))
    except csv.Error as error:
        raise UsageError(f"not CSV: line {reader.line_num}: {error}") from error
    return rows


def _urls(text: str) -> list[Row]:
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [Row(place=f"line {number}", url=line) for number, line in lines if line and not line.startswith("#")]


def _headings(cells: Iterable[str]) -> list[str]:
    """Each cell of the first line as one of the known headings; empty where it is none."""
    squeezed = (_GAPS.sub("", cell.strip().strip('"').lower()) for cell in cells)
    return [heading if heading in _KNOWN else "" for heading in squeezed]


def _said(headings: list[str], cells: list[str]) -> dict[str, str]:
    """What a line says under each key; of two columns for one key the better one that says something."""
    filled = [(heading, cell) for heading, cell in zip(headings, cells, strict=False) if cell]
    worst_first = sorted(filled, key=lambda pair: _ORDER.index(pair[0]), reverse=True)
    return {_KNOWN[heading]: cell for heading, cell in worst_first}


def _cell(value: str) -> str:
    return _GUARDED.sub("", clean_line(value, limit=3000))
