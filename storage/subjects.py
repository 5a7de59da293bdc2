"""What flagged articles were about: the names that were found in them, without the articles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from storage.records import LABEL, Decision, EntityKind
from storage.tables import ArticleRow, ClaimRow, LinkRow, MemberRow, MentionRow, VerdictRow
from storage.verdicts import in_window

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from storage.database import Database

CHUNK = 500  # ids in one IN list
COUNTED = (EntityKind.ACTOR, EntityKind.STATE, EntityKind.SECTOR)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A flagged article: its story, when it was news, and what it names. `named` holds kind, id and usual name."""

    story: int  # below 0: the article is in none, and this is its own number
    at: datetime
    source: str
    language: str | None
    score: float | None
    by_hand: bool  # a person flagged it
    named: frozenset[tuple[EntityKind, str, str]]
    victims: frozenset[str]  # countries, ISO 3166-1 alpha-2
    sectors: frozenset[str]  # of victims


class Subjects:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def flagged(self, *, since: datetime, until: datetime, also: Collection[str] = ()) -> list[Subject]:
        """What was flagged in `[since, until)`: actors, states and sectors, and of other entities those of `also`."""
        articles = _flagged(since, until)
        with self._database.read() as session:
            named = _named(session, articles, also)
            claims = _claims(session, articles)
            return [
                Subject(
                    story=-article if story is None else story,
                    at=at,
                    source=source,
                    language=language,
                    score=score,
                    by_hand=model == LABEL,
                    named=frozenset(named[article]),
                    victims=frozenset(country for country, _ in claims[article] if country),
                    sectors=frozenset(sector for _, sector in claims[article] if sector),
                )
                for article, story, at, source, language, score, model in session.execute(_told(articles))
            ]

    def printed(self, articles: Sequence[int]) -> dict[int, tuple[str, str | None]]:
        """The source and the language of each of these articles, whatever was decided about it."""
        query = select(ArticleRow.id, LinkRow.source, ArticleRow.language).join(
            LinkRow, LinkRow.id == ArticleRow.link_id
        )
        found: dict[int, tuple[str, str | None]] = {}
        with self._database.read() as session:
            for start in range(0, len(articles), CHUNK):
                rows = session.execute(query.where(ArticleRow.id.in_(articles[start : start + CHUNK])))
                found.update((article, (source, language)) for article, source, language in rows)
        return found


def _flagged(since: datetime, until: datetime) -> Select[ArticleRow]:
    """The articles that were flagged then."""
    return (
        select(ArticleRow)
        .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
        .where(VerdictRow.superseded_at.is_(None), VerdictRow.decision == Decision.FLAG, in_window(since, until))
    )


def _told(
    articles: Select[ArticleRow],
) -> Select[int, int | None, datetime, str, str | None, float | None, str]:
    news = func.coalesce(VerdictRow.news_at, VerdictRow.judged_at)
    return (
        articles.join(LinkRow, LinkRow.id == ArticleRow.link_id)
        .outerjoin(MemberRow, MemberRow.article_id == ArticleRow.id)
        .with_only_columns(
            ArticleRow.id,
            MemberRow.story_id,
            news,
            LinkRow.source,
            ArticleRow.language,
            VerdictRow.score,
            VerdictRow.model,
        )
        .order_by(ArticleRow.id)
    )


def _named(
    session: Session, articles: Select[ArticleRow], also: Collection[str]
) -> dict[int, set[tuple[EntityKind, str, str]]]:
    wanted = or_(MentionRow.kind.in_(COUNTED), MentionRow.entity.in_(also))
    query = (
        articles.join(MentionRow, MentionRow.article_id == ArticleRow.id)
        .where(wanted, MentionRow.entity != "")
        .with_only_columns(ArticleRow.id, MentionRow.kind, MentionRow.entity, func.min(MentionRow.name))
        .group_by(ArticleRow.id, MentionRow.kind, MentionRow.entity)
    )
    found: defaultdict[int, set[tuple[EntityKind, str, str]]] = defaultdict(set)
    for article, kind, entity, name in session.execute(query):
        found[article].add((kind, entity, name))
    return found


def _claims(session: Session, articles: Select[ArticleRow]) -> dict[int, set[tuple[str | None, str | None]]]:
    query = (
        articles.join(ClaimRow, ClaimRow.article_id == ArticleRow.id)
        .with_only_columns(ArticleRow.id, ClaimRow.victim_country, ClaimRow.sector)
        .distinct()
    )
    found: defaultdict[int, set[tuple[str | None, str | None]]] = defaultdict(set)
    for article, country, sector in session.execute(query):
        found[article].add((country, sector))
    return found
