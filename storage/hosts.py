"""What every process must know of a server: its robots.txt as it last came, and until when it is to be left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from storage.records import Parked, RobotsFile
from storage.tables import HostRow, RobotsRow

if TYPE_CHECKING:
    from datetime import datetime

    from storage.database import Database


class Hosts:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all_robots(self, *, since: datetime) -> dict[str, RobotsFile]:
        """Every robots.txt fetched since then, by origin."""
        query = select(*RobotsRow.__table__.c).where(RobotsRow.fetched_at >= since)
        with self._database.read() as session:
            return {
                row.origin: RobotsFile(status=row.status, body=row.body, fetched_at=row.fetched_at)
                for row in session.execute(query)
            }

    def keep_robots(self, origin: str, file: RobotsFile) -> None:
        """Remember a robots.txt in place of the last one."""
        with self._database.write() as session:
            session.merge(RobotsRow(origin=origin, status=file.status, body=file.body, fetched_at=file.fetched_at))

    def parked(self, *, at: datetime) -> dict[str, Parked]:
        """The hosts that are to be left alone at `at`. Those whose time has passed are forgotten."""
        with self._database.write() as session:
            session.execute(delete(HostRow).where(HostRow.parked_until <= at))
            return {
                row.host: Parked(until=row.parked_until, because=row.because)
                for row in session.scalars(select(HostRow))
            }

    def park(self, host: str, parked: Parked) -> None:
        """Leave a host alone until a time, or longer if it is already parked for longer."""
        with self._database.write() as session:
            row = session.get(HostRow, host)
            if row is None:
                session.add(HostRow(host=host, parked_until=parked.until, because=parked.because))
            elif row.parked_until < parked.until:
                row.parked_until, row.because = parked.until, parked.because
