"""Articles change after they are published: when to look again, and what they said before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from storage.findings import read_findings, write_findings
from storage.records import (
    NO_FINDINGS,
    Because,
    Decision,
    LinkState,
    Past,
    Revision,
    Revisit,
    Validators,
)
from storage.rows import article_columns, link_record, stored_record, text_hash
from storage.tables import ArticleRow, LinkRow, RevisionRow, RevisitRow, VerdictRow
from storage.verdicts import follow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import Judged, Seen

LOOKS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
AGAIN = timedelta(hours=1)  # after which a page that was not there is looked for once more
GONE = 2  # looks in a row without a page
FIRST = {"url", "published", "date_source"}  # what an edit does not change
NOTABLE = [LinkState.FLAGGED, LinkState.HELD]


def next_look(fetched: datetime, *, at: datetime) -> datetime | None:
    """When an article is looked at again: 1 h, 6 h, 1 d, 3 d and 7 d after its first fetch.

    A look that was missed is not made up for: one is enough.
    """
    return next((fetched + step for step in LOOKS if fetched + step > at), None)


class Revisions:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
                    link=link_record(link),
                    stored=stored_record(link, article, verdict, found.get(article.id, NO_FINDINGS)),
                    validators=Validators(etag=revisit.etag, last_modified=revisit.last_modified),
                )
                for revisit, link, article, verdict in rows
            ]

    def note(self, seen: Seen) -> None:
        """Remember what a look gave, with the article as it reads now and the verdict on it, in one transaction.

        What it said before is kept as a revision. A label stays in force. Without a page twice in a row, an article is
        marked as removed, and nothing of it is deleted.
        """
        with self._database.write() as session:
            row = session.get_one(RevisitRow, seen.article_id, with_for_update=True)
            if seen.gone:
                _missed(row, seen.at)
                return
            row.missed, row.removed_at = 0, None
            if seen.validators is not None:
                row.etag, row.last_modified = seen.validators.etag, seen.validators.last_modified
            if seen.judged is not None:
                _revise(session, seen.article_id, seen.judged, seen.what, at=seen.at)

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


def _missed(row: RevisitRow, at: datetime) -> None:
    row.missed += 1
    if row.missed >= GONE:
        row.removed_at, row.next_at = row.removed_at or at, None
    else:
        row.next_at = at + AGAIN


def _revise(session: Session, article_id: int, judged: Judged, what: str, *, at: datetime) -> None:
    row = session.get_one(ArticleRow, article_id, with_for_update=True)
    standing = VerdictRow.article_id == article_id, VerdictRow.superseded_at.is_(None)
    if row.purged_at is not None or session.scalar(select(VerdictRow.id).where(*standing)) is None:
        return  # purged, or withdrawn as no article, while the look was under way
    session.add(RevisionRow(article_id=article_id, at=at, what=what, title=row.title, text=row.text))
    for name, value in article_columns(judged.article).items():
        if name not in FIRST or getattr(row, name) is None:
            setattr(row, name, value)
    row.text_hash = text_hash(judged.article.text)
    notable = judged.verdict.decision is not Decision.REJECT
    write_findings(session, article_id, judged.findings if notable else NO_FINDINGS)
    follow(session, article_id, replace(judged.verdict, because=Because.REVISED), at=at)
