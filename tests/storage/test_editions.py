from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from storage.editions import Editions
from storage.records import Address, DeliveryState, EditionKind, NewEdition
from storage.runs import Runs
from storage.tables import DeliveryRow

if TYPE_CHECKING:
    from storage.database import Database

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TEAM = (Address(channel="mail", recipient="a@example.org"), Address(channel="folder"))


def new(
    day: int = 0,
    *,
    profile: str = "daily",
    kind: EditionKind = EditionKind.DIGEST,
    key: str = "",
    days: int = 1,
    told: tuple[str, ...] = (),
) -> NewEdition:
    until = AT + day * DAY
    return NewEdition(
        profile=profile,
        kind=kind,
        key=key or f"{until:%Y-%m-%d}",
        since=until - days * DAY,
        until=until,
        due_at=until,
        composed_at=until,
        body={"title": "Espionage watch", "number": 0},
        told=told,
    )


def became(database: Database, state: DeliveryState, *, edition: int, recipient: str | None = None) -> None:
    """What a sender makes of an edition's deliveries."""
    rows = update(DeliveryRow).where(DeliveryRow.edition_id == edition)
    rows = rows if recipient is None else rows.where(DeliveryRow.recipient == recipient)
    with database.write() as session:
        session.execute(rows.values(state=state))


def states(database: Database, edition: int) -> list[DeliveryState]:
    with database.read() as session:
        rows = select(DeliveryRow.state).where(DeliveryRow.edition_id == edition).order_by(DeliveryRow.id)
        return list(session.scalars(rows))


def test_what_editions_were_made_for_is_asked_for_in_one_go(database: Database) -> None:
    editions = Editions(database)
    for story in ("S-1", "S-2"):
        editions.add(new(kind=EditionKind.ALERT, key=story), TEAM)
    editions.add(new(key="S-3"), TEAM)
    editions.add(new(kind=EditionKind.ALERT, key="S-4", profile="cert"), TEAM)
    asked = [f"S-{number}" for number in range(1200)]
    assert editions.made_for(asked, "daily", EditionKind.ALERT) == {"S-1", "S-2"}


def test_editions_are_numbered_from_one_in_each_profile_and_kind(database: Database) -> None:
    editions = Editions(database)
    daily = [editions.add(new(day), ()).number for day in range(3)]
    alert = editions.add(new(kind=EditionKind.ALERT, key="S-20261122-01"), ()).number
    assert (daily, editions.add(new(profile="cert"), ()).number, alert) == ([1, 2, 3], 1, 1)


def test_an_edition_is_given_back_as_it_was_brought_with_its_number(database: Database) -> None:
    stored = Editions(database).add(new(), ())
    assert stored.body == {"title": "Espionage watch", "number": 1}
    assert Editions(database).named("daily", 1) == Editions(database).latest("daily") == stored
    assert Editions(database).keyed("daily", "2026-11-22") == stored
    assert Editions(database).named("daily", 2) is None


def test_each_address_is_owed_it_once_under_a_message_id_of_its_own(database: Database) -> None:
    stored = Editions(database).add(new(), [*TEAM, TEAM[0]])
    with database.read() as session:
        rows = session.scalars(select(DeliveryRow).where(DeliveryRow.edition_id == stored.id)).all()
        assert {(row.channel, row.recipient, row.state) for row in rows} == {
            ("mail", "a@example.org", DeliveryState.PENDING),
            ("folder", "", DeliveryState.PENDING),
        }
        assert len({row.message_id for row in rows}) == 2
        assert all(row.next_at == AT for row in rows)


def test_the_second_who_brings_an_edition_is_given_the_first(database: Database) -> None:
    first = Editions(database).add(new(), TEAM)
    assert Editions(database).add(new(), TEAM) == first
    assert len(states(database, first.id)) == 2


def test_eight_senders_at_once_make_one_edition_and_leave_no_gap_in_the_numbers(database: Database) -> None:
    def send(sender: int) -> tuple[int, int]:
        editions = Editions(database)
        return editions.add(new(), TEAM).number, editions.add(new(key=f"extra-{sender}"), TEAM).number

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(send, range(8)))
    assert {number for number, _ in made} == {1}
    assert {number for _, number in made} == set(range(2, 10))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(DeliveryRow)) == 18


