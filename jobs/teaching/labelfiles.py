"""Labels in files: CSV for spreadsheets, JSON lines for programs, and mail in which readers answered a digest.

Files come from other people: a spreadsheet formula is disarmed, an unknown column refused. Mail has rules of its own.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from jobs.exits import CommandError, UsageError
from jobs.teaching.labelling import word_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from storage.records import Label, Word

COLUMNS = ("url", "label", "note", "by", "at", "title")  # the title is for the reader's eye; it is not read back
NEEDED = ("url", "label")
LONGEST = 64 * 1024 * 1024  # bytes of a file

_ARMED = ("=", "+", "-", "@", "\t", "\r", "'")  # what a spreadsheet takes for a formula, and the sign that it is none


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer of a file. `subject` is a URL, an article's number or an item's id; `place` is for messages."""

    place: str
    subject: str
    word: Word
    note: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A line that is no answer, and why."""

    place: str
    why: str


def read_labels(data: bytes, name: str, *, senders: Collection[str] | None = None) -> list[Row | BadRow]:
    """The answers in a file, told apart by its content. Raises `UsageError` where it is none of the three forms.

    Mail counts from these `senders`; None means from anybody.
    """
    if len(data) > LONGEST:
        raise UsageError(f"{name} is larger than {LONGEST // 2**20} MiB; split it")
    if data.startswith(b"From "):
        from jobs.teaching.mailbox import answers

        return list(answers(data, senders=senders))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text: byte {error.start}; save it as UTF-8") from error
    lines = text.lstrip()
    return list(_from_lines(text) if lines.startswith("{") else _from_csv(text, name))


def write_csv(labels: Iterable[Label]) -> str:
    """RFC 4180 with a header. A cell that a spreadsheet would run begins with an apostrophe, which `read` takes off."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([disarmed(str(value)) for value in record(label).values()] for label in labels)
    return out.getvalue()


def write_lines(labels: Iterable[Label]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(record(label), ensure_ascii=False) + "\n" for label in labels)


def record(label: Label) -> dict[str, str]:
    """A label as plain data."""
    return {
        "url": label.url,
        "label": str(label.word),
        "note": label.note,
        "by": label.by,
        "at": label.at.isoformat(),
        "title": clean_line(label.title, limit=200),
    }


def disarmed(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(_ARMED) else cell


def rearmed(cell: str) -> str:
    """The cell as it was before `disarmed`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_ARMED) else cell


def _from_csv(text: str, name: str) -> Iterator[Row | BadRow]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        _check_columns(header, f"{name}:1")
        for cells in reader:
            if any(cells):
                yield _cells(header, [rearmed(cell) for cell in cells], f"line {reader.line_num}")
    except csv.Error as error:
        yield BadRow(place=f"line {reader.line_num}", why=f"not CSV: {error}; nothing after it was read")


def _cells(header: Sequence[str], cells: Sequence[str], place: str) -> Row | BadRow:
    if len(cells) != len(header):
        return BadRow(place=place, why=f"{len(cells)} cells under {len(header)} columns")
    return _row(dict(zip(header, cells, strict=True)), place)


def _from_lines(text: str) -> Iterator[Row | BadRow]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _line(line, f"line {number}")


def _line(line: str, place: str) -> Row | BadRow:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        return BadRow(place=place, why=f"not JSON: {error}")
    if not isinstance(fields, dict):
        return BadRow(place=place, why="not an object")
    try:
        _check_columns(list(fields), place)
    except UsageError as error:
        return BadRow(place=place, why=str(error).removeprefix(f"{place}: "))
    return _row(fields, place)


def _check_columns(columns: Sequence[str], place: str) -> None:
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise UsageError(
            f"{place}: unknown column {clean_line(unknown[0], limit=60)!r}; known are {', '.join(COLUMNS)}"
        )
    missing = [column for column in NEEDED if column not in columns]
    if missing or len(set(columns)) < len(columns):
        raise UsageError(f"{place}: each of {', '.join(NEEDED)} must be a column, once")


def _row(fields: Mapping[str, Any], place: str) -> Row | BadRow:
    values = {name: str(fields[name] or "") for name in fields}
    try:
        return Row(
            place=place,
            subject=values["url"].strip(),
            word=word_of(values["label"]),
            note=values.get("note", ""),
            by=values.get("by", ""),
            at=_time(values.get("at", "")),
        )
    except CommandError as error:
        return BadRow(place=place, why=str(error))


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise UsageError(f"at {clean_line(text, limit=40)!r} is no time such as 2026-11-22T08:00:00+00:00") from error
    if at is not None and at.tzinfo is None:
        raise UsageError(f"at {text!r} has no time zone; write it as 2026-11-22T08:00:00+00:00")
    return at
