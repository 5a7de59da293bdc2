"""From the archive to an edition: what was flagged and held in a window, and everything else that was seen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest.compose import compose
from jobs.excerpts import within_contract
from storage.archive import NO_MODEL, Archive
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import Activity, Decision
from storage.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from crawler.sources import Source
    from jobs.digest.edition import Edition
    from jobs.settings import Settings
    from storage.database import Database
    from storage.records import StoredArticle


def preview(
    database: Database, settings: Settings, *, sources: Sequence[Source], since: datetime, until: datetime
) -> Edition:
    """The edition of `[since, until)`. Nothing is written: the same window gives the same edition again."""
    archive = Archive(database)
    excerpts = {source.name: source.excerpt for source in sources}
    flagged, held = (
        list(within_contract(archive.decided(decision, since=since, until=until), excerpts))
        for decision in (Decision.FLAG, Decision.HOLD)
    )
    return compose(
        flagged,
        held,
        activity(database, since=since, until=until),
        stories=Stories(database).of([stored.id for stored in (*flagged, *held)]),
        model=judged_by([*flagged, *held]),
        at=until,
        sources=[source.name for source in sources],
        title=settings.digest.title,
        most_items=settings.digest.max_stories,
    )


def activity(database: Database, *, since: datetime, until: datetime) -> Activity:
    """What was seen in a window and what became of it."""
    tallies = Ledger(database).tallies(since=since, until=until)
    return Activity(
        since=since,
        until=until,
        links=sum(tally.count for tally in tallies),
        tallies=tallies,
        sources=Polls(database).latest(since=since, until=until),
    )


def judged_by(articles: Iterable[StoredArticle]) -> str:
    """The versions of the models whose verdicts are shown."""
    return ", ".join(sorted({stored.verdict.model for stored in articles} - {NO_MODEL})) or NO_MODEL
