"""What is remembered of servers, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage.hosts import Hosts
from storage.records import Parked, RobotsFile

if TYPE_CHECKING:
    from storage.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_robots_txt_is_kept_until_the_next_one(database: Database) -> None:
    hosts = Hosts(database)
    assert hosts.all_robots(since=NOON) == {}
    for body in (b"Disallow: /a", b"\x00\xff"):
        file = RobotsFile(status=200, body=body, fetched_at=NOON)
        hosts.keep_robots("https://example.org", file)
        assert hosts.all_robots(since=NOON) == {"https://example.org": file}
    assert hosts.all_robots(since=NOON + HOUR) == {}


def test_a_parked_host_stays_parked_for_the_longest_time_asked(database: Database) -> None:
    hosts = Hosts(database)
    for hours in (1, 3, 2):
        hosts.park("example.org", Parked(until=NOON + hours * HOUR, because=f"HTTP 429 for {hours} h"))
    longest = Parked(until=NOON + 3 * HOUR, because="HTTP 429 for 3 h")
    assert hosts.parked(at=NOON) == {"example.org": longest}
    assert hosts.parked(at=NOON + 3 * HOUR) == {}
    assert hosts.parked(at=NOON) == {}, "what has passed is forgotten"
