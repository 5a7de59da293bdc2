"""Kills `digest send` at random moments, and counts what every recipient got.

Each kill is followed by a send in peace, or, worse, by the next kill: only so may one mail be cut off twice.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from random import Random
from typing import TYPE_CHECKING

from jobs.digest.document import to_document
from storage.editions import Editions
from storage.records import DeliveryState, EditionKind, NewEdition
from tests.jobs.delivery.office import Office, Postbox, edition, server, to

if TYPE_CHECKING:
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session

RECIPIENTS = 20  # of each edition
AT_WORK = 0.8  # the share of kills that come once the first mail is on its way; the others come at any moment


@dataclass(frozen=True)
class Toll:
    """What `kills` kills did to the deliveries of some editions."""

    kills: int
    deliveries: int
    once: int  # got exactly one mail
    pairs: int  # got two under one Message-ID, and the outbox knew that it might be so
    in_doubt: int  # cut off twice just there: failed, with words that say so
    unheard: int  # of those, got none
    lost: int  # got none, or are still owed
    more: int  # got another mail than they should

    @property
    def clean(self) -> bool:
        """Whether it is what is promised."""
        return not self.lost and not self.more and self.once + self.pairs + self.in_doubt == self.deliveries


@dataclass
class Slow(Postbox):
    """A mail server that takes its time around the moment in which it takes a mail."""

    random: Random = field(default_factory=lambda: Random(1))
    asked: int = 0

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked += 1
        return await super().handle_MAIL(_server, _session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.random.uniform(0, 0.02))
        reply = await super().handle_DATA(server, _session, envelope)
        await asyncio.sleep(self.random.uniform(0, 0.02))
        return reply


def torment(folder: Path, *, kills: int, seed: int, peace: bool = False) -> Toll:
    """Send with `kills` kills, and in peace after each of them or after all. Seeded, as far as a clock allows."""
    random, office, box = Random(seed), Office(folder), Slow()
    with server(box) as port:
        office.mail(port, timeout=20)
        tomorrow = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower()
        office.set("profile.nobody", weekdays=[tomorrow])  # nothing is composed here; what is sent is put in by hand
        done = editions = 0
        while done < kills:
            if not office.outbox.owed(datetime.now(UTC)):
                editions += 1
                _add(office, editions)
            done += _killed(office, box, random)
            if peace:
                _finish(office)
        _finish(office)
    return _toll(office, box, kills=done, editions=editions)


def _finish(office: Office) -> None:
    while office.outbox.owed(datetime.now(UTC)):
        assert _started(office).wait(60) in {0, 1}


def _add(office: Office, number: int) -> None:
    now = datetime.now(UTC)
    window = {"since": now - timedelta(days=1), "until": now, "due_at": now, "composed_at": now}
    names = to(*(f"reader-{number}-{n}" for n in range(RECIPIENTS)))
    new = NewEdition(
        profile="daily",
        kind=EditionKind.ALERT,  # a digest would take the place of one that reached nobody yet
        key=str(number),
        body=to_document(edition()),
        told=(),
        **window,
    )
    Editions(office.database).add(new, names)


def _started(office: Office) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "jobs", "--home", str(office.folder), "digest", "send"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _killed(office: Office, box: Slow, random: Random) -> bool:
    """Start a sender and kill it; whether it was still alive."""
    before, process = box.asked, _started(office)
    if random.random() < AT_WORK:
        while box.asked == before and process.poll() is None:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.4))
    else:
        time.sleep(random.uniform(0, 2))
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def _toll(office: Office, box: Slow, *, kills: int, editions: int) -> Toll:
    got = Counter((recipient, message_from_bytes(data)["Message-ID"]) for recipient, data in box.mails)
    rows = [row for number in range(1, editions + 1) for row in office.outbox.of(number)]
    counts = Counter[str]()
    for row in rows:
        mails = got.pop((row.address.recipient, row.message_id), 0)
        if row.state is DeliveryState.FAILED and row.resent and mails <= 2:
            counts["in_doubt"] += 1
            counts["unheard"] += not mails
        elif row.state is not DeliveryState.SENT or not mails:
            counts["lost"] += 1
        elif mails == 2 and row.resent:
            counts["pairs"] += 1
        else:
            counts["once" if mails == 1 else "more"] += 1
    return Toll(
        kills=kills,
        deliveries=len(rows),
        once=counts["once"],
        pairs=counts["pairs"],
        in_doubt=counts["in_doubt"],
        unheard=counts["unheard"],
        lost=counts["lost"],
        more=counts["more"] + sum(got.values()),
    )
