"""Who may send what, and what is left of a sender that dies; on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from storage.editions import Editions
from storage.health import Health
from storage.outbox import Outbox
from storage.records import Address, DeliveryState, EditionKind, NewEdition

if TYPE_CHECKING:
    from storage.database import Database
    from storage.records import Delivery

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
TEAM = tuple(Address(channel="mail", recipient=f"{name}@example.org") for name in ("ada", "bob", "eve"))

FIRST = NewEdition(
    profile="daily",
    kind=EditionKind.DIGEST,
    key="2026-11-22",
    since=AT - timedelta(days=1),
    until=AT,
    due_at=AT,
    composed_at=AT,
    body={},
    told=(),
)


@pytest.fixture
def outbox(database: Database) -> Outbox:
    Editions(database).add(FIRST, TEAM)
    return Outbox(database)


def claimed(outbox: Outbox, at: datetime = AT, owner: str = "me") -> Delivery:
    delivery = outbox.claim(owner=owner, at=at, lease=LEASE)
    assert delivery is not None
    return delivery


def settled(outbox: Outbox, delivery: Delivery, state: DeliveryState, next_at: datetime | None = None) -> bool:
    return outbox.settle(delivery, owner="me", state=state, at=AT, next_at=next_at, detail="their word")


def states(outbox: Outbox) -> list[str]:
    return [str(delivery.state) for delivery in outbox.of(1)]


def test_each_delivery_is_claimed_once(outbox: Outbox) -> None:
    given = [claimed(outbox).address for _ in TEAM]
    assert tuple(given) == TEAM
    assert outbox.claim(owner="them", at=AT, lease=LEASE) is None


def test_senders_side_by_side_never_claim_the_same(outbox: Outbox) -> None:
    def take(owner: int) -> list[int]:
        found = [outbox.claim(owner=str(owner), at=AT, lease=LEASE) for _ in range(3)]
        return [delivery.id for delivery in found if delivery is not None]

    with ThreadPoolExecutor(4) as pool:
        taken = [delivery for each in pool.map(take, range(4)) for delivery in each]
    left = outbox.owed(AT)  # a row that another sender had locked in that moment is passed over, and is still there
    assert sorted([*taken, *(delivery.id for delivery in left)]) == [1, 2, 3]


def test_what_was_sent_is_sent_for_good(outbox: Outbox) -> None:
    delivery = claimed(outbox)
    assert outbox.begin(delivery, owner="me", at=AT)
    assert states(outbox) == ["sending", "pending", "pending"]
    assert settled(outbox, delivery, DeliveryState.SENT)
    after = outbox.of(1)[0]
    assert (after.state, after.attempts, after.sent_at, after.next_at) == (DeliveryState.SENT, 1, AT, None)
    assert outbox.counts() == {DeliveryState.PENDING: 2, DeliveryState.SENT: 1}


def test_what_was_deferred_waits_for_its_time_and_holds_up_nobody(outbox: Outbox) -> None:
    settled(outbox, claimed(outbox), DeliveryState.DEFERRED, AT + LEASE)
    assert [delivery.address for delivery in outbox.owed(AT)] == list(TEAM[1:])
    assert [delivery.address for delivery in outbox.owed(AT + LEASE)] == [*TEAM[1:], TEAM[0]]


def test_a_sender_that_dies_before_anything_was_sent_leaves_it_as_it_was(outbox: Outbox) -> None:
    claimed(outbox)
    again = claimed(outbox, AT + LEASE, owner="them")
    assert (again.id, again.state, again.resent) == (1, DeliveryState.PENDING, False)
    outbox.release(owner="them", at=AT)
    assert states(outbox) == ["pending"] * 3


def test_a_sender_that_dies_on_the_way_leaves_it_uncertain_and_it_is_sent_once_more(outbox: Outbox) -> None:
    first = claimed(outbox)
    outbox.begin(first, owner="me", at=AT)
    assert outbox.release(owner="me", at=AT) == []
    second = next(each for each in outbox.owed(AT) if each.id == first.id)
    assert (second.state, second.message_id) == (DeliveryState.UNCERTAIN, first.message_id)
    assert "cut off" in second.detail
    while (second := claimed(outbox)).id != first.id:
        settled(outbox, second, DeliveryState.SENT)
    assert outbox.begin(second, owner="me", at=AT)
    assert outbox.of(1)[0].resent
    (third,) = outbox.release(owner="me", at=AT)
    assert third == outbox.of(1)[0]
    assert (third.state, third.next_at) == (DeliveryState.FAILED, None)
    assert "digest resend" in third.detail


def test_what_may_have_arrived_keeps_nobody_waiting(outbox: Outbox) -> None:
    outbox.begin(claimed(outbox), owner="me", at=AT)
    outbox.release(owner="me", at=AT)
    assert [claimed(outbox).id for _ in TEAM] == [2, 3, 1]


def test_what_a_dead_sender_had_on_its_way_is_something_to_do(outbox: Outbox) -> None:
    for _ in TEAM:
        outbox.begin(claimed(outbox), owner="me", at=AT)
    assert len(outbox.owed(AT)) == 3
    assert outbox.claim(owner="them", at=AT, lease=LEASE) is None, "but not before its lease is over"


def test_a_lease_that_ends_makes_it_uncertain_for_the_next_who_asks(outbox: Outbox) -> None:
    outbox.begin(claimed(outbox), owner="me", at=AT)
    outbox.release(owner="them", at=AT)
    assert states(outbox)[0] == "sending"
    outbox.release(owner="them", at=AT + LEASE)
    assert states(outbox)[0] == "uncertain"


def test_who_has_lost_the_lease_may_not_send(outbox: Outbox) -> None:
    delivery = claimed(outbox)
    assert not outbox.begin(delivery, owner="them", at=AT)
    assert not outbox.begin(delivery, owner="me", at=AT + LEASE)
    assert outbox.begin(delivery, owner="me", at=AT)
    assert not outbox.begin(delivery, owner="me", at=AT), "what may have arrived is not begun again"


def test_who_comes_late_changes_nothing_but_that_it_arrived(outbox: Outbox) -> None:
    delivery = claimed(outbox)
    outbox.begin(delivery, owner="me", at=AT)
    outbox.release(owner="them", at=AT + LEASE)
    assert not settled(outbox, delivery, DeliveryState.DEFERRED, AT)
    assert states(outbox)[0] == "uncertain"
    assert settled(outbox, delivery, DeliveryState.SENT)
    assert states(outbox)[0] == "sent"


@pytest.mark.parametrize(
    ("later", "arrived", "missed"),
    [
        ({}, DeliveryState.SENT, 0),
        ({}, DeliveryState.DEFERRED, 1),
        ({"profile": "weekly"}, DeliveryState.SENT, 1),
        ({"kind": EditionKind.ALERT}, DeliveryState.SENT, 1),
    ],
    ids=["a later digest arrived", "was deferred", "of another team", "an alert"],
)
def test_what_failed_is_missed_until_a_later_digest_arrives_or_for_two_weeks(
    outbox: Outbox, database: Database, later: dict[str, Any], arrived: DeliveryState, missed: int
) -> None:
    now, old = AT + timedelta(days=1), AT + timedelta(seconds=1)
    for state in (DeliveryState.FAILED, DeliveryState.SENT, DeliveryState.SENT):
        delivery = claimed(outbox)
        outbox.begin(delivery, owner="me", at=AT)
        settled(outbox, delivery, state)
    health = Health(database)
    assert health.deliveries(since=AT, failed_since=AT)[DeliveryState.FAILED] == 1
    assert DeliveryState.FAILED not in health.deliveries(since=AT, failed_since=old)
    Editions(database).add(replace(FIRST, key="2026-11-23", composed_at=now, **later), TEAM[:1])
    delivery = claimed(outbox, at=now)
    outbox.begin(delivery, owner="me", at=now)
    settled(outbox, delivery, arrived, next_at=now if arrived is DeliveryState.DEFERRED else None)
    assert health.deliveries(since=now, failed_since=AT).get(DeliveryState.FAILED, 0) == missed
    assert DeliveryState.FAILED in {delivery.state for delivery in outbox.unsettled()}, "`digest outbox` still tells"


def test_what_failed_and_is_sent_again_is_not_missed(outbox: Outbox, database: Database) -> None:
    delivery = claimed(outbox)
    outbox.begin(delivery, owner="me", at=AT)
    settled(outbox, delivery, DeliveryState.FAILED)
    assert Health(database).deliveries(since=AT, failed_since=AT)[DeliveryState.FAILED] == 1
    outbox.requeue(1, at=AT, addresses=TEAM[:1])
    assert DeliveryState.FAILED not in Health(database).deliveries(since=AT, failed_since=AT)


def test_one_is_owed_again_only_to_whom_it_is_said(outbox: Outbox) -> None:
    for _ in TEAM:
        settled(outbox, claimed(outbox), DeliveryState.SENT)
    before = outbox.of(1)
    (again,) = outbox.requeue(1, at=AT + LEASE, addresses=TEAM[1:2])
    assert (again.state, again.attempts, again.message_id) == (DeliveryState.PENDING, 0, before[1].message_id)
    assert states(outbox) == ["sent", "pending", "sent"]
    assert len(outbox.requeue(1, at=AT + LEASE)) == 3


def test_what_is_on_its_way_is_not_owed_again(outbox: Outbox) -> None:
    outbox.begin(claimed(outbox), owner="me", at=AT)
    claimed(outbox)
    assert [delivery.address for delivery in outbox.requeue(1, at=AT)] == [TEAM[2]]
    assert [delivery.id for delivery in outbox.unsettled()] == [1, 2, 3]
