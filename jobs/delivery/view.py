"""The outbox and what was tried, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from jobs.delivery.trial import Tried
    from storage.records import Address, Delivery, StoredEdition

Row = tuple["StoredEdition", "Delivery"]


def outbox_text(rows: Sequence[Row], counts: Mapping[DeliveryState, int]) -> str:
    """What is to be done and what failed, a line each; then how many there are of everything."""
    told = ", ".join(f"{count:,} {state}" for state, count in counts.items()) or "nothing was ever owed to anybody"
    return "\n".join([*map(_line, rows), told])


def outbox_json(rows: Iterable[Row], counts: Mapping[DeliveryState, int]) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "counts": {str(state): counts.get(state, 0) for state in DeliveryState},
        "deliveries": [
            {
                "profile": edition.profile,
                "kind": str(edition.kind),
                "number": edition.number,
                "channel": delivery.address.channel,
                "recipient": delivery.address.recipient,
                "state": str(delivery.state),
                "attempts": delivery.attempts,
                "next_at": None if delivery.state is DeliveryState.SENDING else _moment(delivery.next_at),
                "sending_since": _moment(delivery.next_at) if delivery.state is DeliveryState.SENDING else None,
                "lease_until": _moment(delivery.lease_until),
                "message_id": delivery.message_id,
                "resent": delivery.resent,
                "detail": delivery.detail,
            }
            for edition, delivery in rows
        ],
    }


def tried_text(found: Iterable[Tried]) -> str:
    """A line for each address."""
    return "\n".join(map(_tried, found))


def place(address: Address) -> str:
    """Where a delivery goes."""
    return address.recipient or f"[channel.{address.channel}]"


def _line(row: Row) -> str:
    edition, delivery = row
    tries = f" after {delivery.attempts} attempt{'s' if delivery.attempts > 1 else ''}" if delivery.attempts else ""
    what = f"{edition.profile} {edition.kind} {edition.number} to {place(delivery.address)}"
    return f"{what}: {delivery.state}{tries}{_when(delivery)}" + (f": {delivery.detail}" if delivery.detail else "")


def _when(delivery: Delivery) -> str:
    """What comes next, or how long what is under way may still take."""
    if delivery.next_at is None:
        return ""
    if delivery.state is not DeliveryState.SENDING:
        return f", next attempt {_minute(delivery.next_at)}"
    held = f", held until {_minute(delivery.lease_until)} at most" if delivery.lease_until else ""
    return f" since {_minute(delivery.next_at)}{held}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _tried(each: Tried) -> str:
    done = each.ending.state is DeliveryState.SENT
    state = "sent" if done else f"NOT SENT ({each.ending.state})"
    said = f": {each.ending.words}" if each.ending.words else ""
    return f"{each.profile}: {place(each.address)}: {state}{said}"
