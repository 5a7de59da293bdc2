"""Editions: frozen once composed, numbered without a gap, and owed to somebody from the same moment on."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, text, update

from storage.records import DeliveryState, EditionKind, StoredEdition
from storage.tables import DeliveryRow, EditionRow, RunRow, ToldRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import Address, NewEdition

CHUNK = 500
LOCK = 7775002  # beside the migrations' own; the second key is the profile's
WAITING = (DeliveryState.PENDING, DeliveryState.DEFERRED)


class Editions:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: NewEdition, addresses: Sequence[Address]) -> StoredEdition:
        """Number and keep an edition with the stories it told, and owe it to each address; all of it or nothing.

        Of two who bring an edition of one profile, kind and key, the second is given what the first one brought. Its
        body is given the number. A digest that reached nobody and lies in the new one's window is not sent any more.
        """
        with self._database.write() as session:
            _alone(session, new)
            there = session.scalar(_editions(new.profile, new.kind).where(EditionRow.key == new.key))
            if there is not None:
                return _edition(there)
            row = _row(session, new)
            session.add(row)
            session.flush()
            session.add_all(ToldRow(edition_id=row.id, story=story) for story in sorted(set(new.told)))
            session.add_all(_owed(row, address) for address in dict.fromkeys(addresses))
            if new.kind is EditionKind.DIGEST:
                _supersede(session, row)
            session.flush()
            return _edition(row)

    def latest(self, profile: str, kind: EditionKind = EditionKind.DIGEST) -> StoredEdition | None:
        """The last edition of a profile, delivered or not."""
        with self._database.read() as session:
            row = session.scalar(_editions(profile, kind).order_by(EditionRow.number.desc()).limit(1))
            return None if row is None else _edition(row)

    def first(self, profile: str, kind: EditionKind = EditionKind.DIGEST) -> StoredEdition | None:
        """The first edition of a profile."""
        with self._database.read() as session:
            row = session.scalar(_editions(profile, kind).order_by(EditionRow.number).limit(1))
            return None if row is None else _edition(row)

    def delivered(self, profile: str, kind: EditionKind = EditionKind.DIGEST) -> StoredEdition | None:
        """The last edition that reached somebody, or that was owed to nobody."""
        query = _editions(profile, kind).where(_reached()).order_by(EditionRow.number.desc()).limit(1)
        with self._database.read() as session:
            row = session.scalar(query)
            return None if row is None else _edition(row)

    def keyed(self, profile: str, key: str, kind: EditionKind = EditionKind.DIGEST) -> StoredEdition | None:
        """The edition made for this: a local day, or a story."""
        with self._database.read() as session:
            row = session.scalar(_editions(profile, kind).where(EditionRow.key == key))
            return None if row is None else _edition(row)

    def made_for(self, keys: Iterable[str], profile: str, kind: EditionKind = EditionKind.DIGEST) -> set[str]:
        """Those of these days or stories that an edition was made for, delivered or not."""
        wanted, found = sorted(set(keys)), set[str]()
        query = select(EditionRow.key).where(EditionRow.profile == profile, EditionRow.kind == kind)
        with self._database.read() as session:
            for start in range(0, len(wanted), CHUNK):
                found.update(session.scalars(query.where(EditionRow.key.in_(wanted[start : start + CHUNK]))))
        return found

    def named(self, profile: str, number: int, kind: EditionKind = EditionKind.DIGEST) -> StoredEdition | None:
        """The edition with this number."""
        with self._database.read() as session:
            row = session.scalar(_editions(profile, kind).where(EditionRow.number == number))
            return None if row is None else _edition(row)

    def with_id(self, edition: int) -> StoredEdition | None:
        """The edition that a delivery names."""
        with self._database.read() as session:
            row = session.get(EditionRow, edition)
            return None if row is None else _edition(row)

    def listed(
        self, profile: str | None = None, *, kind: EditionKind | None = None, limit: int = 100
    ) -> list[StoredEdition]:
        """The latest editions, newest first: of one profile or of all, of one kind or of both."""
        query = select(EditionRow)
        query = query if profile is None else query.where(EditionRow.profile == profile)
        query = query if kind is None else query.where(EditionRow.kind == kind)
        with self._database.read() as session:
            newest = query.order_by(EditionRow.composed_at.desc(), EditionRow.id.desc()).limit(limit)
            return [_edition(row) for row in session.scalars(newest)]

    def ids(self, *, limit: int) -> list[int]:
        """The latest editions of all profiles by their ids, newest first: for who reads them one by one."""
        newest = select(EditionRow.id).order_by(EditionRow.composed_at.desc(), EditionRow.id.desc()).limit(limit)
        with self._database.read() as session:
            return list(session.scalars(newest))

    def since(self, profile: str, kind: EditionKind, *, at: datetime) -> list[StoredEdition]:
        """The editions composed since then, oldest first."""
        query = _editions(profile, kind).where(EditionRow.composed_at >= at).order_by(EditionRow.number)
        with self._database.read() as session:
            return [_edition(row) for row in session.scalars(query)]

    def told(
        self, stories: Iterable[str], profile: str, *, kind: EditionKind | None = EditionKind.DIGEST
    ) -> dict[str, datetime]:
        """When each of these stories was last told to somebody of the profile: the end of that edition's window."""
        names, found = sorted(set(stories)), dict[str, "datetime"]()
        last = (
            select(ToldRow.story, func.max(EditionRow.until))
            .join(EditionRow, EditionRow.id == ToldRow.edition_id)
            .where(EditionRow.profile == profile, _reached())
            .group_by(ToldRow.story)
        )
        last = last if kind is None else last.where(EditionRow.kind == kind)
        with self._database.read() as session:
            for start in range(0, len(names), CHUNK):
                some = last.where(ToldRow.story.in_(names[start : start + CHUNK]))
                found.update((story, until) for story, until in session.execute(some))
        return found

    def beginning(self) -> datetime | None:
        """When the first run of any job began; None before it."""
        with self._database.read() as session:
            return session.scalar(select(RunRow.started_at).order_by(RunRow.id).limit(1))


