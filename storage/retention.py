"""Taking out text whose time is over. A row is whole or purged, never half: text, summaries and index go together.

Runs keep their row, and lose only what is bulky: links refer to most of them, and without an index for that a database
reads every link to find that nothing refers to one (half a second beside a million links, on either engine).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import String, cast, delete, func, or_, select, text, update
from sqlalchemy.orm import aliased

from storage.records import FOREVER, Decision, KeptText, Word
from storage.search import refresh
from storage.tables import KEPT, READ, ArticleRow, LabelRow, LinkRow, PollRow, RevisionRow, RunRow, VerdictRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import Contracts


@dataclass(frozen=True, kw_only=True)
class Thinned:
    """A page of old rows: how many of them were spare, and the id of the last one, None after the last page."""

    rows: int
    last: int | None


class Retention:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def expired(self, contracts: Contracts, *, at: datetime, after: int = 0, limit: int) -> list[KeptText]:
        """Texts of articles with an id above `after` whose time is over, by id."""
        if contracts.shortest == FOREVER:
            return []
        old = _fetched() <= at - contracts.shortest
        found: list[KeptText] = []
        with self._database.read() as session:
            while len(found) < limit and (page := _texts(session, ArticleRow.id > after, old, limit=limit)):
                after = page[-1].article_id
                found += [kept for kept in page if contracts.expired(kept, at=at)]
        return found

    def purge(self, articles: Sequence[int], contracts: Contracts, *, at: datetime) -> list[KeptText]:
        """Purge those of the articles whose time is still over, all of them or none; gives what went.

        Between a look and this a person may have labelled one, or a model flagged it: they are looked at again here.
        """
        wanted = ArticleRow.id.in_(articles)
        with self._database.write() as session:
            session.execute(select(ArticleRow.id).where(wanted).order_by(ArticleRow.id).with_for_update())
            gone = [kept for kept in _texts(session, wanted) if contracts.expired(kept, at=at)]
            ids = [kept.article_id for kept in gone]
            of_them = LinkRow.id.in_(select(ArticleRow.link_id).where(ArticleRow.id.in_(ids)))
            session.execute(update(LinkRow).where(of_them).values(summary=None))
            emptied = update(ArticleRow).where(ArticleRow.id.in_(ids)).values(text="", summary=None, purged_at=at)
            session.execute(emptied)
            session.execute(update(RevisionRow).where(RevisionRow.article_id.in_(ids)).values(text=""))
            for article_id in ids:
                refresh(session, article_id)
            return gone

    def thin_polls(self, *, before: datetime, after: int = 0, limit: int, dry: bool = False) -> Thinned:
        """Delete, of the next `limit` polls before this time, those that brought nothing and teach nothing any more.

        The newest poll of a source stays, and the last one of each URL that was read to the end: it has the validators
        for the next. `dry` only counts.
        """
        old = PollRow.id > after, PollRow.at < before, PollRow.new == 0
        with self._database.write() as session:
            page = session.scalars(select(PollRow.id).where(*old).order_by(PollRow.id).limit(limit)).all()
            spare = session.scalars(select(PollRow.id).where(PollRow.id.in_(page), _spare())).all()
            if not dry:
                session.execute(delete(PollRow).where(PollRow.id.in_(spare)))
            return Thinned(rows=len(spare), last=page[-1] if page else None)

    def thin_runs(self, *, before: datetime, keep: int, after: int = 0, limit: int, dry: bool = False) -> Thinned:
        """Take counts, sources and error out of the next `limit` runs before this time; the newest `keep` stay whole.

        When a job ran, how long, by which version and how it ended stays of every run. `dry` only counts.
        """
        newest = select(RunRow.id).order_by(RunRow.id.desc()).limit(keep)
        bulky = (cast(column, String) != "{}" for column in (RunRow.counts, RunRow.sources))
        old = RunRow.id > after, RunRow.started_at < before, or_(*bulky, RunRow.error != "")
        with self._database.write() as session:
            first = min(session.scalars(newest), default=0)
            query = select(RunRow.id).where(*old, RunRow.id < first).order_by(RunRow.id).limit(limit)
            page = session.scalars(query).all()
            if not dry:
                emptied = update(RunRow).where(RunRow.id.in_(page)).values(counts={}, sources={}, error="")
                session.execute(emptied)
            return Thinned(rows=len(page), last=page[-1] if page else None)


def _texts(session: Session, *wanted: ColumnElement[bool], limit: int | None = None) -> list[KeptText]:
    columns = ArticleRow.id, LinkRow.source, _notable(), _fetched(), _demoted(), func.length(ArticleRow.text)
    query = select(*columns).join(LinkRow, LinkRow.id == ArticleRow.link_id).where(text(KEPT), *wanted)
    rows = session.execute(query.order_by(ArticleRow.id).limit(limit)).all()
    return [
        KeptText(
            article_id=article_id,
            source=source,
            notable=notable,
            since=fetched if notable or demoted is None else max(fetched, demoted),
            size=size,
        )
        for article_id, source, notable, fetched, demoted, size in rows
    ]


def _fetched() -> ColumnElement[datetime]:
    return func.coalesce(LinkRow.fetched_at, LinkRow.discovered_at)


def _notable() -> ColumnElement[bool]:
    verdict = select(VerdictRow.id).where(VerdictRow.article_id == ArticleRow.id, VerdictRow.superseded_at.is_(None))
    label = select(LabelRow.id).where(LabelRow.article_id == ArticleRow.id, LabelRow.superseded_at.is_(None))
    return or_(
        verdict.where(VerdictRow.decision != Decision.REJECT).exists(), label.where(LabelRow.word != Word.NONE).exists()
    )


def _demoted() -> ColumnElement[datetime | None]:
    """When it was last flagged or held: a model that rejects too much must not have purged at once what it touched."""
    was = VerdictRow.article_id == ArticleRow.id, VerdictRow.decision != Decision.REJECT
    return select(func.max(VerdictRow.superseded_at)).where(*was).scalar_subquery()


def _spare() -> ColumnElement[bool]:
    later, read = aliased(PollRow), aliased(PollRow)
    newer = select(later.id).where(later.source == PollRow.source, later.id > PollRow.id).exists()
    same = read.source == PollRow.source, read.url == PollRow.url, read.id > PollRow.id
    read_since = select(read.id).where(*same, text(READ)).exists()
    return newer & or_(~PollRow.state.in_(["ok", "empty"]), read_since)
