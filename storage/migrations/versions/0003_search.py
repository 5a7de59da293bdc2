"""A full-text index over the archive"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5(title, body, facets, "
            "tokenize = \"unicode61 remove_diacritics 0 tokenchars '/-'\", prefix = '2 3')"
        )
    else:
        op.execute(
            "CREATE TABLE search (article_id integer PRIMARY KEY REFERENCES articles (id), document tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_search_document ON search USING gin (document)")
    _index_what_is_there()


def _index_what_is_there() -> None:
    from storage.search import enter, standing_facets

    session = Session(bind=op.get_bind())
    for article, title, body, language, source, seen, decision in session.execute(_articles()).all():
        enter(session, article, title, body, standing_facets(decision, source, seen, language))
    session.flush()


def _articles() -> sa.Select[int, str, str, str, str, datetime, str]:
    articles = sa.table("articles", *map(sa.column, ("id", "link_id", "title", "text", "language")))
    links = sa.table("links", sa.column("id"), sa.column("source"), sa.column("discovered_at", sa.DateTime()))
    verdicts = sa.table("verdicts", *map(sa.column, ("article_id", "decision", "superseded_at")))
    a, v = articles.c, verdicts.c
    return (
        sa.select(a.id, a.title, a.text, a.language, links.c.source, links.c.discovered_at, v.decision)
        .join(links, links.c.id == a.link_id)
        .join(verdicts, v.article_id == a.id)
        .where(v.superseded_at.is_(None))
        .order_by(a.id)
    )
