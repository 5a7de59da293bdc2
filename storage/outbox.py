"""The outbox: what is owed to whom, who is sending it now, and what became of it.

A delivery is claimed by a lease and stays what it was; only `begin` says that from here on it may arrive. A sender
that dies before that loses nothing. One that dies after it leaves a delivery that nobody can be certain of, which is
sent once more under the same Message-ID, and never a third time (RFC 1047 says why nothing better can be had).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, update

from storage.records import Address, Delivery, DeliveryState
from storage.tables import DeliveryRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from storage.database import Database

TWICE_IN_DOUBT = "cut off twice while it was on its way: it may have arrived or not; ask, then `spywire digest resend`"
CUT_OFF = "the sender was cut off while it was on its way"

CLAIMABLE = (DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN)
OPEN = (*CLAIMABLE, DeliveryState.SENDING)
FREE: dict[str, Any] = {"lease_owner": None, "lease_until": None}


class Outbox:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, *, owner: str, at: datetime, lease: timedelta) -> Delivery | None:
        """The delivery that has been due for longest, leased; None when none is.

        What may have arrived already comes last: it keeps nobody waiting, least of all if it is what ends senders.
        """
        order = (DeliveryRow.state == DeliveryState.UNCERTAIN, DeliveryRow.next_at, DeliveryRow.id)
        with self._database.write() as session:
            due = select(DeliveryRow).where(_claimable(at)).order_by(*order).limit(1)
            row = session.scalar(due.with_for_update(skip_locked=True))
            if row is None:
                return None
            row.lease_owner, row.lease_until = owner, at + lease
            return _delivery(row)

    def begin(self, delivery: Delivery, *, owner: str, at: datetime) -> bool:
        """Say that it may arrive from now on; False if it must not be sent: the lease is over, or nobody wants it."""
        held = (
            DeliveryRow.id == delivery.id,
            DeliveryRow.lease_owner == owner,
            DeliveryRow.lease_until > at,
            DeliveryRow.state == delivery.state,
            DeliveryRow.state.in_(CLAIMABLE),
        )
        started = {
            "state": DeliveryState.SENDING,
            "next_at": at,
            "resent": DeliveryRow.state == DeliveryState.UNCERTAIN,
        }
        with self._database.write() as session:
            return bool(_changed(session, held, started))

    def settle(
        self,
        delivery: Delivery,
        *,
        owner: str,
        state: DeliveryState,
        at: datetime,
        next_at: datetime | None,
        detail: str,
    ) -> bool:
        """Write how an attempt ended. False where another sender has it by now; but what arrived has arrived."""
        mine: ColumnElement[bool] = DeliveryRow.lease_owner == owner
        if state is DeliveryState.SENT:
            doubted = and_(DeliveryRow.lease_owner.is_(None), DeliveryRow.state == DeliveryState.UNCERTAIN)
            mine = or_(mine, doubted)
        ended = FREE | {
            "state": state,
            "attempts": DeliveryRow.attempts + 1,
            "next_at": next_at,
            "detail": detail,
            "sent_at": at if state is DeliveryState.SENT else None,
        }
        if (
            state is DeliveryState.UNCERTAIN
        ):  # a resend that was refused has added no copy: there is still one to be had
            ended["resent"] = False
        with self._database.write() as session:
            return bool(_changed(session, (DeliveryRow.id == delivery.id, mine, DeliveryRow.state.in_(OPEN)), ended))

    def release(self, *, owner: str, at: datetime) -> list[Delivery]:
        """Let go of what an owner holds whose process has ended, and of every lease that is over.

        Gives those that nobody may send again by themselves. Two processes never have one owner's name at a time.
        """
        over = or_(DeliveryRow.lease_owner == owner, DeliveryRow.lease_until <= at)
        with self._database.write() as session:
            given_up = _doubt(session, over, at=at)
            _changed(session, (DeliveryRow.state.in_(CLAIMABLE), over), FREE)
            rows = session.scalars(select(DeliveryRow).where(DeliveryRow.id.in_(given_up)).order_by(DeliveryRow.id))
            return [_delivery(row) for row in rows]

    def owed(self, at: datetime) -> list[Delivery]:
        """What a sender would find to do: all that is due, and what was on its way when another ended, or still is."""
        due = or_(_claimable(at), DeliveryRow.state == DeliveryState.SENDING)
        with self._database.read() as session:
            rows = session.scalars(select(DeliveryRow).where(due).order_by(DeliveryRow.next_at, DeliveryRow.id))
            return [_delivery(row) for row in rows]

    def of(self, edition: int) -> list[Delivery]:
        """An edition's deliveries, as they were entered."""
        with self._database.read() as session:
            return [_delivery(row) for row in session.scalars(_of(edition))]

    def unsettled(self) -> list[Delivery]:
        """Everything that is still to be done, and everything that failed; what comes next first."""
        states = (*OPEN, DeliveryState.FAILED)
        order = (DeliveryRow.next_at.is_(None), DeliveryRow.next_at, DeliveryRow.id)
        with self._database.read() as session:
            query = select(DeliveryRow).where(DeliveryRow.state.in_(states)).order_by(*order)
            return [_delivery(row) for row in session.scalars(query)]

    def counts(self) -> dict[DeliveryState, int]:
        """How many deliveries are in each state."""
        query = select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)
        with self._database.read() as session:
            found = {state: count for state, count in session.execute(query)}  # noqa: C416 - rows are no pairs
            return {state: found[state] for state in DeliveryState if state in found}

    def requeue(self, edition: int, *, at: datetime, addresses: Sequence[Address] = ()) -> list[Delivery]:
        """Owe an edition once more: to these of its addresses, or to all. Only ever because a person asks for it.

        The Message-ID stays, so whoever has it already is shown it once. What is on its way is left alone.
        """
        again = FREE | {"state": DeliveryState.PENDING, "attempts": 0, "next_at": at, "detail": "", "sent_at": None}
        with self._database.write() as session:
            rows = session.scalars(_of(edition).with_for_update()).all()
            chosen = [
                row
                for row in rows
                if row.state is not DeliveryState.SENDING
                and (row.lease_until is None or row.lease_until <= at)
                and (not addresses or _address(row) in addresses)
            ]
            for row in chosen:
                for name, value in (again | {"resent": False}).items():
                    setattr(row, name, value)
            return [_delivery(row) for row in chosen]