def _alone(session: Session, new: NewEdition) -> None:
    """Wait for whoever else brings an edition of this profile. On SQLite there is one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        profile = int.from_bytes(sha256(f"{new.profile}/{new.kind}".encode()).digest()[:4], signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:lock, :profile)"), {"lock": LOCK, "profile": profile})


def _editions(profile: str, kind: EditionKind) -> Select[EditionRow]:
    return select(EditionRow).where(EditionRow.profile == profile, EditionRow.kind == kind)


def _reached() -> ColumnElement[bool]:
    owed = select(DeliveryRow.id).where(DeliveryRow.edition_id == EditionRow.id)
    return or_(owed.where(DeliveryRow.state == DeliveryState.SENT).exists(), ~owed.exists())


def _row(session: Session, new: NewEdition) -> EditionRow:
    numbers = select(func.max(EditionRow.number)).where(EditionRow.profile == new.profile, EditionRow.kind == new.kind)
    number = (session.scalar(numbers) or 0) + 1
    return EditionRow(
        profile=new.profile,
        kind=new.kind,
        number=number,
        key=new.key,
        since=new.since,
        until=new.until,
        due_at=new.due_at,
        composed_at=new.composed_at,
        body=new.body | {"number": number},
    )


def _owed(row: EditionRow, address: Address) -> DeliveryRow:
    return DeliveryRow(
        edition_id=row.id,
        channel=address.channel,
        recipient=address.recipient,
        state=DeliveryState.PENDING,
        attempts=0,
        next_at=row.composed_at,
        message_id=_message_id(row, address),
        resent=False,
        detail="",
    )


def _message_id(row: EditionRow, address: Address) -> str:
    """The same for every attempt; another installation's edition for the same person and day has another."""
    parts = [row.profile, row.kind, row.key, row.composed_at.isoformat(), row.body, address.channel, address.recipient]
    digest = sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
    return f"<{row.kind}.{digest}@spywire.invalid>"


def _supersede(session: Session, row: EditionRow) -> None:
    """What earlier digests still wait to say, this one says."""
    within = _editions(row.profile, row.kind).where(
        EditionRow.id != row.id, EditionRow.since >= row.since, EditionRow.until <= row.until, ~_reached()
    )
    doubtful = (DeliveryRow.state == DeliveryState.UNCERTAIN) & ~DeliveryRow.resent
    said = {"state": DeliveryState.FAILED, "next_at": None, "detail": f"edition {row.number} covers the same time"}
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.edition_id.in_(within.with_only_columns(EditionRow.id)))
        .where(DeliveryRow.state.in_(WAITING) | doubtful)
        .values(said)
        .execution_options(synchronize_session=False)
    )


def _edition(row: EditionRow) -> StoredEdition:
    return StoredEdition(
        id=row.id,
        number=row.number,
        profile=row.profile,
        kind=row.kind,
        key=row.key,
        since=row.since,
        until=row.until,
        due_at=row.due_at,
        composed_at=row.composed_at,
        body=dict(row.body),
    )
