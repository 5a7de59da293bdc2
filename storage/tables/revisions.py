"""Second looks at young articles, and what the articles said before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.columns import Table


class RevisitRow(Table):
    """When an article that was flagged or held is looked at again; no `next_at` means not any more."""

    __tablename__ = "revisits"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    missed: Mapped[int]  # looks in a row that found no page
    url: Mapped[str | None]  # where it is looked for, since it moved
    removed_at: Mapped[datetime | None]


class RevisionRow(Table):
    """What an article said until it was changed."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    what: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
