"""What pages are made of, as fingerprints: bounded for each host, and nothing that anybody could read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.columns import Table


class PrintRow(Table):
    """The last pages of a host, each by its text and, where it was an article of its own, by its lines.

    Lines are signed 64-bit numbers, one after the other.
    """

    __tablename__ = "prints"
    __table_args__ = (Index(None, "host", "text"), Index(None, "host", "link_id"))

    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    text: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str]  # as it was stored, or would have been
    short: Mapped[bytes]
    long: Mapped[bytes]
    at: Mapped[datetime]


class ParagraphRow(Table):
    """A paragraph of a flagged or held article, to be found in others."""

    __tablename__ = "paragraphs"

    line: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(index=True)