def _claimable(at: datetime) -> ColumnElement[bool]:
    free = or_(DeliveryRow.lease_until.is_(None), DeliveryRow.lease_until <= at)
    return and_(DeliveryRow.state.in_(CLAIMABLE), DeliveryRow.next_at <= at, free)


def _of(edition: int) -> Select[DeliveryRow]:
    return select(DeliveryRow).where(DeliveryRow.edition_id == edition).order_by(DeliveryRow.id)


def _doubt(session: Session, ended: ColumnElement[bool], *, at: datetime) -> Sequence[int]:
    """What was on its way when its sender ended may have arrived: once more, or, after that, never again."""
    cut = (DeliveryRow.state == DeliveryState.SENDING, ended)
    doubt = FREE | {"attempts": DeliveryRow.attempts + 1}
    over = {"state": DeliveryState.FAILED, "next_at": None, "detail": TWICE_IN_DOUBT}
    once = {"state": DeliveryState.UNCERTAIN, "next_at": at, "detail": CUT_OFF}
    given_up = _changed(session, (*cut, DeliveryRow.resent.is_(True)), doubt | over)
    _changed(session, cut, doubt | once)
    return given_up


def _changed(session: Session, which: Sequence[ColumnElement[bool]], values: dict[str, Any]) -> Sequence[int]:
    rows = update(DeliveryRow).where(*which).values(values).returning(DeliveryRow.id)
    return session.scalars(rows.execution_options(synchronize_session=False)).all()


def _address(row: DeliveryRow) -> Address:
    return Address(channel=row.channel, recipient=row.recipient)


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        edition=row.edition_id,
        address=_address(row),
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        message_id=row.message_id,
        resent=row.resent,
        detail=row.detail,
        sent_at=row.sent_at,
        lease_until=row.lease_until,
    )
