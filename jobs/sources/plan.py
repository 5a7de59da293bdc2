"""What an import comes to: which tables are new, what is there already, what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from jobs.catalogue import mistake
from jobs.sources.edit import Entry, identity, named_by_url
from jobs.sources.names import pick_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.sources import Source
    from jobs.sources.rows import Row

_APART = frozenset({"place", "name", "wrong"})  # of a row, not of a table


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every row is in exactly one of the three."""

    entries: tuple[Entry, ...]
    known: tuple[tuple[Row, str], ...]  # with the name of the source that has its URL
    unusable: tuple[tuple[Row, str], ...]  # with the reason


def plan_import(rows: Iterable[Row], sources: Sequence[Source]) -> Plan:
    """Sort the rows of a file. Two rows with one URL are one source, the first."""
    by_url, names = named_by_url(sources), {source.name for source in sources}
    entries: list[Entry] = []
    known: list[tuple[Row, str]] = []
    unusable: list[tuple[Row, str]] = []
    for row in rows:
        wrong = row.wrong or mistake(_entry(row, "").values | {"url": row.url})
        key = "" if wrong else identity(row.url)
        if wrong:
            unusable.append((row, wrong))
        elif key in by_url:
            known.append((row, by_url[key]))
        else:
            entries.append(_entry(row, pick_name(row.name, row.url, names)))
            names.add(entries[-1].name)
            by_url[key] = entries[-1].name
    return Plan(entries=tuple(entries), known=tuple(known), unusable=tuple(unusable))


def _entry(row: Row, name: str) -> Entry:
    said = {field.name: getattr(row, field.name) for field in fields(row) if field.name not in _APART}
    return Entry(name=name, **said)
