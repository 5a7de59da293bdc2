"""The archive: articles with the verdict that let them in. There is no way to store one without."""

from __future__ import annotations

from dataclasses import asdict, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from storage.findings import read_findings, write_findings
from storage.ledger import settle
from storage.records import NO_FINDINGS, Article, Decision, Judged, LinkState, Settled, StoredArticle, Verdict
from storage.rows import stored_record
from storage.tables import ArticleRow, LinkRow, VerdictRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from storage.database import Database

NO_MODEL = "none"
FULL_TEXT = 1000  # code points; what is shorter may be all that a paywall shows
STATE = {
    Decision.FLAG: LinkState.FLAGGED,
    Decision.HOLD: LinkState.HELD,
    Decision.REJECT: LinkState.REJECTED,
}


class Archive:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, judged: Judged, outcome: Settled, *, run: int) -> LinkState:
        """Store an article with its verdict and settle its link as the verdict says, or as a duplicate.

        A page is a duplicate when an article with the same claimed identity has the same title or text, or when one
        of the same outlet has the same text. A shared identity alone is not enough: some sites declare their home
        page as canonical everywhere. Nor is a short text under another title, which is what a paywall leaves of every
        article. What the gate flags or holds never vanishes behind something it rejected.
        """
        digest = text_hash(judged.article.text)
        with self._database.write() as session:
            link = session.scalars(select(LinkRow).where(LinkRow.key == outcome.key)).one()
            twin = _twin(session, judged, digest, link)
            if twin is not None:
                copy = replace(outcome, state=LinkState.DUPLICATE, reason=f"same article as {twin}")
                settle(session, copy, run=run)
                return copy.state
            article = _article_row(judged, digest, link)
            session.add(article)
            session.flush()
            session.add(_verdict_row(article.id, judged.verdict, outcome.at))
            if judged.verdict.decision is not Decision.REJECT:
                write_findings(session, article.id, judged.findings)
            judged_so = replace(outcome, state=STATE[judged.verdict.decision], reason=judged.verdict.why)
            settle(session, judged_so, run=run)
            return judged_so.state

    def decided(self, decision: Decision, *, since: datetime, until: datetime) -> list[StoredArticle]:
        """The articles whose verdict stands at `decision` and was given in `[since, until)`.

        Windows go by the verdict: a link may wait for hours between its discovery and its page, and must not fall
        between two windows.
        """
        query = _standing().where(
            VerdictRow.decision == decision, VerdictRow.judged_at >= since, VerdictRow.judged_at < until
        )
        with self._database.read() as session:
            return _records(session, query.order_by(ArticleRow.id))

    def unjudged(self, *, limit: int) -> list[StoredArticle]:
        """Articles that are held because no model could judge them when they came, oldest first."""
        query = _standing().where(VerdictRow.model == NO_MODEL).order_by(ArticleRow.id).limit(limit)
        with self._database.read() as session:
            return _records(session, query)

    def rejudge(self, article_id: int, verdict: Verdict, *, at: datetime) -> None:
        """Let a new verdict stand. The old one is kept, with the time it was superseded."""
        with self._database.write() as session:
            standing = VerdictRow.article_id == article_id, VerdictRow.superseded_at.is_(None)
            session.execute(update(VerdictRow).where(*standing).values(superseded_at=at))
            session.add(_verdict_row(article_id, verdict, at))
            link_id = select(ArticleRow.link_id).where(ArticleRow.id == article_id).scalar_subquery()
            changes = {"state": STATE[verdict.decision], "reason": verdict.why, "settled_at": at}
            session.execute(update(LinkRow).where(LinkRow.id == link_id).values(changes))


def text_hash(text: str) -> str:
    """SHA-256 of the text's words: line breaks and spacing do not make another article."""
    return sha256(" ".join(text.split()).encode()).hexdigest()


def _standing() -> Select[LinkRow, ArticleRow, VerdictRow]:
    return (
        select(LinkRow, ArticleRow, VerdictRow)
        .join(ArticleRow, ArticleRow.link_id == LinkRow.id)
        .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
        .where(VerdictRow.superseded_at.is_(None))
    )


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
        .where(or_(same_page, same_text), ArticleRow.link_id != link.id)
    )
    if judged.verdict.decision is not Decision.REJECT:
        query = query.where(LinkRow.state != LinkState.REJECTED)
    return session.scalars(query.order_by(ArticleRow.id).limit(1)).first()


def _article_row(judged: Judged, digest: str, link: LinkRow) -> ArticleRow:
    return ArticleRow(link_id=link.id, key=judged.key, text_hash=digest, **article_columns(judged.article))


def article_columns(article: Article) -> dict[str, Any]:
    fields: dict[str, Any] = asdict(article)
    dateline = fields.pop("dateline") or {}
    return fields | {
        "authors": list(article.authors),
        "tags": list(article.tags),
        "signs": list(article.signs),
        "dateline_place": dateline.get("place"),
        "dateline_date": dateline.get("date"),
        "agency": dateline.get("agency"),
    }


def _verdict_row(article_id: int, verdict: Verdict, at: datetime) -> VerdictRow:
    fields: dict[str, Any] = asdict(verdict)
    fields["evidence"] = [asdict(piece) for piece in verdict.evidence]
    fields["signs"] = list(verdict.signs)
    return VerdictRow(article_id=article_id, judged_at=at, superseded_at=None, **fields)
