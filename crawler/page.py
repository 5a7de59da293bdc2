"""The raw response for a link: what extraction starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.urls import host_of
from storage.records import NO_VALIDATORS, NOTHING_REPEATED

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import HostLines, Link, Revisit, Validators


@dataclass(frozen=True, kw_only=True)
class Page:
    """The bytes of a page as they came, decompressed. `charset` is what the HTTP header claims, if anything."""

    url: str  # after redirects
    body: bytes
    charset: str | None = None
    link: Link | None = None  # what the source said of it: title, date, authors, summary
    fetched_at: datetime  # aware, UTC: no article is younger than its page
    repeated: HostLines = NOTHING_REPEATED  # what its host is known to repeat
    validators: Validators = NO_VALIDATORS
    revisit: Revisit | None = None  # the article that this page is another look at

    @property
    def host(self) -> str:
        """The host whose habits the page shares: without `www.`, empty where the URL has none."""
        try:
            return host_of(self.url).removeprefix("www.")
        except ValueError:
            return ""
