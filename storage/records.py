"""The values that travel between the rooms: frozen, typed, and valid once built.

A discovered `Link` becomes an `Article` with a `Verdict`, or leaves the flow in one of the named `LinkState`s.
Every time is an aware UTC `datetime`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class LinkState(StrEnum):
    """Where a link stands. A link is in exactly one state and keeps its row for ever."""

    DISCOVERED = "discovered"  # known, waiting to be fetched
    LEASED = "leased"  # a run is fetching it; free again when the lease ends
    FLAGGED = "flagged"
    HELD = "held"  # a person decides, or the gate when it is back
    REJECTED = "rejected"
    DUPLICATE = "duplicate"  # the same page or text as an article that is stored
    NOT_AN_ARTICLE = "not-an-article"
    UNEXTRACTABLE = "unextractable"
    BLOCKED = "blocked"  # robots.txt, the address guard, scheme or port: not ours to read
    GONE = "gone"  # 404, 410
    FAILED = "failed"  # tried again at `retry_at`; without one, given up


class Decision(StrEnum):
    """What the gate says of an article."""

    FLAG = "flag"
    HOLD = "hold"
    REJECT = "reject"


class DateSource(StrEnum):
    """Where an article's date comes from, most trusted first."""

    FEED = "feed"
    JSON_LD = "json-ld"
    META = "meta"
    TIME = "time"  # a <time> element
    URL = "url"
    GUESSED = "guessed"


class PollState(StrEnum):
    """What one look at a source gave."""

    OK = "ok"
    UNCHANGED = "unchanged"  # 304, or the same bytes as last time
    EMPTY = "empty"  # well-formed, no items
    NOT_A_FEED = "not-a-feed"  # asked for a feed or sitemap, got something else
    NO_LINKS = "no-links"  # a page without a single article link
    MALFORMED = "malformed"
    BLOCKED = "blocked"
    HTTP_ERROR = "http-error"
    UNREACHABLE = "unreachable"

    @property
    def succeeded(self) -> bool:
        """The source answered with what it is for. An empty feed is quiet, not broken."""
        return self in {PollState.OK, PollState.UNCHANGED, PollState.EMPTY}


@dataclass(frozen=True, kw_only=True)
class Link:
    """One discovered URL and what its source said of it.

    `url` is fetched as the publisher wrote it; `key` is its identity in the ledger.
    """

    key: str
    url: str
    source: str
    title: str | None = None
    published: datetime | None = None
    summary: str | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Article:
    """The clean text and metadata of one page. `text` has one paragraph per line."""

    url: str
    title: str
    text: str
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    published: datetime | None = None
    date_source: DateSource | None = None
    language: str | None = None  # ISO 639-1, of the text
    summary: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    r"""A term or sentence that moved the verdict. `weight` > 0 pushes towards flag (log-odds).

    `start` and `end` are offsets in code points into `title + "\n" + text`; None for what has no place there.
    """

    text: str
    weight: float
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gate decided, and why. `score` is a calibrated probability; None when no model could judge."""

    decision: Decision
    score: float | None
    threshold: float  # flag at or above
    reject_below: float
    model: str  # version of the model, "none" when there was none
    why: str  # one line, read in five seconds
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoredArticle:
    """An article in the archive with the verdict that stands now."""

    id: int
    source: str
    first_seen: datetime  # when its link was discovered: what a page claims of its date decides nothing
    article: Article
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class SourcePoll:
    """The latest look at a source: what it gave, and in words what was wrong."""

    source: str
    at: datetime
    state: PollState
    detail: str = ""  # "HTTP 503", "connection refused"
    found: int = 0  # links the source offers
    new: int = 0  # of them never seen before


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many links of a window stand in one state for one reason."""

    state: LinkState
    reason: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What was seen and what became of it in `[since, until)`: nothing leaves the flow uncounted."""

    since: datetime
    until: datetime
    links: int  # discovered in the window; the tallies add up to it
    tallies: tuple[Tally, ...]
    sources: tuple[SourcePoll, ...]


@dataclass(frozen=True, kw_only=True)
class Poll:
    """One look at a source. The validators are kept for the next one (RFC 9110, section 13)."""

    source: str
    url: str
    at: datetime
    state: PollState
    detail: str = ""
    links: tuple[Link, ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()  # what the source offered and we left, by reason
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, kw_only=True)
class Validators:
    """What makes the next poll of a URL conditional, from the last poll that read it to the end."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a link in one attempt. `retry_at` is given exactly when it is to be tried again."""

    key: str
    state: LinkState
    reason: str
    at: datetime
    fetched_at: datetime | None = None  # when the page came, if not at `at`
    final_url: str | None = None
    http_status: int | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An article with its verdict, on its way into the archive. `key` is the identity the page claims for itself."""

    key: str
    article: Article
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class LinkHistory:
    """Everything the ledger knows of one link."""

    link: Link
    state: LinkState
    reason: str
    discovered_at: datetime
    attempts: int
    settled_at: datetime | None
    fetched_at: datetime | None
    http_status: int | None
    final_url: str | None
    retry_at: datetime | None
    stored: StoredArticle | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a job. `counts` names every gate of the flow."""

    id: int
    job: str
    version: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often a source is looked at, and what the looks so far have taught about that."""

    interval: timedelta | None = None  # between two looks; None before the first
    next_at: datetime | None = None
    polled_at: datetime | None = None  # the last look, whatever came of it
    read_at: datetime | None = None  # the last look that the source answered
    roomy: int = 0  # looks in a row that came on time and could have come later
    failures: int = 0  # looks in a row that failed
    gravity: float = 0.0  # the same, each with its weight


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """What polls have taught about a source."""

    name: str
    url: str  # as in the catalogue
    rhythm: Rhythm = Rhythm()
    validators_trusted: bool = True  # False once its 304 was proven wrong
    audited_at: datetime | None = None  # when that was last put to the proof


@dataclass(frozen=True, kw_only=True)
class SourceFeed:
    """The feed found at a source's URL and polled in its place. `url` is None when none there is worth it."""

    url: str | None
    why: str
    at: datetime  # when that was found out
    failing: bool = False  # its last polls all failed


@dataclass(frozen=True, kw_only=True)
class RobotsFile:
    """A robots.txt as it came: status and bytes."""

    status: int
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A host is left alone until then, and why."""

    until: datetime
    because: str
