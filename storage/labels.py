"""Labels: what people said of articles. The word that stands outranks every model, and no word is ever lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVarTuple

from sqlalchemy import select, update

from storage.findings import write_findings
from storage.records import LABEL, Because, Decision, Label, Taught, Verdict, Word
from storage.rows import stored_record, verdict_record
from storage.search import refresh
from storage.tables import ArticleRow, LabelRow, LinkRow, VerdictRow
from storage.verdicts import follow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import Findings

Columns = TypeVarTuple("Columns")

DECISIONS = {Word.FLAG: Decision.FLAG, Word.REJECT: Decision.REJECT}


class Labels:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, label: Label, *, now: datetime, findings: Findings | None = None) -> None:
        """Let a person's word stand, from now on. Its verdict keeps the score and evidence of the one it overrules."""
        with self._database.write() as session:
            write_label(session, label, now=now)
            standing = VerdictRow.article_id == label.article_id, VerdictRow.superseded_at.is_(None)
            overruled = verdict_record(session.scalars(select(VerdictRow).where(*standing)).one())
            follow(session, label.article_id, labelled_verdict(label, overruled), at=now)
            if findings is not None:
                write_findings(session, label.article_id, findings)
                refresh(session, label.article_id)

    def withdraw(self, label: Label, verdict: Verdict, *, now: datetime, findings: Findings | None = None) -> None:
        """Take a word back. `verdict` is what the model says now, and stands again."""
        with self._database.write() as session:
            write_label(session, replace(label, word=Word.NONE), now=now)
            follow(session, label.article_id, replace(verdict, because=Because.LABEL), at=now)
            if findings is not None:
                write_findings(session, label.article_id, findings)
                refresh(session, label.article_id)

    def standing(self, article_id: int) -> Label | None:
        """The label in force."""
        found = self.history(article_id)
        return found[-1] if found and found[-1].word is not Word.NONE else None

    def history(self, article_id: int) -> list[Label]:
        """Every label of an article, the oldest first."""
        query = _labels().where(LabelRow.article_id == article_id).order_by(LabelRow.id)
        with self._database.read() as session:
            return [_label(row, article) for row, article, _ in session.execute(query)]

    def all(self) -> list[Label]:
        """The labels in force, by URL."""
        with self._database.read() as session:
            rows = session.execute(_in_force(_labels()).order_by(ArticleRow.url, LabelRow.id))
            return [_label(row, article) for row, article, _ in rows]

    def taught(self, *, after: int = 0, limit: int) -> list[Taught]:
        """Labelled articles that have their text, with an id above `after`, in the order of their ids."""
        query = (
            _in_force(_labels().add_columns(VerdictRow))
            .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
            .where(VerdictRow.superseded_at.is_(None), ArticleRow.purged_at.is_(None), ArticleRow.id > after)
        )
        with self._database.read() as session:
            rows = session.execute(query.order_by(ArticleRow.id).limit(limit)).all()
            return [
                Taught(label=_label(row, article), stored=stored_record(link, article, verdict))
                for row, article, link, verdict in rows
            ]


def write_label(session: Session, label: Label, *, now: datetime) -> None:
    """Put a label in the place of the one that stands."""
    session.execute(select(ArticleRow.id).where(ArticleRow.id == label.article_id).with_for_update())
    standing = LabelRow.article_id == label.article_id, LabelRow.superseded_at.is_(None)
    session.execute(update(LabelRow).where(*standing).values(superseded_at=now))
    fields = {"word": label.word, "by": label.by, "at": label.at, "note": label.note}
    session.add(LabelRow(article_id=label.article_id, superseded_at=None, **fields))
    session.flush()


def labelled_verdict(label: Label, overruled: Verdict) -> Verdict:
    """The verdict that a label is."""
    why = f"labelled {label.word} by {label.by}" + (f": {label.note}" if label.note else "")
    return replace(overruled, decision=DECISIONS[label.word], model=LABEL, why=why, because=Because.LABEL)


def _labels() -> Select[LabelRow, ArticleRow, LinkRow]:
    return (
        select(LabelRow, ArticleRow, LinkRow)
        .join(ArticleRow, ArticleRow.id == LabelRow.article_id)
        .join(LinkRow, LinkRow.id == ArticleRow.link_id)
    )


def _in_force(query: Select[*Columns]) -> Select[*Columns]:
    return query.where(LabelRow.superseded_at.is_(None), LabelRow.word != Word.NONE)


def _label(row: LabelRow, article: ArticleRow) -> Label:
    return Label(
        article_id=row.article_id,
        url=article.url,
        title=article.title,
        word=row.word,
        by=row.by,
        at=row.at,
        note=row.note,
        superseded_at=row.superseded_at,
    )
