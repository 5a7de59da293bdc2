"""Stories: what was grouped, why, and a person's word on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, text, update

from storage.edits import change_row, told_late
from storage.findings import read_findings
from storage.records import NO_FINDINGS, OF_REVISIONS, Change, HandWord, Membership, StoredStory
from storage.rows import stored_record, to_read
from storage.tables import (
    NOTABLE,
    ArticleRow,
    LikenessRow,
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

    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import NewStory, StoredArticle

CHUNK = 500
LOCK = 7775003  # beside the migrations' own and that of editions


class Stories:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unassigned(self, *, limit: int) -> list[StoredArticle]:
        """Flagged and held articles that are in no story yet, oldest first."""
        ids = (  # by themselves: among all that was ever flagged they are looked for without reading a text
            select(VerdictRow.article_id)
            .outerjoin(MemberRow, MemberRow.article_id == VerdictRow.article_id)
            .where(text(NOTABLE), MemberRow.article_id.is_(None))
            .order_by(VerdictRow.article_id)
            .limit(limit)
        )
        with self._database.read() as session:
            wanted = session.scalars(ids).all()
            return _articles(session, wanted)

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
            return next(iter(_stories(session, [] if row is None else [row])), None)

    def of(self, article_ids: Sequence[int], *, known: Sequence[StoredArticle] = ()) -> list[StoredStory]:
        """The stories that these articles are in, oldest first. What is known already is not read again."""
        ids: set[int] = set()
        with self._database.read() as session:
            for some in _chunks(article_ids):
                ids.update(session.scalars(select(MemberRow.story_id).where(MemberRow.article_id.in_(some))))
            rows: list[StoryRow] = []
            for some in _chunks(sorted(ids)):
                rows += session.scalars(select(StoryRow).where(StoryRow.id.in_(some)).order_by(StoryRow.id))
            return _stories(session, rows, known)

    def changed(self, *, since: datetime, until: datetime) -> list[StoredStory]:
        """The stories of which something became known in `[since, until)`, edits and removals too, oldest first."""
        told = select(StoryChangeRow.story_id).where(StoryChangeRow.at >= since, StoryChangeRow.at < until)
        query = select(StoryRow).where(StoryRow.id.in_(told), StoryRow.merged_into.is_(None)).order_by(StoryRow.id)
        with self._database.read() as session:
            return _stories(session, session.scalars(query).all())

    def likenesses(self, article_ids: Sequence[int]) -> dict[tuple[int, int], tuple[float, float]]:
        """For an article and an earlier one: the share of its text in that, and of that in it."""
        found: dict[tuple[int, int], tuple[float, float]] = {}
        with self._database.read() as session:
            for some in _chunks(article_ids):
                row = LikenessRow
                query = select(row.article_id, row.other_id, row.share, row.other_share)
                for article, other, *shares in session.execute(query.where(row.article_id.in_(some))):
                    found[article, other] = (shares[0], shares[1])
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
        """Store what was decided, all of it or nothing; gives the stories' names.

        An article that somebody else put into a story meanwhile stays there.
        """
        with self._database.write() as session:
            _alone(session)
            return _record(session, _left(session, list(stories)), at)

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
            revised = StoryChangeRow.article_id.in_(ids), StoryChangeRow.kind.in_(OF_REVISIONS)
            session.execute(delete(StoryChangeRow).where(*revised))  # `_record` gives them to the new story
            return _record(session, [story], at)

    def move(self, article_ids: Sequence[int], *, into: int, why: str, at: datetime) -> None:
        """Put articles into another story, because a person said so."""
        with self._database.write() as session:
            changed = {"story_id": into, "why": why, "joined_at": at}
            session.execute(update(MemberRow).where(MemberRow.article_id.in_(article_ids)).values(changed))
            told = update(StoryChangeRow).where(StoryChangeRow.article_id.in_(article_ids))
            session.execute(told.values(story_id=into))

    def merged(self, story: int, *, into: int) -> None:
        """Let one story's name lead to another."""
        with self._database.write() as session:
            session.execute(update(StoryRow).where(StoryRow.id == story).values(merged_into=into))


