"""The archive: articles with the verdict that let them in. There is no way to store one without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from storage.edits import earlier, same_as, take_over
from storage.findings import read_findings, write_findings
from storage.ledger import settle
from storage.likeness import look, remember
from storage.lines import Print, enter, keep_print, places
from storage.records import (
    NO_FINDINGS,
    NO_MODEL,
    STATE,
    Article,
    Because,
    Decision,
    Judged,
    LinkState,
    Settled,
    StoredArticle,
    Verdict,
)
from storage.repeats import FULL_TEXT, alike, is_soft_404, soft_404, text_number, withdraw
from storage.revisions import watch
from storage.rows import article_columns, standing, stored_record, text_hash
from storage.search import refresh
from storage.tables import ArticleRow, LinkRow, VerdictRow
from storage.verdicts import follow, in_window, shadow_row, verdict_row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.edits import Earlier, Edited
    from storage.likeness import Near
    from storage.records import Standing

    Regard = Callable[[Article, Sequence[Standing]], Article]

__all__ = ["FULL_TEXT", "NO_MODEL", "STATE", "Archive", "article_columns", "text_hash"]


class Archive:
    """One method, one transaction."""

    def __init__(self, database: Database, *, regard: Regard | None = None, edited: Edited | None = None) -> None:
        """Both are asked in `add`.

        `regard` may mark an article for the places where its paragraphs stand already; `edited` says whether a page is
        a stored article at another address, and what changed.
        """
        self._database = database
        self._regard, self._edited = regard, edited

    def add(self, judged: Judged, outcome: Settled, *, run: int) -> LinkState:
        """Store an article with its verdict and settle its link as the verdict says, or as a duplicate.

        A page is a duplicate when an article with the same claimed identity has the same title or text, or when one
        of the same outlet has the same text. A shared identity alone is not enough: some sites declare their home
        page as canonical everywhere. Nor is a short text under another title, which is what a paywall leaves of every
        article. What the gate flags or holds never vanishes behind something it rejected.

        A text that too many links of the host have is a soft 404: then all of them are, and none is an article.

        A page that is an article edited under another address becomes a revision of it, and its link a duplicate.
        """
        digest = text_hash(judged.article.text)
        with self._database.write() as session:
            link = session.scalars(select(LinkRow).where(LinkRow.key == outcome.key)).one()
            page = _print(judged, link)
            near = look(session, judged.sketch)
            others = alike(session, page) if page.lines.host else []
            if is_soft_404(judged.article, link.url, others):
                became = soft_404(outcome, page.lines.host, len(others))
                withdraw(session, page, became, run=run)
            elif (old := self._edits(session, judged, link, near)) is not None:
                became = replace(outcome, state=LinkState.DUPLICATE, reason=same_as(old.url, old.what))
                take_over(session, old, judged, at=outcome.at)
            elif (twin := _twin(session, judged, digest, link)) is not None:
                became = replace(outcome, state=LinkState.DUPLICATE, reason=same_as(twin))
            else:
                self._keep(session, judged, link, outcome, near)
                became = replace(outcome, state=STATE[judged.verdict.decision], reason=judged.verdict.why)
                page = replace(page, teaches=not others)
            if page.lines.host:
                keep_print(session, page, at=outcome.at)
            settle(session, became, run=run)
            return became.state

    def _edits(self, session: Session, judged: Judged, link: LinkRow, near: Near) -> Earlier | None:
        return None if self._edited is None else earlier(session, judged, link, near.alike, self._edited)

    def _keep(self, session: Session, judged: Judged, link: LinkRow, outcome: Settled, near: Near) -> None:
        at = outcome.at
        notable = judged.verdict.decision is not Decision.REJECT
        standing = places(session, judged.lines) if notable else []
        article = self._regard(judged.article, standing) if self._regard else judged.article
        row = _article_row(replace(judged, article=article), link)
        session.add(row)
        session.flush()
        session.add(verdict_row(row.id, judged.verdict, at))
        if judged.shadow is not None:
            session.add(shadow_row(row.id, judged.shadow, at))
        if notable:
            write_findings(session, row.id, judged.findings)
            enter(session, judged.lines, row.id, at=at)
            watch(session, row.id, outcome.validators, fetched=outcome.fetched_at or at, at=at)
        refresh(session, row.id)
        remember(session, row.id, judged.sketch, near)

    def decided(self, decision: Decision, *, since: datetime, until: datetime) -> list[StoredArticle]:
        """The articles whose verdict stands at `decision` and was given in `[since, until)`.

        Windows go by the verdict: a link may wait for hours between its discovery and its page, and must not fall
        between two windows. What another model says of it later does not move it to a later window.
        """
        query = standing().where(VerdictRow.decision == decision, in_window(since, until))
        with self._database.read() as session:
            return _records(session, query.order_by(ArticleRow.id))

    def standing(
        self, decisions: Collection[Decision], *, since: datetime, until: datetime, after: int = 0, limit: int
    ) -> list[StoredArticle]:
        """Articles with an id above `after` whose verdict stands at one of these, by the same windows, by id."""
        query = standing().where(VerdictRow.decision.in_(decisions), in_window(since, until), ArticleRow.id > after)
        with self._database.read() as session:
            return _records(session, query.order_by(ArticleRow.id).limit(limit))

    def unjudged(self, *, limit: int) -> list[StoredArticle]:
        """Articles that are held because no model could judge them when they came, oldest first."""
        query = standing().where(VerdictRow.model == NO_MODEL, ArticleRow.purged_at.is_(None))
        query = query.order_by(ArticleRow.id).limit(limit)
        with self._database.read() as session:
            return _records(session, query)

    def rejudge(self, article_id: int, verdict: Verdict, *, at: datetime) -> None:
        """Let a new verdict stand, unless a label does. The old one is kept, with the time it was superseded."""
        with self._database.write() as session:
            follow(session, article_id, replace(verdict, because=Because.REJUDGED), at=at)


def _records(session: Session, query: Select[LinkRow, ArticleRow, VerdictRow]) -> list[StoredArticle]:
    rows = session.execute(query).all()
    findings = read_findings(session, [article.id for _, article, _ in rows])
    return [
        stored_record(link, article, verdict, findings.get(article.id, NO_FINDINGS)) for link, article, verdict in rows
    ]


def _twin(session: Session, judged: Judged, digest: str, link: LinkRow) -> str | None:
    article = judged.article
    same_page = (ArticleRow.key == judged.key) & or_(ArticleRow.title == article.title, ArticleRow.text_hash == digest)
    of_outlet = (ArticleRow.text_hash == digest) & (ArticleRow.outlet == article.outlet)
    same_text = of_outlet if len(article.text) >= FULL_TEXT else of_outlet & (ArticleRow.title == article.title)
    query = (
        select(ArticleRow.url)
        .join(LinkRow, LinkRow.id == ArticleRow.link_id)
        .where(or_(same_page, same_text), ArticleRow.link_id != link.id, LinkRow.state != LinkState.NOT_AN_ARTICLE)
    )
    if judged.verdict.decision is not Decision.REJECT:
        query = query.where(LinkRow.state != LinkState.REJECTED)
    return session.scalars(query.order_by(ArticleRow.id).limit(1)).first()


def _print(judged: Judged, link: LinkRow) -> Print:
    text = text_number(judged.article.text)
    return Print(link_id=link.id, text=text, title=judged.article.title, lines=judged.lines, teaches=False)


def _article_row(judged: Judged, link: LinkRow) -> ArticleRow:
    digest = text_hash(judged.article.text)
    return ArticleRow(link_id=link.id, key=judged.key, text_hash=digest, **article_columns(judged.article))
