"""Stories: what was grouped, why, and a person's word on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from storage.findings import read_findings
from storage.records import NO_FINDINGS, Change, Decision, HandWord, Membership, StoredStory
from storage.rows import stored_record
from storage.tables import (
    ArticleRow,
    LikenessRow,
    LinkRow,
    MemberRow,
    SketchRow,
    StoryChangeRow,
    StoryRow,
    VerdictRow,
    WordOfHandRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import NewStory, StoredArticle

KEPT = (Decision.FLAG, Decision.HOLD)
CHUNK = 500


class Stories:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unassigned(self, *, limit: int) -> list[StoredArticle]:
        """Flagged and held articles that are in no story yet, oldest first."""
        query = (
            _standing()
            .outerjoin(MemberRow, MemberRow.article_id == ArticleRow.id)
            .where(VerdictRow.decision.in_(KEPT), MemberRow.article_id.is_(None))
            .order_by(ArticleRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return _articles(session, query)

    def open(self, *, since: datetime) -> list[StoredStory]:
        """The stories that something was added to since then, oldest first."""
        with self._database.read() as session:
            query = select(StoryRow).where(StoryRow.last_seen >= since, StoryRow.merged_into.is_(None))
            return _stories(session, session.scalars(query.order_by(StoryRow.id)).all())

    def named(self, public: str) -> StoredStory | None:
        """The story of this name, or the one it was merged into."""
        with self._database.read() as session:
            row = session.scalar(select(StoryRow).where(StoryRow.public == public))
            while row is not None and row.merged_into is not None:
                row = session.get(StoryRow, row.merged_into)
            return None if row is None else _stories(session, [row])[0]

    def of(self, article_ids: Sequence[int]) -> list[StoredStory]:
        """The stories that these articles are in, oldest first."""
        ids: set[int] = set()
        with self._database.read() as session:
            for some in _chunks(article_ids):
                ids.update(session.scalars(select(MemberRow.story_id).where(MemberRow.article_id.in_(some))))
            rows: list[StoryRow] = []
            for some in _chunks(sorted(ids)):
                rows += session.scalars(select(StoryRow).where(StoryRow.id.in_(some)).order_by(StoryRow.id))
            return _stories(session, rows)

    def likenesses(self, article_ids: Sequence[int]) -> dict[tuple[int, int], tuple[float, float]]:
        """For an article and an earlier one: the share of its text in that, and of that in it."""
        found: dict[tuple[int, int], tuple[float, float]] = {}
        with self._database.read() as session:
            for some in _chunks(article_ids):
                for row in session.scalars(select(LikenessRow).where(LikenessRow.article_id.in_(some))):
                    found[row.article_id, row.other_id] = (row.share, row.other_share)
        return found

    def families(self, article_ids: Sequence[int]) -> dict[int, int]:
        """The text family of each article that has one."""
        found: dict[int, int] = {}
        with self._database.read() as session:
            for some in _chunks(article_ids):
                query = select(SketchRow.article_id, SketchRow.family_id).where(SketchRow.article_id.in_(some))
                found.update((article, first) for article, first in session.execute(query))
        return found

    def words_of_hand(self) -> list[HandWord]:
        """What people said of which articles belong together; a later word on the same two outweighs an earlier."""
        with self._database.read() as session:
            rows = session.scalars(select(WordOfHandRow).order_by(WordOfHandRow.id)).all()
        last = {frozenset((row.article_id, row.other_id)): row for row in rows}
        return [HandWord(article=row.article_id, other=row.other_id, together=row.together) for row in last.values()]

    def record(self, stories: Iterable[NewStory], *, at: datetime) -> list[str]:
        """Store what was decided, all of it or nothing; gives the stories' names."""
        with self._database.write() as session:
            return [_record(session, story, at) for story in stories]

    def say(self, words: Iterable[HandWord], *, by: str, at: datetime) -> None:
        """Keep a person's word."""
        with self._database.write() as session:
            session.add_all(
                WordOfHandRow(article_id=word.article, other_id=word.other, together=word.together, by=by, at=at)
                for word in words
            )

    def split(self, story: NewStory, *, at: datetime) -> list[str]:
        """Take its members out of the story they are in and begin one with them."""
        with self._database.write() as session:
            ids = [member.article for member in story.members]
            session.execute(delete(MemberRow).where(MemberRow.article_id.in_(ids)))
            return [_record(session, story, at)]

    def move(self, article_ids: Sequence[int], *, into: int, why: str, at: datetime) -> None:
        """Put articles into another story, because a person said so."""
        with self._database.write() as session:
            changed = {"story_id": into, "why": why, "joined_at": at}
            session.execute(update(MemberRow).where(MemberRow.article_id.in_(article_ids)).values(changed))

    def merged(self, story: int, *, into: int) -> None:
        """Let one story's name lead to another."""
        with self._database.write() as session:
            session.execute(update(StoryRow).where(StoryRow.id == story).values(merged_into=into))


