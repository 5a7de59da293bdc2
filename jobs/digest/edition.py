"""One digest for one window: a frozen value that is rendered, never recomputed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import DateSource, LinkState, PollState


class Day(StrEnum):
    """How far an edition can be trusted to have seen the day."""

    NORMAL = "normal"
    QUIET = "quiet"  # every source answered, and nothing was flagged
    BLIND = "blind"  # too little was seen to conclude anything from silence


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence as an outlet printed it, cut to length."""

    text: str
    outlet: str


@dataclass(frozen=True, kw_only=True)
class Copy:
    """Another article of the story."""

    outlet: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """A story as the edition tells it, in the words of its best-scored article."""

    id: str  # "S-20261122-01", the same in every edition
    story: int  # id of the story's first article, the same in every edition
    title: str
    url: str
    outlets: tuple[str, ...]
    first_seen: datetime
    published: datetime | None
    date_source: DateSource | None
    authors: tuple[str, ...]
    language: str | None
    score: float | None  # None when no model judged it
    why: str
    sentences: tuple[Sentence, ...]
    copies: tuple[Copy, ...]  # the first few
    articles: int  # all of them, the told one included
    origins: int = 1  # independent reports among them
    changes: tuple[str, ...] = ()  # what became known since the story began


@dataclass(frozen=True, kw_only=True)
class Section:
    """The stories of one decision, best first. `items` are those with room; `stories` and `articles` count all."""

    items: tuple[Item, ...]
    stories: int
    articles: int

    @property
    def more(self) -> int:
        """How many stories there was no room for."""
        return self.stories - len(self.items)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why `count` links ended where they did."""

    text: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of `count` links. `state` is None for links that the archive cannot account for.

    `reasons` are the most frequent ones, and need not add up to `count`.
    """

    state: LinkState | None
    count: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceNote:
    """A source that did not answer in the window. `state` is None when it was not looked at."""

    source: str
    state: PollState | None
    at: datetime | None  # of the latest look, where one is known
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of the world was seen. `words` gives the verdict's reasons, one sentence each."""

    day: Day
    words: tuple[str, ...]
    sources: int
    answered: int
    failed: tuple[SourceNote, ...]


@dataclass(frozen=True, kw_only=True)
class Edition:
    """Everything a digest says of `[since, until)`. The counts of `fates` add up to `links`."""

    title: str
    since: datetime
    until: datetime
    composed_at: datetime
    coverage: Coverage
    flagged: Section
    held: Section
    links: int
    fates: tuple[Fate, ...]
    model: str
