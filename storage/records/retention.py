"""How long text is kept. What is purged leaves its row: the ledger, the verdict and every fingerprint stay."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the default of a field needs it
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FOREVER = timedelta.max


@dataclass(frozen=True, kw_only=True)
class KeptText:
    """The text of an article that is still there.

    `since` is when its page was fetched; for what was flagged or held and is not any more, when that ended.
    """

    article_id: int
    source: str
    notable: bool  # flagged, held, or labelled by a person
    since: datetime
    size: int  # characters


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How long the text of a source's articles is kept."""

    notable: timedelta
    rejected: timedelta

    def expired(self, text: KeptText, *, at: datetime) -> bool:
        """Whether the text has been kept for its time. One from the future has not."""
        return at - text.since >= (self.notable if text.notable else self.rejected)

    @property
    def shortest(self) -> timedelta:
        """No text is younger than this when it goes."""
        return min(self.notable, self.rejected)


@dataclass(frozen=True, kw_only=True)
class Contracts:
    """What was agreed with each source, and what holds for all others, those not in the catalogue among them."""

    default: Keeping
    sources: Mapping[str, Keeping] = field(default_factory=dict)

    def expired(self, text: KeptText, *, at: datetime) -> bool:
        """Whether the text has been kept for as long as its source allows."""
        return self.sources.get(text.source, self.default).expired(text, at=at)

    @property
    def shortest(self) -> timedelta:
        """The shortest time that any of them names."""
        return min(keeping.shortest for keeping in (self.default, *self.sources.values()))
