"""The outbox and what was tried, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storage.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
                "next_at": delivery.next_at.isoformat() if delivery.next_at else None,
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
    when = f", next attempt {delivery.next_at:%Y-%m-%d %H:%M} UTC" if delivery.next_at else ""
    tries = f" after {delivery.attempts} attempt{'s' if delivery.attempts > 1 else ''}" if delivery.attempts else ""
    what = f"{edition.profile} {edition.kind} {edition.number} to {place(delivery.address)}"
    return f"{what}: {delivery.state}{tries}{when}" + (f": {delivery.detail}" if delivery.detail else "")


def _tried(each: Tried) -> str:
    done = each.ending.state is DeliveryState.SENT
    state = "sent" if done else f"NOT SENT ({each.ending.state})"
    said = f": {each.ending.words}" if each.ending.words else ""
    return f"{each.profile}: {place(each.address)}: {state}{said}"
