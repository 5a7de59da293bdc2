"""What each look at a source gave, and what the next one needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from storage.found import take_in
from storage.records import Poll, SourcePoll, Validators
from storage.tables import READ, PollRow, SourceRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Row

    from storage.database import Database

VALIDATING = PollRow.source, PollRow.url, PollRow.etag, PollRow.last_modified, PollRow.body_hash


class Polls:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, poll: Poll, *, run: int, forgotten: Collection[str] = ()) -> int:
        """Write a poll together with the links it discovered; gives how many of them are new.

        One transaction: validators are never kept without the links that the body behind them announced. Links
        that wait for a source that is `forgotten` go over to who found them.
        """
        with self._database.write() as session:
            new = take_in(session, poll.links, at=poll.at, run=run, forgotten=forgotten)
            session.add(PollRow(**_values(poll, run=run, new=new)))
            return new

    def record_idle(self, polls: Iterable[Poll], *, run: int) -> None:
        """Write polls that discovered nothing, all in one."""
        rows = [_values(poll, run=run, new=0) for poll in polls]
        if rows:
            with self._database.write() as session:
                session.execute(insert(PollRow.__table__), rows)  # type: ignore[arg-type]  # a Table, says its metaclass

    def last_read(self) -> dict[tuple[str, str], Validators]:
        """The validators of the last poll of each source that was read to the end, by source and URL."""
        newest = (
            select(PollRow.id)
            .where(PollRow.source == SourceRow.name, text(READ))
            .order_by(PollRow.id.desc())
            .limit(1)
            .correlate(SourceRow)
            .scalar_subquery()
        )
        query = select(*VALIDATING).where(PollRow.id.in_(select(newest).select_from(SourceRow)))
        with self._database.read() as session:
            return {(row.source, row.url): _validators(row) for row in session.execute(query)}

    def validators(self, source: str, url: str) -> Validators:
        """What the last poll of this URL that was read to the end was told; empty when there is none."""
        query = (
            select(*VALIDATING)
            .where(PollRow.source == source, PollRow.url == url, text(READ))
            .order_by(PollRow.id.desc())
            .limit(1)
        )
        with self._database.read() as session:
            row = session.execute(query).first()
            return Validators() if row is None else _validators(row)

    def latest(self, *, since: datetime, until: datetime) -> tuple[SourcePoll, ...]:
        """How each source answered the last time it was polled in `[since, until)`, by name.

        `new` counts the whole window.
        """
        window = PollRow.at >= since, PollRow.at < until
        totals = (
            select(func.max(PollRow.id).label("id"), func.sum(PollRow.new).label("new"))
            .where(*window)
            .group_by(PollRow.source)
            .subquery()
        )
        query = select(PollRow, totals.c.new).join(totals, PollRow.id == totals.c.id).order_by(PollRow.source)
        with self._database.read() as session:
            return tuple(
                SourcePoll(
                    source=row.source, at=row.at, state=row.state, detail=row.detail, found=row.found, new=int(new)
                )
                for row, new in session.execute(query)
            )


def _values(poll: Poll, *, run: int, new: int) -> dict[str, Any]:
    return {
        "run_id": run,
        "source": poll.source,
        "url": poll.url,
        "at": poll.at,
        "state": poll.state,
        "detail": poll.detail,
        "found": len(poll.links),
        "new": new,
        "dropped": dict(poll.dropped),
        "etag": poll.etag,
        "last_modified": poll.last_modified,
        "body_hash": poll.body_hash,
    }


def _validators(row: Row[str, str, str | None, str | None, str | None]) -> Validators:
    return Validators(etag=row.etag, last_modified=row.last_modified, body_hash=row.body_hash)