def test_an_edition_is_delivered_when_it_reached_one_recipient(database: Database) -> None:
    editions = Editions(database)
    first = editions.add(new(), TEAM)
    assert editions.delivered("daily") is None
    became(database, DeliveryState.SENT, edition=first.id, recipient="")
    became(database, DeliveryState.FAILED, edition=first.id, recipient="a@example.org")
    assert editions.delivered("daily") == first


def test_an_edition_owed_to_nobody_counts_as_delivered(database: Database) -> None:
    stored = Editions(database).add(new(), ())
    assert Editions(database).delivered("daily") == stored


def test_an_edition_that_reached_nobody_is_not_sent_any_more_when_the_next_one_covers_it(database: Database) -> None:
    editions = Editions(database)
    first = editions.add(new(), TEAM)
    became(database, DeliveryState.FAILED, edition=first.id, recipient="")
    became(database, DeliveryState.DEFERRED, edition=first.id, recipient="a@example.org")
    second = editions.add(new(1, days=2), TEAM)
    assert states(database, first.id) == [DeliveryState.FAILED, DeliveryState.FAILED]
    assert states(database, second.id) == [DeliveryState.PENDING, DeliveryState.PENDING]


def test_a_recipient_who_still_waits_for_a_delivered_edition_goes_on_waiting(database: Database) -> None:
    editions = Editions(database)
    first = editions.add(new(), TEAM)
    became(database, DeliveryState.SENT, edition=first.id, recipient="")
    became(database, DeliveryState.DEFERRED, edition=first.id, recipient="a@example.org")
    editions.add(new(1), TEAM)
    assert states(database, first.id) == [DeliveryState.DEFERRED, DeliveryState.SENT]


def test_a_story_is_told_once_somebody_was_told(database: Database) -> None:
    editions = Editions(database)
    first = editions.add(new(told=("S-1", "S-2")), TEAM)
    assert editions.told(["S-1", "S-2", "S-3"], "daily") == {}
    became(database, DeliveryState.SENT, edition=first.id)
    editions.add(new(1, told=("S-2",)), ())
    assert editions.told(["S-1", "S-2", "S-3"], "daily") == {"S-1": AT, "S-2": AT + DAY}
    assert editions.told(["S-1"], "cert") == {}


def test_an_alert_does_not_make_the_digest_call_a_story_old(database: Database) -> None:
    editions = Editions(database)
    editions.add(new(kind=EditionKind.ALERT, key="S-1", told=("S-1",)), ())
    assert editions.told(["S-1"], "daily") == {}
    assert editions.told(["S-1"], "daily", kind=None) == {"S-1": AT}


def test_ten_thousand_stories_can_be_asked_about(database: Database) -> None:
    editions = Editions(database)
    names = tuple(f"S-{number}" for number in range(10_000))
    editions.add(new(told=names), ())
    assert len(editions.told(names, "daily")) == 10_000


def test_editions_are_listed_newest_first(database: Database) -> None:
    editions = Editions(database)
    for day in range(3):
        editions.add(new(day), ())
    editions.add(new(profile="cert", kind=EditionKind.ALERT, key="S-1"), ())
    assert [(each.profile, each.number) for each in editions.listed(limit=3)] == [
        ("daily", 3),
        ("daily", 2),
        ("cert", 1),
    ]
    assert [each.number for each in editions.listed("daily", limit=2)] == [3, 2]
    assert editions.listed("daily", kind=EditionKind.ALERT) == []
    assert [each.number for each in editions.since("daily", EditionKind.DIGEST, at=AT + DAY)] == [2, 3]


def test_the_beginning_is_the_first_run(database: Database) -> None:
    assert Editions(database).beginning() is None
    for day in range(2):
        Runs(database).start("crawl", version="1", at=AT + day * DAY)
    assert Editions(database).beginning() == AT
