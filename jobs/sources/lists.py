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
        writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells_of(source).values()])
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
                rows.append(row_of(place, said))
    except csv.Error as error:
        raise UsageError(f"not CSV: line {reader.line_num}: {error}") from error
    return rows


def _urls(text: str) -> list[Row]:
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [Row(place=f"line {number}", url=line) for number, line in lines if line and not line.startswith("#")]


def _cells(header: str, delimiter: str) -> list[str]:
    cells = [cell.strip().strip('"').lower() for cell in header.split(delimiter)]
    return cells if len(cells) > 1 else []


def _cell(value: str | None) -> str:
    return _GUARDED.sub("", clean_line(value or "", limit=3000))
