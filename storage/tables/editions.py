"""Editions, frozen; the stories each told; and the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import DeliveryState, EditionKind
from storage.tables.columns import Table


class EditionRow(Table):
    """One edition. A profile has one for each key and never two; nothing changes it once it is written."""

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("profile", "kind", "key"), UniqueConstraint("profile", "kind", "number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(String(60))
    kind: Mapped[EditionKind]
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    since: Mapped[datetime]
    until: Mapped[datetime]
    due_at: Mapped[datetime]
    composed_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[dict[str, Any]]


class ToldRow(Table):
    """A story that an edition told, by its public name."""

    __tablename__ = "told"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), primary_key=True)
    story: Mapped[str] = mapped_column(String(20), primary_key=True, index=True)


class DeliveryRow(Table):
    """The outbox: a row for each edition, channel and recipient."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("edition_id", "channel", "recipient"), Index(None, "state", "next_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    channel: Mapped[str] = mapped_column(String(60))
    recipient: Mapped[str] = mapped_column(String(320))
    state: Mapped[DeliveryState]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(300))
    lease_until: Mapped[datetime | None]
    message_id: Mapped[str]
    resent: Mapped[bool]
    detail: Mapped[str]
    sent_at: Mapped[datetime | None]
