"""What is kept of looks at sources and of the manners their hosts ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.records import PollState
from storage.tables.columns import Table

READ = "state IN ('ok', 'empty')"  # polls that were read to the end


class PollRow(Table):
    """One look at a source, with the validators that make the next look conditional (RFC 9110, section 13)."""

    __tablename__ = "polls"
    __table_args__ = (
        Index(None, "source", "id"),
        # years of unchanged polls do not stand between a source and the last one that was read
        Index("ix_polls_read", "source", "url", "id", sqlite_where=text(READ), postgresql_where=text(READ)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    source: Mapped[str] = mapped_column(String(200))
    url: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[PollState]
    detail: Mapped[str]
    found: Mapped[int]
    new: Mapped[int]
    dropped: Mapped[dict[str, Any]]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    body_hash: Mapped[str | None] = mapped_column(String(64))


class SourceRow(Table):
    """What polls have taught about a source: where it really lies, how often to look, whether its 304 is believed."""

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    url: Mapped[str]  # as in the catalogue; another one there and the row starts anew
    feed_url: Mapped[str | None]  # found at `url` by autodiscovery, and polled in its place
    feed_why: Mapped[str]  # or why there is none
    feed_at: Mapped[datetime | None]  # when that was found out
    interval_s: Mapped[int | None]
    next_poll_at: Mapped[datetime | None] = mapped_column(index=True)
    failures: Mapped[int]  # in a row
    state: Mapped[dict[str, Any]]  # what the schedule wants to remember
    validators_trusted: Mapped[bool]
    audited_at: Mapped[datetime | None]


class HostRow(Table):
    """A host that asked to be left alone, and until when: every process keeps to it."""

    __tablename__ = "hosts"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    parked_until: Mapped[datetime]
    because: Mapped[str]


class RobotsRow(Table):
    """The robots.txt of an origin as it last came."""

    __tablename__ = "robots"

    origin: Mapped[str] = mapped_column(String(300), primary_key=True)
    status: Mapped[int]
    body: Mapped[bytes]
    fetched_at: Mapped[datetime]
