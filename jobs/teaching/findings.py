"""Who is named in an article whose verdict changes: of what is rejected nothing is kept, of the rest everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.records import NO_FINDINGS, Decision

if TYPE_CHECKING:
    from storage.records import Article, Findings


def findings_after(article: Article, before: Decision, now: Decision) -> Findings | None:
    """What is to be stored with the new decision; None where what is stored can stay."""
    if (before is Decision.REJECT) is (now is Decision.REJECT):
        return None
    if now is Decision.REJECT:
        return NO_FINDINGS
    from crawler.actors import findings

    return findings(title=article.title, text=article.text, language=article.language)
