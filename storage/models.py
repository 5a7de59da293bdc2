"""Which model is in office, which is tried in its shadow, and what the shadow says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from storage.records import LABEL, Appointment, Decision, Flip, Seat
from storage.tables import AppointmentRow, ArticleRow, ShadowRow, VerdictRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

    from storage.database import Database


class Models:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holder(self, seat: Seat) -> Appointment | None:
        """Who sits there; None means, for the active seat, the model that came with the program."""
        with self._database.read() as session:
            row = session.scalars(_held(seat).limit(1)).first()
            return None if row is None else _appointment(row)

    def appoint(self, new: Appointment) -> None:
        """Give a model a seat. Whoever had it is kept in the record, with the time it ended."""
        with self._database.write() as session:
            session.execute(update(AppointmentRow).where(*_in_office(new.seat)).values(ended_at=new.at))
            session.add(
                AppointmentRow(
                    seat=new.seat,
                    model=new.model,
                    sha256=new.sha256,
                    at=new.at,
                    by=new.by,
                    note=new.note,
                    before=new.before,
                    report=new.report,
                )
            )

    def vacate(self, seat: Seat, *, at: datetime) -> bool:
        """Leave a seat empty; gives whether anyone sat there."""
        with self._database.write() as session:
            left = session.execute(update(AppointmentRow).where(*_in_office(seat)).values(ended_at=at))
            return bool(left.rowcount)  # type: ignore[attr-defined]

    def appointments(self) -> list[Appointment]:
        """Every appointment there ever was, the oldest first."""
        with self._database.read() as session:
            return [_appointment(row) for row in session.scalars(select(AppointmentRow).order_by(AppointmentRow.id))]

    def compared(self, model: str) -> dict[tuple[Decision, Decision, bool], int]:
        """How often the standing verdict and the shadow said what: (standing, shadow, by a person) -> articles."""
        by_person = VerdictRow.model == LABEL
        query = (
            select(VerdictRow.decision, ShadowRow.decision, by_person, func.count())
            .join(ShadowRow, ShadowRow.article_id == VerdictRow.article_id)
            .where(ShadowRow.model == model, ShadowRow.score.is_not(None), VerdictRow.superseded_at.is_(None))
            .group_by(VerdictRow.decision, ShadowRow.decision, by_person)
        )
        with self._database.read() as session:
            return {(old, new, bool(person)): count for old, new, person, count in session.execute(query)}

    def failures(self, model: str) -> tuple[int, str]:
        """How many articles the shadow could not judge, and why the latest."""
        failed = ShadowRow.model == model, ShadowRow.score.is_(None)
        with self._database.read() as session:
            count = session.scalar(select(func.count()).select_from(ShadowRow).where(*failed)) or 0
            why = session.scalar(select(ShadowRow.why).where(*failed).order_by(ShadowRow.id.desc()).limit(1))
            return count, why or ""

    def differences(self, model: str, *, limit: int) -> list[Flip]:
        """Where the shadow says another thing than the verdict that stands, the latest first."""
        query = (
            select(ArticleRow, VerdictRow, ShadowRow)
            .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
            .join(ShadowRow, ShadowRow.article_id == ArticleRow.id)
            .where(ShadowRow.model == model, VerdictRow.superseded_at.is_(None), ShadowRow.score.is_not(None))
            .where(ShadowRow.decision != VerdictRow.decision)
        )
        with self._database.read() as session:
            rows = session.execute(query.order_by(ShadowRow.id.desc()).limit(limit)).all()
            return [_flip(*row) for row in rows]


def _in_office(seat: Seat) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return AppointmentRow.seat == seat, AppointmentRow.ended_at.is_(None)


def _held(seat: Seat) -> Select[AppointmentRow]:
    return select(AppointmentRow).where(*_in_office(seat)).order_by(AppointmentRow.id.desc())


def _appointment(row: AppointmentRow) -> Appointment:
    return Appointment(
        seat=row.seat,
        model=row.model,
        sha256=row.sha256,
        at=row.at,
        by=row.by,
        note=row.note,
        before=row.before,
        ended_at=row.ended_at,
        report=dict(row.report),
    )


def _flip(article: ArticleRow, verdict: VerdictRow, shadow: ShadowRow) -> Flip:
    return Flip(
        article_id=article.id,
        url=article.url,
        title=article.title,
        old=verdict.decision,
        new=shadow.decision,
        old_score=verdict.score,
        new_score=shadow.score,
        why=shadow.why,
    )
