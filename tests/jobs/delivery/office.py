"""A post office for the tests: a home with an edition in its outbox, and mail servers good and bad on loopback."""

from __future__ import annotations

import json
import socket
import threading
from asyncio import Transport
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from jobs.delivery.outbox import Sent, deliver
from jobs.digest.document import to_document
from jobs.digest.edition import Coverage, Day, Edition, Item, Section, Sentence
from jobs.home import Home
from jobs.settings import load_settings
from storage.database import Database
from storage.editions import Editions
from storage.outbox import Outbox
from storage.records import Address, DateSource, Delivery, EditionKind, NewEdition, StoredEdition

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, Session

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HEADLINE = "Ministry's mail was read for nineteen months"


def item(title: str = HEADLINE, number: int = 1, **known: str) -> Item:
    outlet = known.get("outlet", "Example Times")
    return Item(
        id=f"S-20261122-{number:02}",
        story=number,
        title=title,
        url=f"https://example.org/{number}",
        outlets=(outlet,),
        first_seen=AT - timedelta(hours=3),
        published=AT - timedelta(hours=4),
        date_source=DateSource.FEED,
        authors=(),
        language="en",
        score=0.97,
        why="state-linked intrusion",
        sentences=(Sentence(text="Intruders read the mail of a ministry.", outlet=outlet),),
        copies=(),
        articles=1,
    )


def edition(*items: Item, title: str = "Espionage watch", day: Day = Day.NORMAL) -> Edition:
    items = items or (item(),)
    return Edition(
        title=title,
        since=AT - DAY,
        until=AT,
        composed_at=AT,
        coverage=Coverage(day=day, words=("All 3 sources answered.",), sources=3, answered=3, failed=()),
        flagged=Section(items=items, stories=len(items), articles=len(items)),
        held=Section(items=(), stories=0, articles=0),
        links=9,
        fates=(),
        model="gate-1.1",
        profile="daily",
    )


def to(*names: str) -> list[Address]:
    """Mail recipients by name; channels are written with a colon in front."""
    return [
        Address(channel=name[1:]) if name.startswith(":") else Address(channel="mail", recipient=f"{name}@example.org")
        for name in names
    ]


@dataclass
class Office:
    """An installation whose only work is to send."""

    folder: Path
    tables: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True, parents=True)
        self.home = Home(config=self.folder, data=self.folder, state=self.folder)
        self.database = Database.open(f"sqlite:///{self.folder / 'spywire.db'}")
        self.outbox = Outbox(self.database)

    def set(self, section: str, **values: object) -> None:
        """Settings, as they stand in the file."""
        self.tables.setdefault(section, {}).update(values)
        lines = []
        for name, table in self.tables.items():
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
        self.home.settings_file.write_text("\n".join(lines) + "\n")

    def mail(self, port: int, **values: object) -> None:
        self.set("mail", **{"host": "127.0.0.1", "port": port, "security": "none", "timeout": 2} | values)
        self.tables["mail"].setdefault("sender", "Espionage watch <digest@example.org>")
        self.set("mail")

    def add(
        self,
        *addresses: Address,
        composed: Edition | None = None,
        kind: EditionKind = EditionKind.DIGEST,
        day: int = 0,
        body: dict[str, object] | None = None,
    ) -> StoredEdition:
        at = AT + day * DAY
        composed = replace(composed or edition(), number=day + 1)
        return Editions(self.database).add(
            NewEdition(
                profile="daily",
                kind=kind,
                key=f"{at:%Y-%m-%d}",
                since=at - DAY,
                until=at,
                due_at=at,
                composed_at=at,
                body=to_document(composed) if body is None else body,
                told=(),
            ),
            addresses,
        )

    def send(self, after: timedelta = timedelta()) -> Sent:
        settings = load_settings(self.home, {}).settings
        return deliver(self.database, settings, self.home, at=AT + after)

    def one(self, number: int = 0) -> Delivery:
        return self.outbox.of(1)[number]

    def states(self, edition: int = 1) -> list[str]:
        return [str(delivery.state) for delivery in self.outbox.of(edition)]


@dataclass
class Postbox:
    """What an honest mail server does with mail, unless it is told to do otherwise: `replies[command]`, one by one."""

    replies: dict[str, list[str]] = field(default_factory=dict)
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    hang_up: list[str] = field(default_factory=list)  # "before" or "after" a mail is taken, without a word

    def received(self) -> list[str]:
        return [recipient for recipient, _ in self.mails]

    def message(self, number: int = 0) -> EmailMessage:
        return message_from_bytes(self.mails[number][1], policy=default)

    def _reply(self, command: str, otherwise: str) -> str:
        waiting = self.replies.get(command, [])
        return waiting.pop(0) if waiting else otherwise

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._reply("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self._reply(address, "") or self._reply("RCPT", "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        how = self.hang_up.pop(0) if self.hang_up else ""
        reply = self._reply("DATA", "250 OK")
        if how != "before" and reply.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.mails += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        if how:
            assert isinstance(server.transport, Transport)
            server.transport.abort()
        return reply


@contextmanager
def server(
    box: Postbox, *, tls: ssl.SSLContext | None = None, implicit: bool = False, **options: object
) -> Iterator[int]:
    """A mail server on loopback; gives its port."""

    class _Controller(Controller):
        def factory(self) -> SMTP:
            return SMTP(box, hostname="mail.test", tls_context=None if implicit else tls, **options)  # type: ignore[arg-type]

    controller = _Controller(box, hostname="127.0.0.1", port=free_port(), ssl_context=tls if implicit else None)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def liar(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does whatever `talk` does with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    talk(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
