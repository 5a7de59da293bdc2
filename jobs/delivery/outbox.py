"""Emptying the outbox: every delivery that is due is tried once, each on its own."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from jobs.delivery.outcome import Ending, deferred, settlement, uncertain
from jobs.delivery.parcel import parcel
from jobs.delivery.senders import Senders
from jobs.exits import CommandError, Exit
from storage.editions import Editions
from storage.errors import StorageError
from storage.outbox import Outbox
from storage.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from jobs.delivery.outcome import Settlement
    from jobs.digest.edition import Edition
    from jobs.home import Home
    from jobs.settings import Settings
    from storage.database import Database
    from storage.records import Delivery, StoredEdition

SHORTEST_LEASE = timedelta(minutes=10)
STEPS = 30  # times its timeout that no conversation lasts; a mail server has 16 (`PRELUDE`, `LAST_WORD`)

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Sent:
    """What became of the deliveries that were due."""

    counts: Counter[DeliveryState] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)  # a line for each that did not arrive
    unreachable: bool = True  # nobody was reached, whoever was tried

    @property
    def exit(self) -> Exit:
        """How a command that did nothing else ends."""
        if not self.failures:
            return Exit.OK
        return Exit.UNREACHABLE if self.unreachable else Exit.PARTIAL


def deliver(
    database: Database,
    settings: Settings,
    home: Home,
    *,
    at: datetime,
    watch: Callable[[Delivery, Settlement], None] | None = None,
) -> Sent:
    """Send everything that is due at `at`. The caller holds the home's lock for it: there is one sender of a home.

    What one delivery meets never touches another; only a server that is down is not asked again for each of them.
    """
    round_ = _Round(database, settings, home, at)
    round_.begin()
    while delivery := round_.claim():
        found = round_.attempt(delivery)
        if found is not None and watch is not None:
            watch(delivery, found)
    return round_.sent


class _Round:
    """One emptying. The clock starts at `at` and goes on from there."""

    def __init__(self, database: Database, settings: Settings, home: Home, at: datetime) -> None:
        from jobs.crawl import owner

        self.sent = Sent()
        self.owner = owner(home)
        self._database, self._outbox = database, Outbox(database)
        self._senders = Senders(settings=settings, home=home)
        self._editions = _Shelf(database)
        self._down: dict[str, Ending] = {}
        self._at, self._started = at, monotonic()
        slowest = max([settings.mail.timeout, *(channel.timeout for channel in settings.channel.values())])
        self._lease = max(SHORTEST_LEASE, timedelta(seconds=STEPS * slowest))

    def begin(self) -> None:
        """Let go of what this home's last sender held, should it have been killed; tell what is given up for that."""
        for lost in self._database.again(self._outbox.release, owner=self.owner, at=self._at):
            self.sent.counts[lost.state] += 1
            self.sent.failures.append(told(self._editions.stored(lost.edition), lost, lost))
            self.sent.unreachable = False

    def claim(self) -> Delivery | None:
        """The next that was due when the round began: nothing is tried twice in it."""
        lease = self._lease + self._elapsed()
        return self._database.again(self._outbox.claim, owner=self.owner, at=self._at, lease=lease)

    def attempt(self, delivery: Delivery) -> Settlement | None:
        """Try one, and write down how it ended. None where somebody else has it by now."""
        channel = delivery.address.channel
        ending = self._down.get(channel) or self._tried(delivery)
        if ending is None:
            return None
        if ending.down:
            self._down[channel] = ending
        else:
            self.sent.unreachable = False
        found = settlement(delivery, ending, at=self._now())
        self._keep(delivery, found)
        return found

    def _tried(self, delivery: Delivery) -> Ending | None:
        begun = False

        def begin() -> bool:
            nonlocal begun
            begun = self._database.again(self._outbox.begin, delivery, owner=self.owner, at=self._now())
            return begun

        try:
            stored, edition, write = self._editions.of(delivery.edition)
            made = parcel(stored, edition, delivery.message_id, write)
            return self._senders.send(delivery.address, made, begin, at=self._now())
        except CommandError as error:  # an edition that this version cannot read
            return deferred(str(error))
        except StorageError:
            raise
        except Exception as error:  # a bug holds up this one and no other, and is told in its words
            log.exception("a bug while an edition was sent")
            words = f"a bug in spywire, please report it: {type(error).__name__}"
            return uncertain(words) if begun else deferred(words)

    def _keep(self, delivery: Delivery, found: Settlement) -> None:
        kept = self._database.again(
            self._outbox.settle,
            delivery,
            owner=self.owner,
            state=found.state,
            at=self._now(),
            next_at=found.next_at,
            detail=found.detail,
        )
        if not kept:
            log.warning("delivery %d was taken over by another sender before it ended here", delivery.id)
        self.sent.counts[found.state] += 1
        if found.state is not DeliveryState.SENT:
            self.sent.failures.append(told(self._editions.stored(delivery.edition), delivery, found))

    def _now(self) -> datetime:
        return self._at + self._elapsed()

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=monotonic() - self._started)


def told(edition: StoredEdition, delivery: Delivery, found: Settlement | Delivery) -> str:
    """A line on a delivery that did not arrive, for whoever reads standard error."""
    again = f", tried again from {found.next_at:%Y-%m-%d %H:%M} UTC" if found.next_at else ""
    to = delivery.address.recipient or delivery.address.channel
    return f"{edition.profile} {edition.kind} {edition.number} to {to}: {found.state}{again}: {found.detail}"


class _Shelf:
    """Editions that are being sent, rendered once for all who get them."""

    def __init__(self, database: Database) -> None:
        self._store = Editions(database)
        self._stored: StoredEdition | None = None
        self._edition: Edition | None = None
        self._forms: dict[str, str] = {}

    def stored(self, edition: int) -> StoredEdition:
        """The stored edition. One is at hand: most deliveries come in its order."""
        if self._stored is None or self._stored.id != edition:
            stored = self._store.with_id(edition)
            assert stored is not None, "a delivery's edition is there: the database holds it to that"
            self._stored, self._edition, self._forms = stored, None, {}
        return self._stored

    def of(self, edition: int) -> tuple[StoredEdition, Edition, Callable[[str], str]]:
        """The edition, and what writes it."""
        from jobs.digest.document import from_document
        from jobs.digest.render import render

        stored = self.stored(edition)
        composed = self._edition = self._edition or from_document(stored.body)
        forms = self._forms

        def write(form: str) -> str:
            if form not in forms:
                forms[form] = render(composed, form, kind=stored.kind)
            return forms[form]

        return stored, composed, write
