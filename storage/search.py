"""Full-text search: FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL, the same hits on both.

The index holds tokens of our own (`storage.tokens`) and facets, such as `v/flag` for the verdict that stands. A facet
holds a slash, which no token can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Integer, column, select, table, text

from storage.findings import read_findings
from storage.hits import ranked
from storage.queries import anywhere, as_fts5, as_tsquery
from storage.records import NO_FINDINGS, EntityKind
from storage.rows import standing, stored_record
from storage.tables import ArticleRow, LinkRow
from storage.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.queries import Query
    from storage.records import Decision, Findings, StoredArticle

MOST_TOKENS = 10_000  # of one text; positions end at 16,383 in a tsvector
CANDIDATES = 200  # the newest hits, among which the best come first
MOST_MONTHS = 36  # a longer span is not narrowed by month


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """What hits must have besides the words. Empty means any. Time is when an article was first seen."""

    verdicts: frozenset[Decision] = frozenset()
    source: str | None = None
    language: str | None = None
    entities: frozenset[str] = frozenset()  # at least one of them is named
    country: str | None = None  # ISO 3166-1 alpha-2, of a victim, or of a state that is named
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Hits:
    """The best of the newest `CANDIDATES` hits. `more` says that there are older ones which were not ranked."""

    articles: tuple[StoredArticle, ...]
    more: bool


class Search:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, query: Query, narrowed: Narrowed, *, limit: int) -> Hits:
        """What holds the words, best first: in the title, then at the beginning, then often; newer before older."""
        with self._database.read() as session:
            ids = _newest(session, query, narrowed)
            best = ranked(session, query, ids[:CANDIDATES])[:limit]
            return Hits(articles=tuple(_records(session, best)), more=len(ids) > CANDIDATES)


def refresh(session: Session, article_id: int) -> None:
    """Let the index say of an article what the tables say now."""
    session.flush()
    forget(session, article_id)
    row = session.execute(standing().where(ArticleRow.id == article_id).limit(1)).first()
    if row is not None:
        link, article, verdict = row
        findings = read_findings(session, [article_id]).get(article_id, NO_FINDINGS)
        facets = [*standing_facets(verdict.decision, link.source, link.discovered_at, article.language)]
        enter(session, article_id, article.title, article.text, [*facets, *_named(findings)])


def forget(session: Session, article_id: int) -> None:
    """Take an article out of the index."""
    key = "rowid" if _sqlite(session) else "article_id"
    session.execute(text(f"DELETE FROM search WHERE {key} = :id"), {"id": article_id})  # noqa: S608 - two constants


def enter(session: Session, article_id: int, title: str, body: str, facets: Sequence[str]) -> None:
    """Put an article into the index; it must not be there."""
    heads, words = tokens(title), tokens(body)[:MOST_TOKENS]
    if _sqlite(session):
        values = {"title": " ".join(heads), "body": " ".join(words), "facets": " ".join(facets)}
        statement = "INSERT INTO search (rowid, title, body, facets) VALUES (:id, :title, :body, :facets)"
    else:
        values = {"document": _document(heads, words, facets)}
        statement = "INSERT INTO search (article_id, document) VALUES (:id, CAST(:document AS tsvector))"
    session.execute(text(statement), {"id": article_id, **values})


def standing_facets(decision: str, source: str, seen: datetime, language: str | None) -> list[str]:
    """The facets that every article has."""
    facets = [_facet("v", decision), _facet("s", source), _facet("m", f"{seen:%Y%m}")]
    return [*facets, _facet("l", language)] if language else facets


def _document(title: Sequence[str], body: Sequence[str], facets: Iterable[str]) -> str:
    places: dict[str, list[str]] = {}
    for at, token in enumerate(title, 1):
        places.setdefault(token, []).append(f"{at}A")
    for at, token in enumerate(body, len(title) + 2):  # a phrase does not reach from the title into the text
        places.setdefault(token, []).append(str(at))
    words = [f"'{token}':{','.join(at[:255])}" for token, at in places.items()]
    return " ".join([*words, *(f"'{facet}'" for facet in facets)])


def _named(findings: Findings) -> list[str]:
    entities = {_facet("e", mention.entity) for mention in findings.mentions if mention.entity}
    states = {mention.entity for mention in findings.mentions if mention.kind is EntityKind.STATE}
    victims = {claim.victim_country for claim in findings.claims}
    return [*sorted(entities), *sorted({_facet("c", country) for country in states | victims if country})]


def _facet(kind: str, value: str) -> str:
    """A token that no text can hold. What is neither letter nor digit is written as its code."""
    return f"{kind}/" + "".join(
        sign if sign.isascii() and sign.isalnum() else f"-{ord(sign):x}-" for sign in value.lower()
    )


def _wanted(narrowed: Narrowed) -> list[list[str]]:
    """Groups of facets: a hit has at least one of each group."""
    groups = [
        [_facet("v", decision) for decision in sorted(narrowed.verdicts)],
        [_facet("s", narrowed.source)] if narrowed.source else [],
        [_facet("l", narrowed.language)] if narrowed.language else [],
        [_facet("e", entity) for entity in sorted(narrowed.entities)],
        [_facet("c", narrowed.country)] if narrowed.country else [],
        _months(narrowed),
    ]
    return [group for group in groups if group]


def _months(narrowed: Narrowed) -> list[str]:
    if narrowed.since is None or narrowed.until is None:
        return []
    first, last = (at.year * 12 + at.month - 1 for at in (narrowed.since, narrowed.until))
    if last - first >= MOST_MONTHS:
        return []
    return [_facet("m", f"{month // 12:04}{month % 12 + 1:02}") for month in range(first, last + 1)]


def _newest(session: Session, query: Query, narrowed: Narrowed) -> list[int]:
    """Ids of the newest hits, one more than are ranked."""
    if _sqlite(session):
        found = _since(*_on_sqlite(query, narrowed), narrowed)
    else:
        found = _placed(_since(*_on_postgresql(anywhere(query), narrowed), narrowed), query)
    return list(session.scalars(found.limit(CANDIDATES + 1)))


def _since(found: Select[int], key: ColumnElement[int], narrowed: Narrowed) -> Select[int]:
    """Those of the time that is asked for, the newest first."""
    if narrowed.since or narrowed.until:
        found = found.join(ArticleRow, ArticleRow.id == key).join(LinkRow, LinkRow.id == ArticleRow.link_id)
    if narrowed.since:
        found = found.where(LinkRow.discovered_at >= narrowed.since)
    if narrowed.until:
        found = found.where(LinkRow.discovered_at < narrowed.until)
    return found.order_by(key.desc())


def _on_sqlite(query: Query, narrowed: Narrowed) -> tuple[Select[int], ColumnElement[int]]:
    facets = (_either([f'facets : "{facet}"' for facet in group], " OR ") for group in _wanted(narrowed))
    said = " AND ".join([as_fts5(query), *facets])
    key = column("rowid", Integer, _selectable=table("search"))
    return select(key).where(text("search MATCH :said").bindparams(said=said)), key


def _on_postgresql(query: Query, narrowed: Narrowed) -> tuple[Select[int], ColumnElement[int]]:
    facets = (_either([f"'{facet}'" for facet in group], " | ") for group in _wanted(narrowed))
    said = " & ".join([as_tsquery(query), *facets])
    key = column("article_id", Integer, _selectable=table("search"))
    return select(key).where(text("document @@ CAST(:said AS tsquery)").bindparams(said=said)), key


def _placed(found: Select[int], query: Query) -> Select[int]:
    """Those whose words stand where the query wants them.

    A GIN index knows no places. Asked for a phrase, PostgreSQL reads each article that has its words; asked in two
    steps, it reads them from the newest on, until it has enough.
    """
    if anywhere(query) == query:
        return found
    inner = found.add_columns(column("document")).offset(0).subquery()  # OFFSET keeps the two steps apart
    said = text("document @@ CAST(:placed AS tsquery)").bindparams(placed=as_tsquery(query))
    return select(inner.c.article_id).where(said).order_by(inner.c.article_id.desc())


def _either(parts: Sequence[str], sign: str) -> str:
    return "(" + sign.join(parts) + ")"


def _records(session: Session, ids: Sequence[int]) -> Iterator[StoredArticle]:
    rows = session.execute(standing().where(ArticleRow.id.in_(ids))).all()
    by_id = {article.id: (link, article, verdict) for link, article, verdict in rows}
    findings = read_findings(session, ids)
    for article_id in ids:
        yield stored_record(*by_id[article_id], findings.get(article_id, NO_FINDINGS))


def _sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
