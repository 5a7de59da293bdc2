"""From rows to records: what leaves this room."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Bundle

from storage.records import (
    NO_FINDINGS,
    Article,
    Dateline,
    Evidence,
    Link,
    Run,
    StoredArticle,
    Verdict,
)
from storage.tables import ArticleRow, LinkRow, VerdictRow

if TYPE_CHECKING:
    from sqlalchemy import Select

    from storage.records import Findings
    from storage.tables import RunRow
    from storage.tables.columns import Table


def link_record(row: LinkRow) -> Link:
    return Link(
        key=row.key,
        url=row.url,
        source=row.source,
        title=row.title,
        published=row.published,
        summary=row.summary,
        authors=tuple(row.authors),
    )


def article_record(row: ArticleRow) -> Article:
    return Article(
        url=row.url,
        title=row.title,
        text=row.text,
        canonical_url=row.canonical_url,
        authors=tuple(row.authors),
        outlet=row.outlet,
        published=row.published,
        date_source=row.date_source,
        language=row.language,
        summary=row.summary,
        image=row.image,
        tags=tuple(row.tags),
        paywalled=row.paywalled,
        extent=row.extent,
        extent_reason=row.extent_reason,
        dateline=_dateline(row),
        quality=row.quality,
        signs=tuple(row.signs),
        dropped_lines=row.dropped_lines,
    )


def _dateline(row: ArticleRow) -> Dateline | None:
    if row.dateline_place is None and row.dateline_date is None and row.agency is None:
        return None
    return Dateline(place=row.dateline_place, date=row.dateline_date, agency=row.agency)


def verdict_record(row: VerdictRow) -> Verdict:
    return Verdict(
        decision=row.decision,
        score=row.score,
        threshold=row.threshold,
        reject_below=row.reject_below,
        model=row.model,
        why=row.why,
        evidence=tuple(Evidence(**piece) for piece in row.evidence),
        signs=tuple(row.signs),
        because=row.because,
    )


def stored_record(
    link: LinkRow, article: ArticleRow, verdict: VerdictRow, findings: Findings = NO_FINDINGS
) -> StoredArticle:
    return StoredArticle(
        id=article.id,
        source=link.source,
        first_seen=link.discovered_at,
        article=article_record(article),
        verdict=verdict_record(verdict),
        findings=findings,
        purged_at=article.purged_at,
    )


def run_record(row: RunRow) -> Run:
    return Run(
        id=row.id,
        job=row.job,
        version=row.version,
        started_at=row.started_at,
        ended_at=row.ended_at,
        exit_code=row.exit_code,
        counts=dict(row.counts),
        host=row.host,
        process=row.process,
        received=row.received,
        sources=dict(row.sources),
        error=row.error,
    )


def text_hash(text: str) -> str:
    """SHA-256 of the text's words: line breaks and spacing do not make another article."""
    return sha256(" ".join(text.split()).encode()).hexdigest()


def article_columns(article: Article) -> dict[str, Any]:
    fields: dict[str, Any] = asdict(article)
    dateline = fields.pop("dateline") or {}
    return fields | {
        "authors": list(article.authors),
        "tags": list(article.tags),
        "signs": list(article.signs),
        "dateline_place": dateline.get("place"),
        "dateline_date": dateline.get("date"),
        "agency": dateline.get("agency"),
    }


def standing() -> Select[LinkRow, ArticleRow, VerdictRow]:
    """Every article with its link and the verdict in force."""
    return (
        select(LinkRow, ArticleRow, VerdictRow)
        .join(ArticleRow, ArticleRow.link_id == LinkRow.id)
        .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
        .where(VerdictRow.superseded_at.is_(None))
    )


def to_read() -> Select[LinkRow, ArticleRow, VerdictRow]:
    """The same for who only makes records of them: columns, at half the cost of rows that could be changed."""
    return _TO_READ


def _columns(table: type[Table]) -> Bundle[Any]:
    return Bundle(table.__tablename__, *(getattr(table, column.key) for column in table.__table__.columns))


_TO_READ: Select[LinkRow, ArticleRow, VerdictRow] = standing().with_only_columns(
    Bundle("link", LinkRow.source, LinkRow.discovered_at), _columns(ArticleRow), _columns(VerdictRow)
)
