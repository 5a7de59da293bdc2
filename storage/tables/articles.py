"""The archive's tables: articles, the verdicts on them, and what was recognised in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import Because, DateSource, Decision, EntityKind, Extent, Hedge, Role
from storage.tables.columns import Table

KEPT = "purged_at IS NULL"  # articles that have their text
NOTABLE = "superseded_at IS NULL AND decision IN ('flag', 'hold')"  # verdicts that stand, on what belongs in a story


class ArticleRow(Table):
    """The clean text of a link's page. `key` is the identity that the page itself claims (rel=canonical)."""

    __tablename__ = "articles"
    __table_args__ = (
        UniqueConstraint("link_id"),
        # the few whose text may have to go, among years of those whose text is gone
        Index("ix_articles_kept", "id", sqlite_where=sql(KEPT), postgresql_where=sql(KEPT)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"))
    key: Mapped[str] = mapped_column(index=True)
    text_hash: Mapped[str] = mapped_column(String(64), index=True)
    url: Mapped[str]
    canonical_url: Mapped[str | None]
    title: Mapped[str]
    text: Mapped[str]
    authors: Mapped[list[Any]]
    outlet: Mapped[str | None]
    published: Mapped[datetime | None]
    date_source: Mapped[DateSource | None]
    language: Mapped[str | None] = mapped_column(String(12))
    summary: Mapped[str | None]
    image: Mapped[str | None]
    tags: Mapped[list[Any]] = mapped_column(server_default="[]")
    paywalled: Mapped[bool] = mapped_column(server_default=false())
    extent: Mapped[Extent] = mapped_column(server_default=Extent.FULL)
    extent_reason: Mapped[str] = mapped_column(server_default="")
    dateline_place: Mapped[str | None]
    dateline_date: Mapped[date | None]
    agency: Mapped[str | None] = mapped_column(String(100))
    quality: Mapped[float] = mapped_column(server_default="1")
    signs: Mapped[list[Any]] = mapped_column(server_default="[]")
    dropped_lines: Mapped[int] = mapped_column(server_default="0")
    purged_at: Mapped[datetime | None]  # since when there is no text: it was kept for as long as was agreed


class VerdictRow(Table):
    """Every judgement of an article. The one that stands has no `superseded_at`."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index(None, "decision", "judged_at"),
        # one in dozens; without it, looking for those in no story reads each of them, evidence and all
        Index("ix_verdicts_notable", "article_id", sqlite_where=sql(NOTABLE), postgresql_where=sql(NOTABLE)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    judged_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    decision: Mapped[Decision]
    score: Mapped[float | None]
    threshold: Mapped[float]
    reject_below: Mapped[float]
    model: Mapped[str] = mapped_column(String(100), index=True)
    why: Mapped[str]
    evidence: Mapped[list[Any]]
    signs: Mapped[list[Any]] = mapped_column(server_default="[]")
    because: Mapped[Because] = mapped_column(server_default=Because.NEW)
    news_at: Mapped[datetime | None] = mapped_column(index=True)  # when it was news, where that is not `judged_at`


class MentionRow(Table):
    """A name in a flagged or held article: once for each role it has there, with its first place."""

    __tablename__ = "mentions"
    __table_args__ = (Index(None, "entity", "article_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    entity: Mapped[str] = mapped_column(String(100))
    kind: Mapped[EntityKind]
    name: Mapped[str]
    role: Mapped[Role]
    text: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    candidates: Mapped[list[Any]]


class ClaimRow(Table):
    """Who is said to have done it, by whom, in which sentence."""

    __tablename__ = "claims"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    claimant: Mapped[str | None]
    accused: Mapped[str]
    accused_entity: Mapped[str] = mapped_column(String(100), index=True)
    hedge: Mapped[Hedge]
    hedge_text: Mapped[str | None]
    victim: Mapped[str | None]
    victim_country: Mapped[str | None] = mapped_column(String(2))
    sector: Mapped[str | None]
    quote: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
