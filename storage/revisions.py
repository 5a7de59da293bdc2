"""Articles change after they are published: when to look again, and what they said before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from storage.edits import absorb, removed, revise, successor
from storage.findings import read_findings
from storage.records import NO_FINDINGS, LinkState, Past, Revision, Revisit, Validators
from storage.repeats import not_there
from storage.rows import link_record, stored_record
from storage.tables import ArticleRow, LinkRow, RevisionRow, RevisitRow, VerdictRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.edits import Edited
    from storage.records import Judged, Seen

LOOKS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
AGAIN = timedelta(hours=1)  # after which a page that was not there is looked for once more
GONE = 2  # looks in a row without a page
NOTABLE = [LinkState.FLAGGED, LinkState.HELD]


def next_look(fetched: datetime, *, at: datetime) -> datetime | None:
    """When an article is looked at again: 1 h, 6 h, 1 d, 3 d and 7 d after its first fetch.

    A look that was missed is not made up for: one is enough.
    """
    return next((fetched + step for step in LOOKS if fetched + step > at), None)


class Revisions:
    """One method, one transaction."""

    def __init__(self, database: Database, *, edited: Edited | None = None) -> None:
        """`edited` says whether a page is an article that is stored, under another address, and what changed."""
        self._database = database
        self._edited = edited

    def sources_due(self, *, at: datetime) -> set[str]:
        """The sources with articles that `take` would give."""
        query = select(LinkRow.source).join(ArticleRow, ArticleRow.link_id == LinkRow.id)
        query = query.join(RevisitRow, RevisitRow.article_id == ArticleRow.id).where(*_due(at)).distinct()
        with self._database.read() as session:
            return set(session.scalars(query))

    def take(self, source: str, *, at: datetime, limit: int) -> list[Revisit]:
        """Articles of a source that are due, longest first. They are due again at their next step, whatever comes."""
        query = (
            select(RevisitRow, LinkRow, ArticleRow, VerdictRow)
            .join(ArticleRow, ArticleRow.id == RevisitRow.article_id)
            .join(LinkRow, LinkRow.id == ArticleRow.link_id)
            .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
            .where(*_due(at), LinkRow.source == source, VerdictRow.superseded_at.is_(None))
            .order_by(RevisitRow.next_at, RevisitRow.article_id)
            .limit(limit)
            .with_for_update(of=RevisitRow, skip_locked=True)
        )
        with self._database.write() as session:
            rows = session.execute(query).all()
            found = read_findings(session, [article.id for _, _, article, _ in rows])
            for revisit, link, _, _ in rows:
                revisit.next_at = next_look(link.fetched_at or link.discovered_at, at=at)
            return [
                Revisit(
                    link=link_record(link)._replace(url=revisit.url or link.url),
                    stored=stored_record(link, article, verdict, found.get(article.id, NO_FINDINGS)),
                    validators=Validators(etag=revisit.etag, last_modified=revisit.last_modified),
                )
                for revisit, link, article, verdict in rows
            ]

    def note(self, seen: Seen) -> bool:
        """Remember what a look gave, with the article as it reads now and the verdict on it, in one transaction.

        What it said before is kept as a revision, and its story is told. A label stays in force. Without a page twice
        in a row, an article is marked as removed, and nothing of it is deleted. A page that says what the host says of
        pages that are not there is none. Where the article is stored a second time, at the address that its own leads
        to now or since its own is gone, the two become one. Gives whether there was a page.
        """
        with self._database.write() as session:
            row = session.get_one(RevisitRow, seen.article_id, with_for_update=True)
            gone = seen.gone or (seen.doubted is not None and _nothing_there(session, seen.article_id, seen.doubted))
            if gone or seen.moved:
                later = self._edited and successor(session, seen.article_id, seen.moved)
                if self._edited and later and absorb(session, seen.article_id, later, self._edited, at=seen.at):
                    return True
            if gone:
                _missed(session, row, seen.at)
            elif seen.doubted is None:
                _found(session, row, seen)
            return not gone

    def past(self, article_id: int) -> Past:
        """What the article said before."""
        query = select(RevisionRow).where(RevisionRow.article_id == article_id).order_by(RevisionRow.id)
        with self._database.read() as session:
            revisit = session.get(RevisitRow, article_id)
            rows = session.scalars(query).all()
            return Past(
                revisions=tuple(Revision(at=r.at, what=r.what, title=r.title, text=r.text) for r in rows),
                removed_at=revisit.removed_at if revisit else None,
            )


def watch(session: Session, article_id: int, validators: Validators, *, fetched: datetime, at: datetime) -> None:
    """Let an article be looked at again while it is young."""
    first = next_look(fetched, at=at)
    if first is not None:
        row = RevisitRow(article_id=article_id, next_at=first, missed=0)
        row.etag, row.last_modified = validators.etag, validators.last_modified
        session.add(row)


def _due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return RevisitRow.next_at <= at, LinkRow.state.in_(NOTABLE), ArticleRow.purged_at.is_(None)


def _nothing_there(session: Session, article_id: int, page: Judged) -> bool:
    return not_there(session, page, session.get_one(ArticleRow, article_id).link_id)


def _missed(session: Session, row: RevisitRow, at: datetime) -> None:
    row.missed += 1
    if row.missed < GONE:
        row.next_at = at + AGAIN
        return
    row.next_at = None
    if row.removed_at is None:
        row.removed_at = at
        removed(session, row.article_id, at=at)


def _found(session: Session, row: RevisitRow, seen: Seen) -> None:
    row.missed, row.removed_at = 0, None
    row.url = seen.moved.url if seen.moved else row.url
    if seen.validators is not None:
        row.etag, row.last_modified = seen.validators.etag, seen.validators.last_modified
    if seen.judged is not None:
        revise(session, seen.article_id, seen.judged, seen.what, at=seen.at)
