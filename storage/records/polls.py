"""Looks at a source, and what they teach about it and its host."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from storage.records.links import Link


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
class SourcePoll:
    """The latest look at a source: what it gave, and in words what was wrong."""

    source: str
    at: datetime
    state: PollState
    detail: str = ""  # "HTTP 503", "connection refused"
    found: int = 0  # links the source offers
    new: int = 0  # of them never seen before


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


NO_VALIDATORS = Validators()


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
    moved_to: str | None = None  # where its URL leads, as it says for good
    moves: int = 0  # looks in a row that were sent on there


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