def _alone(session: Session) -> None:
    """Wait for whoever else puts articles into stories. On SQLite there is one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _left(session: Session, stories: Sequence[NewStory]) -> list[NewStory]:
    """The stories without the articles that are in one by now; those of which nothing is left are not begun."""
    taken: set[int] = set()
    for some in _chunks([member.article for story in stories for member in story.members]):
        taken.update(session.scalars(select(MemberRow.article_id).where(MemberRow.article_id.in_(some))))
    if not taken:
        return list(stories)
    left = (
        replace(
            story,
            members=tuple(member for member in story.members if member.article not in taken),
            changes=tuple(change for change in story.changes if change.article not in taken),
        )
        for story in stories
    )
    return [story for story in left if story.members]


def _record(session: Session, stories: Sequence[NewStory], at: datetime) -> list[str]:
    named = _named(session, stories)
    members = [_member(id_, one, at) for (id_, _), story in zip(named, stories, strict=True) for one in story.members]
    told = [(id_, change) for (id_, _), story in zip(named, stories, strict=True) for change in story.changes]
    story_of = {member["article_id"]: member["story_id"] for member in members}
    told += [(story_of[change.article], change) for change in told_late(session, list(story_of))]
    if members:
        session.execute(insert(MemberRow), members)
    session.add_all(change_row(story, change) for story, change in told)
    session.flush()
    return [public for _, public in named]


def _named(session: Session, stories: Sequence[NewStory]) -> list[tuple[int, str]]:
    """The ids and names of the stories: those that are there are brought up to date, the others begun."""
    known: dict[int | None, StoryRow] = {}
    for some in _chunks([story.id for story in stories if story.id is not None]):
        known |= {row.id: row for row in session.scalars(select(StoryRow).where(StoryRow.id.in_(some)))}
    for story in stories:
        if row := known.get(story.id):
            row.last_seen = max(row.last_seen, story.last_seen)
    begun = iter(_begin(session, [story for story in stories if story.id not in known]))
    rows = [known.get(story.id) for story in stories]
    return [(row.id, row.public) if row else next(begun) for row in rows]


def _begin(session: Session, stories: Sequence[NewStory]) -> list[tuple[int, str]]:
    names = Names(session)
    rows = [
        {
            "public": names.next(story.first_seen),
            "first_seen": story.first_seen,
            "last_seen": story.last_seen,
            "roundup": story.roundup,
            "merged_into": None,
        }
        for story in stories
    ]
    if not rows:
        return []
    ids = session.scalars(insert(StoryRow).returning(StoryRow.id, sort_by_parameter_order=True), rows)
    return [(id_, str(row["public"])) for id_, row in zip(ids, rows, strict=True)]


class Names:
    """Names for new stories: their day, and how many that day has."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._counts: dict[datetime, int] = {}

    def next(self, first_seen: datetime) -> str:
        """The next free name of a day."""
        day = first_seen.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if day not in self._counts:
            of_day = StoryRow.first_seen >= day, StoryRow.first_seen < day + timedelta(days=1)
            query = select(func.count()).select_from(StoryRow).where(*of_day, StoryRow.last_seen >= day)  # has an index
            self._counts[day] = self._session.scalar(query) or 0
        self._counts[day] += 1
        return f"S-{day:%Y%m%d}-{self._counts[day]:02}"


def _member(story_id: int, member: Membership, at: datetime) -> dict[str, Any]:
    return {
        "article_id": member.article,
        "story_id": story_id,
        "joined_at": at,
        "why": member.why,
        "like_id": member.like,
        "refused": [list(refusal) for refusal in member.refused],
        "origin_id": member.origin,
        "origin_why": member.origin_why,
    }


def _stories(session: Session, rows: Sequence[StoryRow], known: Sequence[StoredArticle] = ()) -> list[StoredStory]:
    members: dict[int, list[MemberRow]] = {row.id: [] for row in rows}
    changes: dict[int, list[StoryChangeRow]] = {row.id: [] for row in rows}
    for some in _chunks(sorted(members)):
        joined = select(MemberRow).where(MemberRow.story_id.in_(some)).order_by(MemberRow.article_id)
        for member in session.scalars(joined):
            members[member.story_id].append(member)
        changed = select(StoryChangeRow).where(StoryChangeRow.story_id.in_(some))
        for change in session.scalars(changed.order_by(StoryChangeRow.at, StoryChangeRow.id)):
            changes[change.story_id].append(change)
    articles = {stored.id: stored for stored in known}
    wanted = [member.article_id for of_story in members.values() for member in of_story]
    for some in _chunks([article_id for article_id in wanted if article_id not in articles]):
        articles |= {stored.id: stored for stored in _articles(session, some)}
    there = {row.id: [member for member in members[row.id] if member.article_id in articles] for row in rows}
    return [_story(row, there[row.id], articles, changes[row.id]) for row in rows if there[row.id]]


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


def _articles(session: Session, ids: Sequence[int]) -> list[StoredArticle]:
    """Those of the articles whose verdict stands, by id."""
    rows = session.execute(to_read().where(ArticleRow.id.in_(ids)).order_by(ArticleRow.id)).all()
    findings = read_findings(session, [article.id for _, article, _ in rows])
    return [stored_record(*row, findings.get(row[1].id, NO_FINDINGS)) for row in rows]


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
