"""What the watch asks: habits of sources, how their articles came out, how much waits. Each costs little.

However much is stored, a source is read back over a few thousand of its links, and most of them in an index.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, case, func, or_, select, text
from sqlalchemy.orm import aliased

from storage.database import revision_on
from storage.records import Decision, DeliveryState, Discoveries, EditionKind, LinkState, Outcome, Outcomes
from storage.tables import ArticleRow, DeliveryRow, EditionRow, LinkRow, VerdictRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from storage.database import Database

LINKS, MORE_LINKS = 2_000, 40_000  # read back of a source; more of a busy one
SPELLS = 1_000
BACK = timedelta(days=400)
ENOUGH = timedelta(days=28)  # of a busy source
RECENT, EARLIER = 30, 120  # outcomes
READ = [LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED, LinkState.DUPLICATE]
READ += [LinkState.NOT_AN_ARTICLE, LinkState.UNEXTRACTABLE]  # links whose page came, whatever it was


class Health:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def discoveries(self, sources: Iterable[str], *, before: datetime) -> Iterator[tuple[str, Discoveries]]:
        """The habits of those of the sources that had nothing new since `before`."""
        with self._database.read() as session:
            for source in sources:
                last = session.scalar(select(func.max(LinkRow.discovered_at)).where(LinkRow.source == source))
                if last is not None and last < before:
                    yield source, _discoveries(session, source, last=last)

    def outcomes(
        self, sources: Iterable[str], *, anchors: Mapping[str, datetime] | None = None
    ) -> Iterator[tuple[str, Outcomes]]:
        """How the latest links of each source came out, and how those before them.

        Those before are those discovered before the source's anchor, if it has one.
        """
        with self._database.read() as session:
            for source in sources:
                yield source, _outcomes(session, source, anchor=(anchors or {}).get(source))

    def held(self) -> int:
        """How many articles wait for a person, or for the gate to be back."""
        standing = VerdictRow.decision == Decision.HOLD, VerdictRow.superseded_at.is_(None)
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(VerdictRow).where(*standing)) or 0

    def deliveries(self, *, since: datetime, failed_since: datetime) -> dict[DeliveryState, int]:
        """The outbox by state. What was sent, only since then; what failed, only while somebody misses it.

        Nobody does once a later digest of the profile has reached the same recipient, or when its edition is older.
        """
        states = DeliveryRow.state, func.count()
        query = select(*states).join(EditionRow, EditionRow.id == DeliveryRow.edition_id).group_by(DeliveryRow.state)
        sent, failed = (DeliveryRow.state == state for state in (DeliveryState.SENT, DeliveryState.FAILED))
        missed = failed & (EditionRow.composed_at >= failed_since) & ~_made_up()
        wanted = or_(~sent & ~failed, sent & (DeliveryRow.sent_at >= since), missed)
        with self._database.read() as session:
            return {state: int(count) for state, count in session.execute(query.where(wanted))}

    def size(self) -> int:
        """Bytes of the database, without what SQLite has not yet written into it."""
        pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        with self._database.read() as session:
            sqlite = session.get_bind().dialect.name == "sqlite"
            return int(session.scalar(text(pages if sqlite else "SELECT pg_database_size(current_database())")) or 0)

    def revision(self) -> str:
        """The revision of the schema."""
        with self._database.read() as session:
            return revision_on(session.connection()) or ""


def _made_up() -> ColumnElement[bool]:
    """Whether a later digest reached the recipient of a delivery: the way there is open again."""
    edition, delivery = aliased(EditionRow), aliased(DeliveryRow)
    same = delivery.channel == DeliveryRow.channel, delivery.recipient == DeliveryRow.recipient
    later = edition.profile == EditionRow.profile, edition.kind == EditionKind.DIGEST, edition.id > EditionRow.id
    arrived = select(delivery.id).join(edition, edition.id == delivery.edition_id)
    return arrived.where(*same, *later, delivery.state == DeliveryState.SENT).exists()


def _discoveries(session: Session, source: str, *, last: datetime) -> Discoveries:
    first = session.scalar(select(func.min(LinkRow.discovered_at)).where(LinkRow.source == source)) or last
    since = max(first, last - BACK)
    spells, full = _spells(session, source, after=since, limit=LINKS)
    if full and spells[-1][1] - spells[0][0] < ENOUGH:
        spells, full = _spells(session, source, after=since, limit=MORE_LINKS)
    whole = not full and len(spells) < SPELLS
    return Discoveries(since=since if whole or not spells else spells[0][0], spells=tuple(spells))


def _spells(
    session: Session, source: str, *, after: datetime, limit: int
) -> tuple[list[tuple[datetime, datetime]], bool]:
    """Hours with something new, oldest first, and whether there are more links than that."""
    latest = (
        select(LinkRow.discovered_at)
        .where(LinkRow.source == source, LinkRow.discovered_at > after)
        .order_by(LinkRow.discovered_at.desc())
        .limit(limit)
        .subquery()
    )
    at = latest.c.discovered_at
    hour = func.substr(at, 1, 13, type_=String) if _sqlite(session) else func.date_trunc("hour", at)
    query = select(func.min(at), func.max(at), func.count()).group_by(hour).order_by(func.min(at).desc()).limit(SPELLS)
    rows = session.execute(query).all()
    return [(first, last) for first, last, _ in reversed(rows)], sum(row[2] for row in rows) >= limit


def _outcomes(session: Session, source: str, *, anchor: datetime | None) -> Outcomes:
    if anchor is None:
        rows = _latest(session, source, limit=RECENT + EARLIER)
        return Outcomes(recent=tuple(rows[-RECENT:]), earlier=tuple(rows[:-RECENT]))
    recent = _latest(session, source, LinkRow.discovered_at >= anchor, limit=RECENT)
    return Outcomes(
        recent=tuple(recent),
        earlier=tuple(_latest(session, source, LinkRow.discovered_at < anchor, limit=EARLIER)),
    )


def _latest(session: Session, source: str, *wanted: ColumnElement[bool], limit: int) -> list[Outcome]:
    kept = ArticleRow.purged_at.is_(None)
    headed: Any = (ArticleRow.title != "") & (func.replace(ArticleRow.text, ArticleRow.title, "") != ArticleRow.text)
    query = (
        select(
            LinkRow.discovered_at,
            LinkRow.state,
            case((kept, func.length(ArticleRow.text))),
            ArticleRow.date_source,
            func.coalesce(ArticleRow.dropped_lines, 0),
            case((kept & headed, 1), else_=0),
        )
        .outerjoin(ArticleRow, ArticleRow.link_id == LinkRow.id)
        .where(LinkRow.source == source, LinkRow.state.in_(READ), *wanted)
        .order_by(LinkRow.discovered_at.desc(), LinkRow.id.desc())
        .limit(limit)
    )
    return [
        Outcome(at=at, state=state, size=size, date_source=dated, dropped_lines=dropped, headed=bool(repeats))
        for at, state, size, dated, dropped, repeats in reversed(session.execute(query).all())
    ]


def _sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
