"""How long a link is held, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import Link, Poll, PollState
from storage.runs import Runs

if TYPE_CHECKING:
    from storage.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINKS = tuple(Link(key=f"https://example.org/{n}", url=f"https://example.org/{n}", source="wire") for n in range(3))


def test_a_lease_is_renewed_for_its_owner_and_for_nobody_else(database: Database) -> None:
    run = Runs(database).start("crawl", version="1", at=NOON)
    Polls(database).record(Poll(source="wire", url="x", at=NOON, state=PollState.OK, links=LINKS), run=run)
    ledger = Ledger(database)
    (mine,) = ledger.lease("wire", owner="me", at=NOON, until=NOON + HOUR, limit=1)
    (theirs,) = ledger.lease("wire", owner="them", at=NOON, until=NOON + HOUR, limit=1)
    ledger.renew(owner="me", until=NOON + 5 * HOUR)
    later = {"at": NOON + 2 * HOUR, "until": NOON + 3 * HOUR}
    assert [link.key for link in ledger.lease("wire", owner="other", limit=9, **later)] == [theirs.key, LINKS[2].key]
    assert (ledger.release(owner="me"), ledger.release(owner="me")) == (1, 0)
    assert ledger.lease("wire", owner="other", limit=9, **later) == [mine]
