"""An article that is edited stays one article, whether it is edited in its place or appears at another address.

What it said before is kept as a revision, and its story is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import delete, or_, select, update

from storage.findings import read_findings, write_findings
from storage.likeness import compared
from storage.records import (
    NO_FINDINGS,
    STATE,
    Because,
    Change,
    Decision,
    Judged,
    Likeness,
    LinkState,
    StoryChange,
)
from storage.repeats import retract
from storage.rows import article_columns, article_record, standing, stored_record, text_hash, verdict_record
from storage.tables import ArticleRow, LikenessRow, LinkRow, MemberRow, RevisionRow, RevisitRow, StoryRow, VerdictRow
from storage.tables import StoryChangeRow as ChangeRow
from storage.verdicts import follow, labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from storage.records import Alike, AlikeArticle, Moved, StoredArticle

    # what a page says anew of an article, in words, empty if nothing; None if it is another article
    Edited = Callable[[StoredArticle, Judged], str | None]

BOTH = 0.7  # share of each text that stands in the other, where a page took the place of one that is gone
HALF = 0.5  # share of a text that stands in the other, where a page claims to be the other
CHUNK = 500  # ids in one IN list
MOST_CLAIMED = 5  # articles of one identity that are looked at: some sites claim their home page everywhere
FIRST = {"url", "published", "date_source"}  # what an edit does not change
REMOVED = "removed by its publisher"
MOVED = "moved to another address"


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """The article that a page is an edit of, and what changed, if anything. `moved`: its own address is given up."""

    id: int
    url: str
    what: str
    moved: bool


def earlier(
    session: Session, judged: Judged, link: LinkRow, found: Sequence[AlikeArticle], edited: Edited
) -> Earlier | None:
    """The article that a new page is an edit of; `found` are those that its text is like.

    A page is one when it claims the address of an article, has another headline and half of a text in common with it.
    Or when an article of its host is gone or leads to this address, and most of each text stands in the other.
    """
    claimed = _claimed(session, judged, link)
    alike = {like.article_id: like.alike for like in [*found, *compared(session, judged.sketch, claimed)]}
    if not alike:
        return None
    query = standing().add_columns(RevisitRow).outerjoin(RevisitRow, RevisitRow.article_id == ArticleRow.id)
    query = query.where(ArticleRow.id.in_(alike), ArticleRow.purged_at.is_(None), LinkRow.id != link.id)
    for old_link, old, verdict, revisit in session.execute(query.order_by(ArticleRow.id)).all():
        moved = revisit is not None and (revisit.missed > 0 or revisit.url == judged.article.url)
        if not _takes_place(judged, old, alike[old.id], moved=moved):
            continue
        stored = stored_record(old_link, old, verdict, read_findings(session, [old.id]).get(old.id, NO_FINDINGS))
        what = edited(stored, judged)
        if what is not None and (what or moved):
            return Earlier(id=old.id, url=old.url, what=what, moved=moved)
    return None


def revise(session: Session, article_id: int, judged: Judged, what: str, *, at: datetime) -> bool:
    """Put what an article says now in the place of what it said; whether it was there to be revised."""
    row = session.get_one(ArticleRow, article_id, with_for_update=True)
    standing = VerdictRow.article_id == article_id, VerdictRow.superseded_at.is_(None)
    before = session.scalar(select(VerdictRow.decision).where(*standing))
    if row.purged_at is not None or before is None:
        return False  # purged, or withdrawn as no article, while the look was under way
    revision = RevisionRow(article_id=article_id, at=at, what=what, title=row.title, text=row.text)
    for name, value in article_columns(judged.article).items():
        if name not in FIRST or getattr(row, name) is None:
            setattr(row, name, value)
    row.text_hash = text_hash(judged.article.text)
    notable = judged.verdict.decision is not Decision.REJECT
    write_findings(session, article_id, judged.findings if notable else NO_FINDINGS)
    follow(session, article_id, replace(judged.verdict, because=Because.REVISED), at=at)
    now = session.scalars(select(VerdictRow.decision).where(*standing)).one()
    revision.what += f", now {STATE[now]}" if now is not before else ""
    session.add(revision)
    _tell(session, _revised(at, article_id, revision.what))
    return True


def take_over(session: Session, old: Earlier, judged: Judged, *, at: datetime) -> None:
    """Make of a new page a revision of the article that it is an edit of."""
    if old.what:
        revise(session, old.id, judged, _said(old.what, moved=old.moved), at=at)
    if old.moved:
        _move(session, old.id, judged.article.url)


def _move(session: Session, article_id: int, url: str) -> None:
    """Let an article be read, and looked for, at another address."""
    session.get_one(ArticleRow, article_id).url = url
    revisit = session.get(RevisitRow, article_id)
    if revisit is not None:
        revisit.url, revisit.missed, revisit.removed_at = url, 0, None


def removed(session: Session, article_id: int, *, at: datetime) -> None:
    """Let its story say that an article was taken off the web."""
    _tell(session, _removal(at, article_id))


def told_late(session: Session, article_ids: Sequence[int]) -> list[Change]:
    """What was revised or removed of these articles before a story had them."""
    told: list[Change] = []
    for start in range(0, len(article_ids), CHUNK):
        some = article_ids[start : start + CHUNK]
        revisions = select(RevisionRow.at, RevisionRow.article_id, RevisionRow.what).order_by(RevisionRow.id)
        told += (_revised(*row) for row in session.execute(revisions.where(RevisionRow.article_id.in_(some))))
        gone = select(RevisitRow.removed_at, RevisitRow.article_id).where(RevisitRow.removed_at.is_not(None))
        missing = session.execute(gone.where(RevisitRow.article_id.in_(some)).order_by(RevisitRow.article_id))
        told += (_removal(at, article_id) for at, article_id in missing if at)
    return told


def successor(session: Session, article_id: int, moved: Moved | None = None) -> int | None:
    """A later article that is this one at another address: the one it leads to, else a copy on the same host."""
    own = session.get_one(ArticleRow, article_id)
    later = select(ArticleRow.id, ArticleRow.url).join(LinkRow, LinkRow.id == ArticleRow.link_id)
    later = later.join(VerdictRow, VerdictRow.article_id == ArticleRow.id).where(VerdictRow.superseded_at.is_(None))
    later = later.where(ArticleRow.id > article_id, ArticleRow.purged_at.is_(None)).order_by(ArticleRow.id)
    if moved is not None:
        later = later.where(or_(LinkRow.key == moved.key, ArticleRow.key == moved.key))
    else:
        copy = LikenessRow.kind == Likeness.COPY, LikenessRow.share >= BOTH, LikenessRow.other_share >= BOTH
        later = later.join(LikenessRow, LikenessRow.article_id == ArticleRow.id)
        later = later.where(LikenessRow.other_id == article_id, *copy)
    for other, url in session.execute(later).all():
        if _host(url) == _host(own.url) and not labelled(session, other):
            return int(other)
    return None


def absorb(session: Session, article_id: int, later_id: int, edited: Edited, *, at: datetime) -> bool:
    """Make of a later article a revision of the earlier one, whose address leads there or is gone."""
    later = session.execute(standing().where(ArticleRow.id == later_id)).one()
    judged = _judged(session, *later)
    own = session.execute(standing().where(ArticleRow.id == article_id)).first()
    if own is None or own[1].purged_at is not None:
        return False
    findings = read_findings(session, [article_id]).get(article_id, NO_FINDINGS)
    what = edited(stored_record(*own, findings), judged)
    if what is None:
        return False
    later_link = later[0]
    url = own[1].url
    retract(session, later_id, at=at)
    session.execute(delete(RevisitRow).where(RevisitRow.article_id == later_id))
    later_link.state, later_link.reason, later_link.settled_at = LinkState.DUPLICATE, same_as(url, what), at
    _hand_over(session, later_id, article_id)
    if what:
        revise(session, article_id, judged, _said(what, moved=True), at=at)
    _move(session, article_id, judged.article.url)
    return True


def change_row(story_id: int, change: Change) -> ChangeRow:
    return ChangeRow(story_id=story_id, article_id=change.article, at=change.at, kind=change.kind, what=change.what)


def same_as(url: str, what: str = "") -> str:
    """The reason of a link whose page is an edit of an article."""
    return f"same article as {url}" + (f", edited: {what}" if what else "")


def _claimed(session: Session, judged: Judged, link: LinkRow) -> list[int]:
    """Articles that are what a page claims to be."""
    if judged.key == link.key:
        return []
    claimed = select(ArticleRow.id).where(ArticleRow.key == judged.key).order_by(ArticleRow.id.desc())
    return list(session.scalars(claimed.limit(MOST_CLAIMED)))


def _takes_place(judged: Judged, old: ArticleRow, alike: Alike, *, moved: bool) -> bool:
    if moved and _host(old.url) == _host(judged.article.url) and min(alike.share, alike.other_share) >= BOTH:
        return True
    claims = old.key == judged.key and (moved or old.title != judged.article.title)
    return claims and max(alike.share, alike.other_share) >= HALF


def _tell(session: Session, change: Change) -> None:
    """Nothing is lost where no story has the article yet: the one that takes it asks `told_late`."""
    member = session.get(MemberRow, change.article)
    if member is not None:
        session.add(change_row(member.story_id, change))


def _revised(at: datetime, article_id: int, what: str) -> Change:
    return Change(at=at, article=article_id, kind=StoryChange.REVISED, what=f"updated: {what}")


def _removal(at: datetime, article_id: int) -> Change:
    return Change(at=at, article=article_id, kind=StoryChange.REMOVED, what=REMOVED)


def _said(what: str, *, moved: bool) -> str:
    return f"{what}, {MOVED}" if moved else what


def _hand_over(session: Session, later: int, first: int) -> None:
    """Give the later article's place in its story to the first one, or its story to the one that has the first."""
    member, own = session.get(MemberRow, later), session.get(MemberRow, first)
    if member is None:
        return
    story, said = member.story_id, update(ChangeRow).where(ChangeRow.article_id == later)
    origins = update(MemberRow).where(MemberRow.origin_id == later)
    if own is None:
        session.execute(origins.values(origin_id=first))
        session.execute(update(MemberRow).where(MemberRow.article_id == later).values(article_id=first))
        session.execute(said.values(article_id=first))
        return
    session.execute(origins.values(origin_id=own.origin_id))
    session.execute(delete(MemberRow).where(MemberRow.article_id == later))
    if own.story_id == story:
        session.execute(said.values(article_id=first))
    elif session.scalar(select(MemberRow.article_id).where(MemberRow.story_id == story).limit(1)) is not None:
        session.execute(delete(ChangeRow).where(ChangeRow.article_id == later))
    else:
        session.execute(said.values(article_id=first, story_id=own.story_id))
        session.execute(update(StoryRow).where(StoryRow.id == story).values(merged_into=own.story_id))


def _judged(session: Session, link: LinkRow, article: ArticleRow, verdict: VerdictRow) -> Judged:
    findings = read_findings(session, [article.id]).get(article.id, NO_FINDINGS)
    return Judged(key=link.key, article=article_record(article), verdict=verdict_record(verdict), findings=findings)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
