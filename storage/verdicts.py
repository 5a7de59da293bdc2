"""How one verdict follows another: the old one is kept, a person's word outranks every model, old news stays old."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVarTuple

from sqlalchemy import func, select, update

from storage.findings import write_findings
from storage.records import LABEL, NO_MODEL, STATE, Because, Decision, Verdict, Word
from storage.rows import standing, stored_record
from storage.search import refresh
from storage.tables import ArticleRow, LabelRow, LinkRow, ShadowRow, VerdictRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import Findings, StoredArticle

Columns = TypeVarTuple("Columns")

NEWS = timedelta(days=7)  # an article that a person flags within it is news; later it is a lesson


class Verdicts:
    """Going through what was judged before. One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def article(self, article_id: int) -> StoredArticle | None:
        """An article by its number."""
        query = standing().where(ArticleRow.id == article_id)
        with self._database.read() as session:
            row = session.execute(query).first()
            return None if row is None else stored_record(*row)

    def latest(self, *, limit: int) -> list[StoredArticle]:
        """The articles that came last, the newest first."""
        query = standing().where(ArticleRow.purged_at.is_(None)).order_by(ArticleRow.id.desc()).limit(limit)
        with self._database.read() as session:
            return [stored_record(*row) for row in session.execute(query)]

    def others(self, model: str, *, since: datetime, after: int = 0, limit: int) -> list[StoredArticle]:
        """Articles discovered since then, with an id above `after`, that neither this model nor a person judged.

        Those whose text was purged are left out.
        """
        query = _others(select(LinkRow, ArticleRow, VerdictRow), model, since).where(ArticleRow.id > after)
        with self._database.read() as session:
            rows = session.execute(query.order_by(ArticleRow.id).limit(limit)).all()
            return [stored_record(*row) for row in rows]

    def count_others(self, model: str, *, since: datetime) -> int:
        """How many `others` would give if it had no limit."""
        with self._database.read() as session:
            return session.scalar(_others(select(func.count()), model, since)) or 0

    def reclassify(self, judged: Iterable[tuple[int, Verdict, Findings | None]], *, at: datetime) -> None:
        """Let new verdicts stand where no person has spoken, all of them or none. Findings that are None stay."""
        with self._database.write() as session:
            for article_id, verdict, findings in judged:
                follow(session, article_id, replace(verdict, because=Because.RECLASSIFIED), at=at)
                if findings is not None:
                    write_findings(session, article_id, findings)
                    refresh(session, article_id)


def follow(session: Session, article_id: int, verdict: Verdict, *, at: datetime) -> None:
    """Put a verdict in the place of the one that stands; the link moves with it.

    While a label stands, the verdict of a model is kept beside it and changes nothing.
    """
    _alone(session, article_id)
    row = verdict_row(article_id, verdict, at)
    if verdict.model != LABEL and labelled(session, article_id):
        row.superseded_at = at
    else:
        before = session.scalars(select(VerdictRow).where(*_standing(article_id)).limit(1)).one()
        was = before.news_at or before.judged_at
        row.news_at = None if before.model == NO_MODEL else news_at(verdict, before.decision, was, at=at)
        _displace(session, article_id, verdict, at)
    session.add(row)
    refresh(session, article_id)


def news_at(verdict: Verdict, before: Decision, was: datetime, *, at: datetime) -> datetime | None:
    """When the article is news, None meaning now; `was` is when it was news under the verdict `before`.

    Another model's opinion of an old article is no news: it would flood the next digest. What a person flags is,
    unless it is old.
    """
    if verdict.because is Because.LABEL and verdict.model == LABEL:
        found = verdict.decision is Decision.FLAG and before is not Decision.FLAG
        return None if found and at - was <= NEWS else was
    if verdict.because is Because.REVISED:  # what is flagged for what it says now is news; what stays flagged was
        return None if verdict.decision is Decision.FLAG and before is not Decision.FLAG else was
    return was if verdict.because in {Because.LABEL, Because.RECLASSIFIED} else None


def labelled(session: Session, article_id: int) -> bool:
    """Whether a person's word stands for the article."""
    standing = LabelRow.article_id == article_id, LabelRow.superseded_at.is_(None), LabelRow.word != Word.NONE
    return session.scalar(select(LabelRow.id).where(*standing).limit(1)) is not None


def in_window(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Verdicts that are news in `[since, until)`."""
    given = VerdictRow.news_at.is_(None) & (VerdictRow.judged_at >= since) & (VerdictRow.judged_at < until)
    return given | ((VerdictRow.news_at >= since) & (VerdictRow.news_at < until))


def verdict_row(article_id: int, verdict: Verdict, at: datetime) -> VerdictRow:
    fields: dict[str, Any] = asdict(verdict)
    fields["evidence"] = [asdict(piece) for piece in verdict.evidence]
    fields["signs"] = list(verdict.signs)
    return VerdictRow(article_id=article_id, judged_at=at, superseded_at=None, **fields)


def shadow_row(article_id: int, verdict: Verdict, at: datetime) -> ShadowRow:
    return ShadowRow(
        article_id=article_id,
        model=verdict.model,
        judged_at=at,
        decision=verdict.decision,
        score=verdict.score,
        why=verdict.why,
    )


def _displace(session: Session, article_id: int, verdict: Verdict, at: datetime) -> None:
    session.execute(update(VerdictRow).where(*_standing(article_id)).values(superseded_at=at))
    link_id = select(ArticleRow.link_id).where(ArticleRow.id == article_id).scalar_subquery()
    changes = {"state": STATE[verdict.decision], "reason": verdict.why, "settled_at": at}
    session.execute(update(LinkRow).where(LinkRow.id == link_id).values(changes))


def _standing(article_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return VerdictRow.article_id == article_id, VerdictRow.superseded_at.is_(None)


def _alone(session: Session, article_id: int) -> None:
    """Wait for whoever else is giving this article a verdict: PostgreSQL would let both stand."""
    session.execute(select(ArticleRow.id).where(ArticleRow.id == article_id).with_for_update())


def _others(query: Select[*Columns], model: str, since: datetime) -> Select[*Columns]:
    return (
        query.select_from(LinkRow)
        .join(ArticleRow, ArticleRow.link_id == LinkRow.id)
        .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
        .where(VerdictRow.superseded_at.is_(None), VerdictRow.model.not_in([model, LABEL]))
        .where(ArticleRow.purged_at.is_(None))
        .where(LinkRow.discovered_at >= since)
    )
