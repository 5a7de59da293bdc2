"""What is wrong with sources, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from storage.records import Alarm
from storage.tables import AlarmRow
from storage.tables.alarms import STANDING
from storage.upsert import dialect, insert_into

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import AlarmKind


class Alarms:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> list[Alarm]:
        """The alarms that are not over, by source."""
        with self._database.read() as session:
            return [_alarm(row) for row in _standing(session)]

    def keep(self, found: Iterable[Alarm], *, at: datetime) -> list[Alarm]:
        """Remember what is wrong at `at`: all of it. Gives the alarms that begin and those that end with it.

        An alarm that was open stays the same episode, with its own beginning and the new words; one that is not found
        any more ends.
        """
        wanted = {(alarm.source, alarm.kind): alarm for alarm in found}
        with self._database.write() as session:
            rows = _standing(session)
            begun = [
                alarm for alarm in wanted.values() if (alarm.source, alarm.kind) not in {_key(row) for row in rows}
            ]
            over = [row for row in rows if _key(row) not in wanted]
            for row in rows:
                if _key(row) in wanted:
                    row.detail = wanted[_key(row)].detail
            for row in over:
                row.ended_at = max(at, row.since)
            session.flush()
            _begin(session, begun)
            return [*begun, *map(_alarm, over)]

    def listed(self, *, since: datetime) -> list[Alarm]:
        """The alarms that were open at some time since then, the latest first."""
        lasted = or_(AlarmRow.ended_at.is_(None), AlarmRow.ended_at >= since)
        with self._database.read() as session:
            rows = session.scalars(select(AlarmRow).where(lasted).order_by(AlarmRow.since.desc(), AlarmRow.id.desc()))
            return [_alarm(row) for row in rows]


def _standing(session: Session) -> list[AlarmRow]:
    rows = select(AlarmRow).where(STANDING).order_by(AlarmRow.source, AlarmRow.kind)
    return list(session.scalars(rows))


def _begin(session: Session, alarms: Iterable[Alarm]) -> None:
    """Open what nobody opened meanwhile."""
    rows: list[dict[str, Any]] = [
        {"source": alarm.source, "kind": alarm.kind, "since": alarm.since, "ended_at": None, "detail": alarm.detail}
        for alarm in alarms
    ]
    if rows:
        added = insert_into(AlarmRow, dialect(session))
        added = added.on_conflict_do_nothing(index_elements=["source", "kind"], index_where=STANDING)
        session.execute(added, rows)


def _key(row: AlarmRow) -> tuple[str, AlarmKind]:
    return row.source, row.kind


def _alarm(row: AlarmRow) -> Alarm:
    return Alarm(source=row.source, kind=row.kind, since=row.since, ended_at=row.ended_at, detail=row.detail)
