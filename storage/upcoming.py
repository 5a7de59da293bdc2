"""When there is something to fetch again: what a scheduler has to know before it starts a crawl."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import case, func, literal, select, text

from storage.records import LinkState
from storage.tables import OPEN, ArticleRow, LinkRow, RevisitRow
from storage.tables.columns import Instant

if TYPE_CHECKING:
    from storage.database import Database

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class Upcoming:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pages(self) -> dict[str, datetime]:
        """By source, when the first of its open links may be fetched; `AT_ONCE` for one that waits."""
        when = case(
            (LinkRow.state == LinkState.DISCOVERED, literal(AT_ONCE, Instant)),
            (LinkRow.state == LinkState.LEASED, LinkRow.lease_until),
            else_=LinkRow.retry_at,
        )
        query = select(LinkRow.source, func.min(when, type_=Instant)).where(text(OPEN)).group_by(LinkRow.source)
        with self._database.read() as session:
            return {source: at for source, at in session.execute(query) if at is not None}

    def revisits(self) -> dict[str, datetime]:
        """By source, when the first of its young articles is to be looked at again."""
        query = (
            select(LinkRow.source, func.min(RevisitRow.next_at))
            .join(ArticleRow, ArticleRow.link_id == LinkRow.id)
            .join(RevisitRow, RevisitRow.article_id == ArticleRow.id)
            .where(RevisitRow.next_at.is_not(None))
            .group_by(LinkRow.source)
        )
        with self._database.read() as session:
            return {source: at for source, at in session.execute(query) if at is not None}
