"""Sketches of texts, what finds them, and what they have in common."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import Likeness
from storage.tables.columns import Table


class SketchRow(Table):
    """The sketch of an article's text. Articles of one family have the same text; it bears its first one's id."""

    __tablename__ = "sketches"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    family_id: Mapped[int] = mapped_column(index=True)
    size: Mapped[int]
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class BandRow(Table):
    """A hash by which an article is found. Of copies only the first one has bands: ten thousand cost no more."""

    __tablename__ = "bands"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads it from the class

    hash: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True, index=True)


class LikenessRow(Table):
    """What an article's text has in common with an earlier one."""

    __tablename__ = "likenesses"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True, index=True)
    kind: Mapped[Likeness]
    share: Mapped[float]
    other_share: Mapped[float]
