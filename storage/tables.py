"""The schema: what a run leaves behind. Sessions and rows never leave this room."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.records import DateSource, Decision, LinkState, PollState

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

READ = "state IN ('ok', 'empty')"  # polls that were read to the end
OPEN = "state IN ('discovered', 'leased', 'failed', 'blocked')"  # links that may be fetched now or later


class Instant(TypeDecorator[datetime]):
    """An aware UTC time, on databases with time zones and without."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime has no place in the database: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def words(kind: type[LinkState | Decision | DateSource | PollState]) -> Enum:
    """A string column that takes an enum's values: readable in any SQL shell, and no migration for a new word."""
    return Enum(
        kind, native_enum=False, create_constraint=False, length=20, values_callable=lambda e: [m.value for m in e]
    )


class Table(DeclarativeBase):
    """Every table below."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: Instant,
        LinkState: words(LinkState),
        Decision: words(Decision),
        DateSource: words(DateSource),
        PollState: words(PollState),
        list[Any]: JSON,
        dict[str, Any]: JSON,
        str: Text,
    }


class RunRow(Table):
    """One execution of a job."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    counts: Mapped[dict[str, Any]]


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


class LinkRow(Table):
    """The ledger: a row for every URL ever discovered, whatever became of it."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(None, "source", "state", "id"),
        # the few that may be fetched again, among millions that are settled
        Index("ix_links_open", "source", "retry_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    url: Mapped[str]
    source: Mapped[str] = mapped_column(String(200))
    title: Mapped[str | None]
    published: Mapped[datetime | None]
    summary: Mapped[str | None]
    authors: Mapped[list[Any]]
    discovered_at: Mapped[datetime] = mapped_column(index=True)
    discovered_by: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    state: Mapped[LinkState]
    reason: Mapped[str]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    fetched_at: Mapped[datetime | None]
    http_status: Mapped[int | None]
    final_url: Mapped[str | None]
    attempts: Mapped[int]
    retry_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(300))
    lease_until: Mapped[datetime | None]


class ArticleRow(Table):
    """The clean text of a link's page. `key` is the identity that the page itself claims (rel=canonical)."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("link_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"))
    key: Mapped[str] = mapped_column(index=True)
    text_hash: Mapped[str] = mapped_column(String(64), index=True)
    url: Mapped[str]
    canonical_url: Mapped[str | None]
    title: Mapped[str]
    text: Mapped[str]
    authors: Mapped[list[Any]]
    outlet: Mapped[str | None]
    published: Mapped[datetime | None]
    date_source: Mapped[DateSource | None]
    language: Mapped[str | None] = mapped_column(String(12))
    summary: Mapped[str | None]


class VerdictRow(Table):
    """Every judgement of an article. The one that stands has no `superseded_at`."""

    __tablename__ = "verdicts"
    __table_args__ = (Index(None, "decision", "judged_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    judged_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    decision: Mapped[Decision]
    score: Mapped[float | None]
    threshold: Mapped[float]
    reject_below: Mapped[float]
    model: Mapped[str] = mapped_column(String(100), index=True)
    why: Mapped[str]
    evidence: Mapped[list[Any]]


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
