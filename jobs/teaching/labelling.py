"""Labelling: a person's word for an article, in force at once, and taken back as easily."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.assess import held, judge, load_model
from crawler.text import clean_line
from jobs.exits import NothingThereError, UsageError
from jobs.teaching.findings import findings_after
from storage.labels import Labels
from storage.records import LABEL, Decision, Label, Verdict, Word

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from storage.database import Database
    from storage.records import StoredArticle

NOTE, NAME = 500, 100  # code points
IN_FORCE = "in force, whatever a model says"


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What a label did: the decision before, and the one in force now."""

    label: Label
    before: Decision
    now: Decision
    why: str
    model: str


def word_of(text: str) -> Word:
    """Flag, reject or none, however it is written. Raises `UsageError`."""
    try:
        return Word(text.strip().lower())
    except ValueError as error:
        raise UsageError(f"{text!r} is no label; there are {', '.join(Word)}") from error


def who() -> str:
    """The name of whoever sits at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "somebody"


def label_of(stored: StoredArticle, word: Word, *, by: str, note: str, at: datetime) -> Label:
    """A label as it is kept: name and note on one printable line."""
    return Label(
        article_id=stored.id,
        url=stored.article.url,
        title=stored.article.title,
        word=word,
        by=clean_line(by, limit=NAME) or "somebody",
        at=at,
        note=clean_line(note, limit=NOTE),
    )


def put(database: Database, stored: StoredArticle, label: Label, *, model: Path, now: datetime) -> Labelled:
    """Let a label stand, or take the one that stands back; then `model` judges the article again."""
    if label.word is Word.NONE:
        return _withdraw(Labels(database), stored, label, model=model, now=now)
    return give(database, stored, label, now=now)


def give(database: Database, stored: StoredArticle, label: Label, *, now: datetime) -> Labelled:
    """Let a flag or reject stand."""
    before, decision = stored.verdict.decision, Decision(label.word)
    Labels(database).give(label, now=now, findings=findings_after(stored.article, before, decision))
    return Labelled(label=label, before=before, now=decision, why=IN_FORCE, model=LABEL)


def _withdraw(labels: Labels, stored: StoredArticle, label: Label, *, model: Path, now: datetime) -> Labelled:
    if labels.standing(stored.id) is None:
        raise NothingThereError(f"{stored.article.url} has no label to take back")
    gone = "not judged: its text was purged"
    verdict: Verdict = held(gone) if stored.purged_at else judge(stored.article, load_model(model))
    findings = findings_after(stored.article, stored.verdict.decision, verdict.decision)
    labels.withdraw(label, verdict, now=now, findings=findings)
    return Labelled(
        label=label, before=stored.verdict.decision, now=verdict.decision, why=verdict.why, model=verdict.model
    )
