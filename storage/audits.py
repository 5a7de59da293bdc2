"""The recall audit's draws: rejected articles that people are asked about. The answer to a draw is its label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from storage.records import LABEL, Decision, Draw, Reject
from storage.rows import stored_record
from storage.tables import ArticleRow, DrawRow, LabelRow, LinkRow, VerdictRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import Select

    from storage.database import Database
    from storage.records import StoredArticle


class Audits:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rejects(self, *, since: datetime, until: datetime | None = None) -> list[Reject]:
        """What a model rejected since then, no person has spoken about, and was never drawn."""
        drawn = select(DrawRow.article_id)
        query = (
            select(
                VerdictRow.article_id, VerdictRow.score, VerdictRow.reject_below, VerdictRow.judged_at, VerdictRow.model
            )
            .join(ArticleRow, ArticleRow.id == VerdictRow.article_id)
            .where(ArticleRow.purged_at.is_(None))  # else there is nothing left to look at
            .where(VerdictRow.decision == Decision.REJECT, VerdictRow.superseded_at.is_(None))
            .where(VerdictRow.model != LABEL, VerdictRow.judged_at >= since, VerdictRow.score.is_not(None))
            .where(VerdictRow.article_id.not_in(drawn))
        )
        query = query if until is None else query.where(VerdictRow.judged_at < until)
        with self._database.read() as session:
            rows = session.execute(query.order_by(VerdictRow.article_id))
            return [
                Reject(article_id=article, score=score or 0.0, reject_below=reject_below, judged_at=at, model=model)
                for article, score, reject_below, at, model in rows
            ]

    def keep(self, draws: Sequence[Draw]) -> None:
        """Remember what was drawn; what somebody else drew meanwhile stays theirs."""
        drawn = select(DrawRow.article_id).where(DrawRow.article_id.in_([draw.reject.article_id for draw in draws]))
        with self._database.write() as session:
            theirs = set(session.scalars(drawn))
            session.add_all(_draw_row(draw) for draw in draws if draw.reject.article_id not in theirs)

    def of_day(self, day: date) -> list[tuple[Draw, StoredArticle]]:
        """What was drawn on a day, in the order it was drawn, with its articles."""
        query = _draws().add_columns(ArticleRow, LinkRow, VerdictRow)
        query = (
            query.join(ArticleRow, ArticleRow.id == DrawRow.article_id)
            .join(LinkRow, LinkRow.id == ArticleRow.link_id)
            .join(VerdictRow, and_(VerdictRow.article_id == ArticleRow.id, VerdictRow.superseded_at.is_(None)))
        )
        with self._database.read() as session:
            rows = session.execute(query.where(DrawRow.day == day).order_by(DrawRow.id)).all()
            return [
                (_draw(row, label), stored_record(link, article, verdict))
                for row, label, article, link, verdict in rows
            ]

    def draws(self, *, since: datetime) -> list[Draw]:
        """Everything drawn of what was rejected since then."""
        with self._database.read() as session:
            rows = session.execute(_draws().where(DrawRow.judged_at >= since).order_by(DrawRow.id))
            return [_draw(row, label) for row, label in rows]


def _draws() -> Select[DrawRow, LabelRow]:
    answer = and_(LabelRow.article_id == DrawRow.article_id, LabelRow.superseded_at.is_(None))
    return select(DrawRow, LabelRow).join(LabelRow, answer, isouter=True)


def _draw_row(draw: Draw) -> DrawRow:
    reject = draw.reject
    return DrawRow(
        day=draw.day,
        article_id=reject.article_id,
        stratum=draw.stratum,
        size=draw.size,
        score=reject.score,
        reject_below=reject.reject_below,
        judged_at=reject.judged_at,
        model=reject.model,
    )


def _draw(row: DrawRow, label: LabelRow | None) -> Draw:
    reject = Reject(
        article_id=row.article_id,
        score=row.score,
        reject_below=row.reject_below,
        judged_at=row.judged_at,
        model=row.model,
    )
    word = None if label is None else label.word
    return Draw(day=row.day, stratum=row.stratum, size=row.size, reject=reject, answer=word)
