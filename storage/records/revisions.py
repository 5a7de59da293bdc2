"""Looking again at an article, and what it said before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records.articles import Judged, StoredArticle
    from storage.records.links import Link
    from storage.records.polls import Validators


@dataclass(frozen=True, kw_only=True)
class Revisit:
    """An article to look at again, with what makes the look conditional."""

    link: Link
    stored: StoredArticle
    validators: Validators


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The address that an article's own leads to, and that address's identity."""

    url: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a second look gave. Without `gone`, `doubted`, `moved` and `judged` there is nothing new."""

    article_id: int
    at: datetime
    gone: bool = False  # 404 or 410
    doubted: Judged | None = None  # a page that is not believed; it may be what the host says of pages it has not
    moved: Moved | None = None  # where a page that is believed is now
    validators: Validators | None = None  # of a page that came and was read
    judged: Judged | None = None  # what it says now, where that is something else
    what: str = ""  # "attribution changed, text changed (+120 -30 words)"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What an article said until `at`, and what changed then."""

    at: datetime
    what: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """An article's earlier states, oldest first. `removed_at` is when its page was found to be gone for good."""

    revisions: tuple[Revision, ...] = ()
    removed_at: datetime | None = None
