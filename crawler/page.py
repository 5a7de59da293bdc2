"""The raw response for a link: what extraction starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import Link


@dataclass(frozen=True, kw_only=True)
class Page:
    """The bytes of a page as they came, decompressed. `charset` is what the HTTP header claims, if anything."""

    url: str  # after redirects
    body: bytes
    charset: str | None = None
    link: Link | None = None  # what the source said of it: title, date, authors, summary
    fetched_at: datetime  # aware, UTC: no article is younger than its page
