"""Labels in and out in bulk: what a file would do, and doing it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.exits import CommandError
from jobs.teaching.labelfiles import BadRow, Row
from jobs.teaching.labelling import label_of, put
from jobs.teaching.subject import subject
from storage.labels import Labels
from storage.records import Word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from storage.database import Database
    from storage.records import Label, StoredArticle


@dataclass(frozen=True, kw_only=True)
class Change:
    """An article and the label that it would get, or got."""

    stored: StoredArticle
    label: Label
    before: Word


@dataclass(kw_only=True)
class Transfer:
    """What became of the rows of a file."""

    changes: list[Change] = field(default_factory=list)
    same: int = 0  # that label stands already
    newer: int = 0  # a label that was given later stands
    unusable: list[BadRow] = field(default_factory=list)


def import_rows(
    database: Database, rows: Sequence[Row | BadRow], *, by: str, model: Path, now: datetime, write: bool
) -> Transfer:
    """Give the labels of a file, each on its own; what cannot be given is named and left out.

    A label with a time of its own does not replace one that was given later.
    """
    transfer = Transfer()
    for row in rows:
        try:
            if isinstance(row, BadRow):
                transfer.unusable.append(row)
            else:
                _row(database, row, transfer, by=by, model=model, now=now, write=write)
        except CommandError as error:
            transfer.unusable.append(BadRow(place=row.place, why=str(error)))
    return transfer


def _row(database: Database, row: Row, transfer: Transfer, *, by: str, model: Path, now: datetime, write: bool) -> None:
    stored = subject(row.subject, database)
    label = label_of(stored, row.word, by=row.by or by, note=row.note, at=min(row.at or now, now))
    standing = Labels(database).standing(stored.id)
    if _same(standing, label, dated=row.at is not None):
        transfer.same += 1
    elif standing is not None and row.at is not None and standing.at > row.at:
        transfer.newer += 1
    else:
        if write:
            put(database, stored, label, model=model, now=now)
        transfer.changes.append(Change(stored=stored, label=label, before=standing.word if standing else Word.NONE))


def _same(standing: Label | None, label: Label, *, dated: bool) -> bool:
    """The same word, and, where the file says when it was given, the same label in every part."""
    if standing is None:
        return label.word is Word.NONE
    alike = (standing.word, standing.note) == (label.word, label.note)
    return alike and (not dated or (standing.by, standing.at) == (label.by, label.at))
