"""A story: the articles that report one event, with the reports they go back to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records.articles import StoredArticle


class StoryChange(StrEnum):
    """What kind of thing became known."""

    ACTOR = "actor"  # an actor is named that was not
    VICTIM = "victim"
    ATTRIBUTION = "attribution"  # who is said to have done it changed
    REVISED = "revised"  # an article was edited
    REMOVED = "removed"  # an article was taken off the web
    MERGED = "merged"  # a person put two stories together
    SPLIT = "split"


OF_REVISIONS = (StoryChange.REVISED, StoryChange.REMOVED)  # they come without an article


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Why an article is in its story. `origin` is the article whose reporting it repeats, or itself."""

    article: int
    why: str
    like: int | None = None
    refused: tuple[tuple[str, str], ...] = ()  # stories it might have joined, and why it did not
    origin: int
    origin_why: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that became known of a story."""

    at: datetime
    article: int
    kind: StoryChange
    what: str


@dataclass(frozen=True, kw_only=True)
class StoredStory:
    """A story as it stands, its articles oldest first."""

    id: int
    public: str  # "S-20261122-01"
    first_seen: datetime
    last_seen: datetime
    roundup: bool
    articles: tuple[StoredArticle, ...]
    members: tuple[Membership, ...]  # one for each article
    changes: tuple[Change, ...] = ()

    @property
    def origins(self) -> int:
        """How many independent reports stand behind it."""
        return len({member.origin for member in self.members})


@dataclass(frozen=True, kw_only=True)
class HandWord:
    """A person's word: these two articles are one event, or are not."""

    article: int
    other: int
    together: bool


@dataclass(frozen=True, kw_only=True)
class NewStory:
    """A story that begins with these articles, or one that goes on with them when `id` is given."""

    id: int | None
    first_seen: datetime
    last_seen: datetime
    roundup: bool
    members: tuple[Membership, ...]
    changes: tuple[Change, ...] = ()
