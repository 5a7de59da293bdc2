"""A discovered URL and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from storage.records.polls import NO_VALIDATORS

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from storage.records.articles import StoredArticle
    from storage.records.polls import Validators


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


class Link(NamedTuple):
    """One discovered URL and what its source said of it. A tuple, because a feed may bring thousands.

    `url` is fetched as the publisher wrote it; `key` is its identity in the ledger.
    """

    key: str
    url: str
    source: str
    title: str | None = None
    published: datetime | None = None
    summary: str | None = None
    authors: tuple[str, ...] = ()


class Waited(NamedTuple):
    """How a link waited that could not be had: since when it is known, and how long it was put off the last time."""

    found: datetime
    last: timedelta


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a link in one attempt. `retry_at` is given exactly when it is to be tried again.

    Without `tried` nothing was sent for it: it waits, and has used none of its attempts.
    """

    key: str
    state: LinkState
    reason: str
    at: datetime
    fetched_at: datetime | None = None  # when the page came, if not at `at`
    final_url: str | None = None
    http_status: int | None = None
    retry_at: datetime | None = None
    validators: Validators = NO_VALIDATORS  # of the page
    tried: bool = True


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
