"""The digest of any window, for whoever wants to look: of no profile, and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest.compose import Around, Team
from jobs.digest.gather import gather
from storage.editions import Editions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.sources import Source
    from jobs.digest.edition import Edition
    from jobs.settings import Settings
    from storage.database import Database


def preview(
    database: Database, settings: Settings, *, sources: Sequence[Source], since: datetime, until: datetime
) -> Edition:
    """The edition of `[since, until)`. Nothing is written: the same window gives the same edition again."""
    team = Team(title=settings.digest.title, most_items=settings.digest.max_stories)
    around = Around(began=Editions(database).beginning())
    return gather(database, team, sources=sources, since=since, until=until, at=until, around=around)
