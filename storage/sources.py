"""What polls have taught about each source: when to look again, and whether its 304 is believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, null, select

from storage.records import Rhythm, SourceFeed, SourceState
from storage.tables import PollRow, SourceRow
from storage.upsert import dialect, insert_into

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import PollState

PATIENCE = 3  # polls of a feed that fail in a row before its source goes back to its own URL
COLUMNS = SourceRow.__table__.c  # read as they are: an object a row costs as much again as the row


class Sources:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def states(self) -> dict[str, SourceState]:
        """Every source that was ever polled, by name."""
        with self._database.read() as session:
            return {row.name: _state(row) for row in session.execute(select(*COLUMNS))}

    def state(self, name: str, url: str) -> SourceState:
        """What is known of a source. One that is new, or has another URL than before, starts anew."""
        with self._database.read() as session:
            row = session.get(SourceRow, name)
            return SourceState(name=name, url=url) if row is None or row.url != url else _state(row)

    def keep(self, states: Iterable[SourceState]) -> None:
        """Remember sources' states in place of the last ones. Another URL than before clears the whole row."""
        rows = [_remembered(state) for state in {state.name: state for state in states}.values()]
        if not rows:
            return
        with self._database.write() as session:
            added = insert_into(SourceRow, dialect(session))
            stays = COLUMNS.url == added.excluded.url
            changed: dict[str, Any] = {name: added.excluded[name] for name in rows[0] if name != "name"}
            changed |= {name: case((stays, COLUMNS[name]), else_=null()) for name in ("feed_url", "feed_at")}
            changed["feed_why"] = case((stays, COLUMNS.feed_why), else_="")
            session.execute(added.on_conflict_do_update(index_elements=["name"], set_=changed), rows)

    def feeds(self) -> dict[tuple[str, str], SourceFeed]:
        """The feeds that were looked for, by the name and URL of their source."""
        last = (
            select(PollRow.state)
            .where(PollRow.source == SourceRow.name, PollRow.url == SourceRow.feed_url)
            .order_by(PollRow.id.desc())
            .limit(1)
            .correlate(SourceRow)
            .scalar_subquery()
        )
        query = select(*COLUMNS, last.label("last")).where(SourceRow.feed_at.is_not(None))
        with self._database.read() as session:
            return {
                (row.name, row.url): _feed(row, failing=_bad(row.last) and _failing(session, row))
                for row in session.execute(query).all()
            }

    def feed(self, name: str, url: str) -> SourceFeed | None:
        """The feed found at a source's URL; None if that was never looked for there."""
        wanted = SourceRow.name == name, SourceRow.url == url, SourceRow.feed_at.is_not(None)
        with self._database.read() as session:
            row = session.execute(select(*COLUMNS).where(*wanted)).first()
            return None if row is None else _feed(row, failing=_failing(session, row))

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


def _feed(row: Row[*tuple[Any, ...]], *, failing: bool) -> SourceFeed:
    return SourceFeed(url=row.feed_url, why=row.feed_why, at=row.feed_at, failing=failing)


def _bad(state: PollState | None) -> bool:
    return state is not None and not state.succeeded


def _failing(session: Session, row: Row[*tuple[Any, ...]]) -> bool:
    if row.feed_url is None:
        return False
    query = (
        select(PollRow.state)
        .where(PollRow.source == row.name, PollRow.url == row.feed_url, PollRow.at >= row.feed_at)
        .order_by(PollRow.id.desc())
        .limit(PATIENCE)
    )
    states = session.scalars(query).all()
    return len(states) == PATIENCE and not any(state.succeeded for state in states)


def _remembered(state: SourceState) -> Mapping[str, Any]:
    rhythm = state.rhythm
    return {
        "name": state.name,
        "url": state.url,
        "feed_why": "",
        "interval_s": None if rhythm.interval is None else round(rhythm.interval.total_seconds()),
        "next_poll_at": rhythm.next_at,
        "failures": rhythm.failures,
        "state": _details(state),
        "validators_trusted": state.validators_trusted,
        "audited_at": state.audited_at,
    }


def _details(state: SourceState) -> dict[str, Any]:
    rhythm, moved = state.rhythm, {"moved_to": state.moved_to, "moves": state.moves} if state.moves else {}
    return moved | {
        "polled_at": rhythm.polled_at and rhythm.polled_at.isoformat(),
        "read_at": rhythm.read_at and rhythm.read_at.isoformat(),
        "roomy": rhythm.roomy,
        "gravity": rhythm.gravity,
    }


def _state(row: SourceRow | Row[*tuple[Any, ...]]) -> SourceState:
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
        moved_to=row.state.get("moved_to"),
        moves=row.state.get("moves", 0),
    )


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
