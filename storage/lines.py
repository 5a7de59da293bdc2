"""What hosts repeat, learnt from their last articles and shared by every process; and where else a paragraph stands."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from storage.records import HostLines, Standing
from storage.tables import ArticleRow, ParagraphRow, PrintRow, Table
from storage.upsert import dialect, insert_into

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import PageLines

# Core tables: the mapper would take longer than the database
PRINTS, PARAGRAPHS = Table.metadata.tables["prints"], Table.metadata.tables["paragraphs"]

REPEATED = 3  # different articles of a host that have a line, before it is the host's own
USUAL = 4  # one article in so many
LEARNT_FROM = 200  # articles of a host, the last ones
KEPT = 500  # pages of a host
MEMORY = timedelta(days=90)
COPY = 2  # an article with more than one known paragraph in so many is one that came before
TIDY_EVERY = 50  # links
MOST_PLACES = 500


@dataclass(frozen=True, kw_only=True)
class Print:
    """A page as it is remembered: whose it is, which text it has, and its lines if there is something to learn."""

    link_id: int
    text: int
    title: str
    lines: PageLines
    teaches: bool


class Lines:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_host(self, host: str) -> HostLines:
        """The short lines that stand on three or more different ones of the host's last articles."""
        query = select(PrintRow.short, PrintRow.long).where(PrintRow.host == host, PrintRow.short != b"")
        with self._database.read() as session:
            rows = session.execute(query.order_by(PrintRow.link_id.desc()).limit(LEARNT_FROM)).all()
        return repeated((_unpacked(short), _unpacked(long)) for short, long in rows)


def repeated(articles: Iterable[tuple[array[int], array[int]]]) -> HostLines:
    """What articles, each given by its short and its long lines, have in common.

    An article of which most paragraphs stood in the ones before it is one of them again, under another address.
    """
    seen: set[int] = set()
    count: Counter[int] = Counter()
    different = 0
    for short, long in articles:
        if COPY * sum(line in seen for line in long) > len(long):
            continue
        seen.update(long)
        count.update(short)
        different += 1
    known = frozenset(line for line, articles_with in count.items() if articles_with >= REPEATED)
    usual = frozenset(line for line in known if count[line] * USUAL >= different)
    return HostLines(known=known, usual=usual, articles=different)


def keep_print(session: Session, page: Print, *, at: datetime) -> None:
    """Keep a page among the last ones of its host, in place of what its link had before."""
    row = {
        "link_id": page.link_id,
        "host": page.lines.host,
        "text": page.text,
        "title": page.title,
        "short": _packed(page.lines.short) if page.teaches else b"",
        "long": _packed(page.lines.long) if page.teaches else b"",
        "at": at,
    }
    session.execute(_keeping(dialect(session)), row)
    if page.link_id % TIDY_EVERY == 0:
        tidy(session, page.lines.host, at=at)


@cache  # it takes longer to say than to do
def _keeping(spoken: str) -> sqlite.Insert | postgresql.Insert:
    statement = insert_into(PRINTS, spoken)
    kept = {column.name: statement.excluded[column.name] for column in PRINTS.columns}
    return statement.on_conflict_do_update(index_elements=["link_id"], set_=kept)


def tidy(session: Session, host: str, *, at: datetime, most: int = KEPT) -> None:
    """Forget the host's pages beyond the last ones, and whatever is old."""
    last = select(PrintRow.link_id).where(PrintRow.host == host).order_by(PrintRow.link_id.desc()).offset(most).limit(1)
    beyond = PrintRow.link_id <= last.scalar_subquery()
    session.execute(delete(PrintRow).where(PrintRow.host == host, beyond | (PrintRow.at < at - MEMORY)))
    session.execute(delete(ParagraphRow).where(ParagraphRow.at < at - MEMORY))


def places(session: Session, lines: PageLines) -> list[Standing]:
    """Where the paragraphs of a page stand already, in articles of other hosts that were flagged or held.

    What stands in several articles of another host is its boilerplate, and left out.
    """
    if not lines.long:
        return []
    query = (
        select(ParagraphRow.line, ParagraphRow.host, ArticleRow.outlet, ArticleRow.id)
        .join(ArticleRow, ArticleRow.id == ParagraphRow.article_id)
        .where(ParagraphRow.line.in_(lines.long), ParagraphRow.host != lines.host)
        .order_by(ArticleRow.id)
        .limit(MOST_PLACES)
    )
    found = [
        Standing(line=line, host=host, outlet=outlet, article_id=article)
        for line, host, outlet, article in session.execute(query)
    ]
    often = Counter((place.line, place.host) for place in found)
    return [place for place in found if often[place.line, place.host] == 1]


def enter(session: Session, lines: PageLines, article_id: int, *, at: datetime) -> None:
    """Let the paragraphs of an article be found."""
    rows = [{"line": line, "article_id": article_id, "host": lines.host, "at": at} for line in sorted(lines.long)]
    if rows:
        session.execute(insert(PARAGRAPHS), rows)


def _packed(lines: frozenset[int]) -> bytes:
    return array("q", sorted(lines)).tobytes()


def _unpacked(packed: bytes) -> array[int]:
    return array("q", packed)
