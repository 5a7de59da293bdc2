"""What polls have taught about each source: when to look again, and whether its 304 is believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from storage.records import Rhythm, SourceFeed, SourceState
from storage.tables import PollRow, SourceRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from storage.database import Database

PATIENCE = 3  # polls of a feed that fail in a row before its source goes back to its own URL


class Sources:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def states(self) -> dict[str, SourceState]:
        """Every source that was ever polled, by name."""
        with self._database.read() as session:
            return {row.name: _state(row) for row in session.scalars(select(SourceRow))}

    def state(self, name: str, url: str) -> SourceState:
        """What is known of a source. One that is new, or has another URL than before, starts anew."""
        with self._database.read() as session:
            row = session.get(SourceRow, name)
            return SourceState(name=name, url=url) if row is None or row.url != url else _state(row)

    def keep(self, states: Iterable[SourceState]) -> None:
        """Remember sources' states in place of the last ones. Another URL than before clears the whole row."""
        by_name = {state.name: state for state in states}
        with self._database.write() as session:
            rows = {row.name: row for row in session.scalars(select(SourceRow).where(SourceRow.name.in_(by_name)))}
            for name, state in by_name.items():
                row = rows.get(name)
                if row is None:
                    row = SourceRow(name=name, url=state.url, feed_url=None, feed_why="")
                    session.add(row)
                _remember(row, state)

    def with_feed(self) -> set[str]:
        """The sources for which a feed was once looked for."""
        with self._database.read() as session:
            return set(session.scalars(select(SourceRow.name).where(SourceRow.feed_at.is_not(None))))

    def feed(self, name: str, url: str) -> SourceFeed | None:
        """The feed found at a source's URL; None if that was never looked for there."""
        with self._database.read() as session:
            row = session.get(SourceRow, name)
            if row is None or row.url != url or row.feed_at is None:
                return None
            failing = row.feed_url is not None and _failing(session, name, row.feed_url, since=row.feed_at)
            return SourceFeed(url=row.feed_url, why=row.feed_why, at=row.feed_at, failing=failing)

    def follow(self, name: str, url: str, feed: SourceFeed) -> None:
        """Remember the feed found at a source's URL. Another URL than before starts the source anew."""
        with self._database.write() as session:
            row = session.get(SourceRow, name)
            if row is not None and row.url != url:
                session.delete(row)
                session.flush()
            if row is None or row.url != url:
                row = SourceRow(name=name, url=url, failures=0, state={}, validators_trusted=True)
                session.add(row)
            row.feed_url, row.feed_why, row.feed_at = feed.url, feed.why, feed.at


def _failing(session: Session, name: str, url: str, *, since: datetime) -> bool:
    query = (
        select(PollRow.state)
        .where(PollRow.source == name, PollRow.url == url, PollRow.at >= since)
        .order_by(PollRow.id.desc())
        .limit(PATIENCE)
    )
    states = session.scalars(query).all()
    return len(states) == PATIENCE and not any(state.succeeded for state in states)


def _remember(row: SourceRow, state: SourceState) -> None:
    if row.url != state.url:
        row.url, row.feed_url, row.feed_why, row.feed_at = state.url, None, "", None
    rhythm = state.rhythm
    row.interval_s = None if rhythm.interval is None else round(rhythm.interval.total_seconds())
    row.next_poll_at = rhythm.next_at
    row.failures = rhythm.failures
    row.state = _remembered(rhythm)
    row.validators_trusted = state.validators_trusted
    row.audited_at = state.audited_at


def _remembered(rhythm: Rhythm) -> dict[str, Any]:
    return {
        "polled_at": rhythm.polled_at and rhythm.polled_at.isoformat(),
        "read_at": rhythm.read_at and rhythm.read_at.isoformat(),
        "roomy": rhythm.roomy,
        "gravity": rhythm.gravity,
    }


def _state(row: SourceRow) -> SourceState:
    """Lenient towards `state`: what an older or newer version did not write there is as before the first look."""
    return SourceState(
        name=row.name,
        url=row.url,
        rhythm=Rhythm(
            interval=None if row.interval_s is None else timedelta(seconds=row.interval_s),
            next_at=row.next_poll_at,
            polled_at=_time(row.state.get("polled_at")),
            read_at=_time(row.state.get("read_at")),
            roomy=row.state.get("roomy", 0),
            failures=row.failures,
            gravity=row.state.get("gravity", 0.0),
        ),
        validators_trusted=row.validators_trusted,
        audited_at=row.audited_at,
    )


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
