"""From rows to records: what leaves this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.records import Article, Evidence, Link, Run, StoredArticle, Verdict

if TYPE_CHECKING:
    from storage.tables import ArticleRow, LinkRow, RunRow, VerdictRow


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
    )


def verdict_record(row: VerdictRow) -> Verdict:
    return Verdict(
        decision=row.decision,
        score=row.score,
        threshold=row.threshold,
        reject_below=row.reject_below,
        model=row.model,
        why=row.why,
        evidence=tuple(Evidence(**piece) for piece in row.evidence),
    )


def stored_record(link: LinkRow, article: ArticleRow, verdict: VerdictRow) -> StoredArticle:
    return StoredArticle(
        id=article.id,
        source=link.source,
        first_seen=link.discovered_at,
        article=article_record(article),
        verdict=verdict_record(verdict),
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
    )
