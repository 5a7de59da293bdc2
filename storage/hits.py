"""Which hits come first: a pure score over the title and the beginning of the text, the same on every database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from storage.queries import terms
from storage.tables import ArticleRow
from storage.tokens import folded, paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from storage.queries import Query, Term

LEAD = 600  # characters
LOOKED_AT = 4000  # characters; what stands further down finds an article and does not lift it
IN_TITLE, IN_LEAD, EACH, MOST = 4.0, 2.0, 0.5, 4


def ranked(session: Session, query: Query, ids: Sequence[int]) -> list[int]:
    """The articles, best first; equals in the order they came."""
    if not ids:
        return []
    shown = select(ArticleRow.id, ArticleRow.title, func.substr(ArticleRow.text, 1, LOOKED_AT))
    patterns = [pattern(term) for term in terms(query)]
    scores = {
        row_id: score(patterns, title, body)
        for row_id, title, body in session.execute(shown.where(ArticleRow.id.in_(ids)))
    }
    return sorted(ids, key=lambda row_id: -scores[row_id])


def score(patterns: Sequence[re.Pattern[str]], title: str, body: str) -> float:
    """How much the terms weigh in an article: its title, its first lines, and how often they come."""
    title, body = folded(title), folded(body)
    return sum(_weight(wanted, title, body) for wanted in patterns)


def pattern(term: Term) -> re.Pattern[str]:
    """What finds a term in folded text."""
    if any(paired(token) for token in term.tokens):
        run = term.tokens[0] + "".join(token[-1] if paired(token) else token for token in term.tokens[1:])
        return re.compile(re.escape(run))
    words = r"[\W_]+".join(re.escape(token) for token in term.tokens)
    return re.compile(rf"(?<![^\W_]){words}" + ("" if term.prefix else r"(?![^\W_])"))


def _weight(wanted: re.Pattern[str], title: str, body: str) -> float:
    often = sum(1 for _, _ in zip(range(MOST), wanted.finditer(body), strict=False))
    in_lead = wanted.search(body, 0, LEAD) is not None
    return (IN_TITLE if wanted.search(title) else 0.0) + (IN_LEAD if in_lead else 0.0) + EACH * often
