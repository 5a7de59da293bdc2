"""What people teach the gate, which model is in office, and what is asked of people to find what it misses."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

    from storage.records.articles import Decision, StoredArticle

LABEL = "label"  # stands where a verdict names its model, when a person gave it


class Word(StrEnum):
    """What a person says of an article. `none` takes it back."""

    FLAG = "flag"
    REJECT = "reject"
    NONE = "none"


class Seat(StrEnum):
    """What a model was appointed to: its verdicts stand, or are kept apart to compare."""

    ACTIVE = "active"
    SHADOW = "shadow"


class Stratum(StrEnum):
    """How far below the reject threshold a rejected article lies."""

    NEAR = "near"
    MIDDLE = "middle"
    FAR = "far"


@dataclass(frozen=True, kw_only=True)
class Label:
    """What somebody said of an article, and when. `note` is one line."""

    article_id: int
    url: str
    title: str
    word: Word
    by: str
    at: datetime
    note: str = ""
    superseded_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Taught:
    """An article with the label that stands."""

    label: Label
    stored: StoredArticle


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """A model in a seat. `before` is the version it replaced there, None for the one that came with the program."""

    seat: Seat
    model: str
    sha256: str
    at: datetime
    by: str
    note: str = ""
    before: str | None = None
    ended_at: datetime | None = None
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Flip:
    """An article of which two verdicts say different things."""

    article_id: int
    url: str
    title: str
    old: Decision
    new: Decision
    old_score: float | None
    new_score: float | None
    why: str  # of the new one


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A rejected article, as far as drawing a sample needs it."""

    article_id: int
    score: float
    reject_below: float
    judged_at: datetime
    model: str


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A rejected article that was drawn for the recall audit, and the answer: the label that stands, if any."""

    day: date
    stratum: Stratum
    size: int  # rejects in its stratum when it was drawn
    reject: Reject
    answer: Word | None = None
