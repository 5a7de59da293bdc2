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
    QUIET = "quiet"  # every source answered, and nothing was flagged that is asked for
    IDLE = "idle"  # no source was due for a look, and nothing was read: nobody can say more of it
    BLIND = "blind"  # too little was seen to conclude anything from silence


class Standing(StrEnum):
    """What a story is to the readers of this profile."""

    NEW = "new"
    UPDATED = "updated"  # told before, and something became known since
    ONGOING = "ongoing"  # told before, and more was written about it


class Fault(StrEnum):
    """What is wrong with a source."""

    FAILED = "failed"  # it did not answer in the window
    SILENT = "silent"  # it answers, and has had nothing new for longer than its habit allows
    DEGRADED = "degraded"  # its articles come out otherwise than they used to


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Who says that who did it, and how sure they are by their own words."""

    claimant: str  # empty where the outlet says it itself
    accused: str
    hedge: str  # "stated", "assessed", "suspected", "alleged" or "denied"
    words: str  # "with moderate confidence"; may be empty
    outlet: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """A rejected article that the reader is asked about. `id` takes the answer: `spywire label A-17 flag`."""

    id: str
    title: str
    url: str
    outlet: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Count:
    """Stories that name something, beside what is usual in so long a window by the last four weeks."""

    name: str
    stories: int
    usual: float | None  # None while there is not yet one such window to compare with


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What the flagged stories are about, most first."""

    actors: tuple[Count, ...] = ()
    countries: tuple[Count, ...] = ()
    sectors: tuple[Count, ...] = ()


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
    changes: tuple[str, ...] = ()  # what became known: since it was last told, or since it began
    standing: Standing = Standing.NEW
    actors: tuple[str, ...] = ()  # who is said to have done it
    victims: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()  # of all its articles
    attributions: tuple[Attribution, ...] = ()
    late: bool = False  # published before the window; we came to know of it in it


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
    """A source that something is wrong with. `state` is None when it was not looked at."""

    source: str
    state: PollState | None
    at: datetime | None  # of the latest look, where one is known
    detail: str = ""
    fault: Fault = Fault.FAILED


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of the world was seen. `words` gives the verdict's reasons, one sentence each."""

    day: Day
    words: tuple[str, ...]
    sources: int
    answered: int
    failed: tuple[SourceNote, ...]
    unwell: tuple[SourceNote, ...] = ()  # answered, but silent or degraded


@dataclass(frozen=True, kw_only=True)
class Edition:
    """Everything a digest says of `[since, until)`. The counts of `fates` add up to `links`.

    `before` is what became of the links that earlier windows had found and left waiting; some may wait on.
    """

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
    number: int = 0  # 0: a preview, which is not an edition
    profile: str = ""
    tlp: str = ""
    zone: str = "UTC"
    days: int = 1  # due days that it covers
    articles: int = 0  # read in the window
    origins: int = 0  # independent reports behind the flagged stories
    questions: tuple[Question, ...] = ()
    counts: Counts = Counts()
    card: str = ""  # the model's figures in a line
    next_at: datetime | None = None
    left_out: int = 0  # flagged stories that the profile does not ask for
    before: tuple[Fate, ...] = ()