def _record(session: Session, story: NewStory, at: datetime) -> str:
    row = session.get(StoryRow, story.id) if story.id is not None else None
    if row is None:
        row = StoryRow(
            public=_name(session, story.first_seen),
            first_seen=story.first_seen,
            last_seen=story.last_seen,
            roundup=story.roundup,
            merged_into=None,
        )
        session.add(row)
        session.flush()
    row.last_seen = max(row.last_seen, story.last_seen)
    session.add_all(_member_row(row.id, member, at) for member in story.members)
    session.add_all(
        StoryChangeRow(story_id=row.id, article_id=change.article, at=change.at, kind=change.kind, what=change.what)
        for change in story.changes
    )
    session.flush()
    return row.public


def _name(session: Session, first_seen: datetime) -> str:
    day = f"S-{first_seen:%Y%m%d}-"
    count = session.scalar(select(func.count()).select_from(StoryRow).where(StoryRow.public.like(f"{day}%"))) or 0
    return f"{day}{count + 1:02}"


def _member_row(story_id: int, member: Membership, at: datetime) -> MemberRow:
    return MemberRow(
        article_id=member.article,
        story_id=story_id,
        joined_at=at,
        why=member.why,
        like_id=member.like,
        refused=[list(refusal) for refusal in member.refused],
        origin_id=member.origin,
        origin_why=member.origin_why,
    )


def _stories(session: Session, rows: Sequence[StoryRow]) -> list[StoredStory]:
    members: dict[int, list[MemberRow]] = {row.id: [] for row in rows}
    changes: dict[int, list[StoryChangeRow]] = {row.id: [] for row in rows}
    for some in _chunks(sorted(members)):
        joined = select(MemberRow).where(MemberRow.story_id.in_(some)).order_by(MemberRow.article_id)
        for member in session.scalars(joined):
            members[member.story_id].append(member)
        changed = select(StoryChangeRow).where(StoryChangeRow.story_id.in_(some)).order_by(StoryChangeRow.id)
        for change in session.scalars(changed):
            changes[change.story_id].append(change)
    articles: dict[int, StoredArticle] = {}
    for some in _chunks([member.article_id for of_story in members.values() for member in of_story]):
        articles |= {stored.id: stored for stored in _articles(session, _standing().where(ArticleRow.id.in_(some)))}
    there = {row.id: [member for member in members[row.id] if member.article_id in articles] for row in rows}
    return [_story(row, there[row.id], articles, changes[row.id]) for row in rows]


def _story(
    row: StoryRow, members: Sequence[MemberRow], articles: dict[int, StoredArticle], changes: Sequence[StoryChangeRow]
) -> StoredStory:
    return StoredStory(
        id=row.id,
        public=row.public,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        roundup=row.roundup,
        articles=tuple(articles[member.article_id] for member in members),
        members=tuple(_membership(member) for member in members),
        changes=tuple(Change(at=c.at, article=c.article_id, kind=c.kind, what=c.what) for c in changes),
    )


def _membership(row: MemberRow) -> Membership:
    return Membership(
        article=row.article_id,
        why=row.why,
        like=row.like_id,
        refused=tuple((public, why) for public, why in row.refused),
        origin=row.origin_id,
        origin_why=row.origin_why,
    )


def _standing() -> Select[LinkRow, ArticleRow, VerdictRow]:
    return (
        select(LinkRow, ArticleRow, VerdictRow)
        .join(ArticleRow, ArticleRow.link_id == LinkRow.id)
        .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
        .where(VerdictRow.superseded_at.is_(None))
    )


def _articles(session: Session, query: Select[LinkRow, ArticleRow, VerdictRow]) -> list[StoredArticle]:
    rows = session.execute(query).all()
    findings = read_findings(session, [article.id for _, article, _ in rows])
    return [stored_record(*row, findings.get(row[1].id, NO_FINDINGS)) for row in rows]


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
