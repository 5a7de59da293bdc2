"""What people said of articles, which models were in office, and which rejects were drawn for a second look."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import Decision, Seat, Stratum, Word
from storage.tables.columns import Table


class LabelRow(Table):
    """Every label ever given. The one that stands has no `superseded_at`; `none` says that one was taken back."""

    __tablename__ = "labels"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    word: Mapped[Word]
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    note: Mapped[str]
    superseded_at: Mapped[datetime | None]


class AppointmentRow(Table):
    """Which model sat where, from when to when. A seat's holder has no `ended_at`; without one it is empty."""

    __tablename__ = "appointments"
    __table_args__ = (Index(None, "seat", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seat: Mapped[Seat]
    model: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))
    note: Mapped[str]
    before: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any]]


class ShadowRow(Table):
    """What a model in the shadow says of an article; its own verdict, beside the one that stands."""

    __tablename__ = "shadows"
    __table_args__ = (UniqueConstraint("article_id", "model"), Index(None, "model"))

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    model: Mapped[str] = mapped_column(String(100))
    judged_at: Mapped[datetime]
    decision: Mapped[Decision]
    score: Mapped[float | None]
    why: Mapped[str]


class DrawRow(Table):
    """A rejected article that was drawn for the recall audit, as the gate saw it then. Its answer is its label."""

    __tablename__ = "draws"
    __table_args__ = (UniqueConstraint("article_id"), Index(None, "judged_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    stratum: Mapped[Stratum]
    size: Mapped[int]
    score: Mapped[float]
    reject_below: Mapped[float]
    judged_at: Mapped[datetime]
    model: Mapped[str] = mapped_column(String(100))
