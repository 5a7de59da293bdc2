"""How much of a source's text may leave the house: what its contract says, and nothing beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from storage.records import StoredArticle


def within_contract(articles: Iterable[StoredArticle], excerpts: Mapping[str, int | None]) -> Iterator[StoredArticle]:
    """The articles as they may be shown, by the `excerpt` of their sources; where there is none, as they are."""
    for stored in articles:
        limit = excerpts.get(stored.source)
        yield stored if limit is None else bounded(stored, limit)


def bounded(stored: StoredArticle, limit: int) -> StoredArticle:
    """The article with the first `limit` characters of its text.

    What is quoted from further on, as evidence or with a claim, is left out; the title stays, and so do names.
    """
    article, end = stored.article, len(stored.article.title) + 1 + limit
    evidence = tuple(piece for piece in stored.verdict.evidence if piece.end is None or piece.end <= end)
    claims = tuple(claim if claim.end <= end else replace(claim, quote="") for claim in stored.findings.claims)
    return replace(
        stored,
        article=replace(article, text=article.text[:limit], summary=None),
        verdict=replace(stored.verdict, evidence=evidence),
        findings=replace(stored.findings, claims=claims),
    )
