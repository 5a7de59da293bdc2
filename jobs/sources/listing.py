"""`spywire sources list`: the catalogue, and how each source did the last time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.text import clean_line
from storage.polls import Polls
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.sources import Source
    from storage.database import Database
    from storage.records import SourceFeed, SourcePoll


EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A source with what the database knows of it."""

    source: Source
    poll: SourcePoll | None = None
    next_at: datetime | None = None
    feed: SourceFeed | None = None

    @property
    def kind(self) -> str:
        """As the catalogue says, or as it turned out."""
        if self.source.kind:
            return str(self.source.kind)
        if self.feed is None or self.feed.url is None:
            return ""
        return "sitemap, found" if "sitemap" in self.feed.url else "feed, found"


def list_sources(sources: Sequence[Source], database: Database | None, *, at: datetime) -> list[Listed]:
    """The sources in their order. Without a database, as they stand in the file."""
    if database is None:
        return [Listed(source=source) for source in sources]
    store = Sources(database)
    states, polls = store.states(), {poll.source: poll for poll in Polls(database).latest(since=EVER, until=at)}
    return [
        Listed(
            source=source,
            poll=polls.get(source.name),
            next_at=states[source.name].rhythm.next_at if source.name in states else None,
            feed=store.feed(source.name, source.url),
        )
        for source in sources
    ]


def list_json(listed: Sequence[Listed]) -> list[dict[str, Any]]:
    """The list as plain data."""
    return [
        {
            "name": one.source.name,
            "kind": one.source.kind,
            "url": one.source.url,
            "feed": one.feed.url if one.feed else None,
            "tags": list(one.source.tags),
            "state": str(one.poll.state) if one.poll else None,
            "detail": one.poll.detail if one.poll else None,
            "polled_at": one.poll.at.isoformat() if one.poll else None,
            "next_at": one.next_at.isoformat() if one.next_at else None,
        }
        for one in listed
    ]


def list_text(listed: Sequence[Listed]) -> str:
    """A line a source, its columns aligned; below them what an operator should know of those that answer."""
    rows = [("NAME", "KIND", "LAST POLL", "NEXT", "TAGS", "URL"), *map(_row, listed)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    table = [
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    told = [f"{one.source.name}: {clean_line(one.poll.detail)}" for one in listed if one.poll and _answered(one.poll)]
    return "\n".join([*table, *([""] if told else []), *told])


def _answered(poll: SourcePoll) -> bool:
    return poll.state.succeeded and bool(poll.detail)


def _row(one: Listed) -> tuple[str, ...]:
    poll = f"{one.poll.at:%Y-%m-%d %H:%M} {one.poll.state}" if one.poll else "never"
    upcoming = f"{one.next_at:%Y-%m-%d %H:%M}" if one.next_at else "next crawl"
    url = one.feed.url if one.feed and one.feed.url else one.source.url
    return one.source.name, one.kind, poll, upcoming, clean_line(" ".join(one.source.tags), limit=40), url
