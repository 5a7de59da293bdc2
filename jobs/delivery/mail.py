"""An edition as a mail: text first, HTML second, in lines of 76 columns that every server since 1982 can carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from jobs.delivery.addresses import mailbox
from jobs.delivery.parcel import header_line
from jobs.exits import ConfigError

if TYPE_CHECKING:
    from jobs.delivery.addresses import Mailbox
    from jobs.delivery.parcel import Parcel
    from jobs.settings import Mail

COLUMNS = 76  # RFC 2045, 6.7: a line of quoted-printable has no more; nor has one with an encoded word (RFC 2047, 2)


class _Whole(UnstructuredHeader, BaseHeader):
    """A header that is not folded: what stands in <> ends where it is broken, and the library breaks it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Subject(UnstructuredHeader, BaseHeader):
    """A subject that reads as it was written: the library's folding loses spaces between encoded words."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {_folded(str(self), self.name, policy.linesep)}{policy.linesep}"


class _Box(UnstructuredHeader, BaseHeader):
    """One mailbox with its name: the library's folding loses spaces of a long one, or the quotes around it."""

    def fold(self, *, policy: Policy) -> str:
        box, line = mailbox(str(self)), f"{self.name}: {self}"
        if not box.name or (line.isascii() and len(line) <= COLUMNS):
            return line + policy.linesep
        lines, address = f"{self.name}: {_in_words(box.name, self.name, policy.linesep)}", f" <{box.address}>"
        fits = len(lines.rpartition(policy.linesep)[2] + address) <= COLUMNS
        return f"{lines}{'' if fits else policy.linesep}{address}{policy.linesep}"


def _folded(text: str, name: str, newline: str) -> str:
    """A header's text in lines of 76 columns, as it is if it can be: ASCII, with places to break it."""
    if text.isascii():
        lines = Header(text, maxlinelen=COLUMNS, header_name=name).encode(linesep=newline)
        if all(len(line) <= COLUMNS for line in f"{name}: {lines}".split(newline)):
            return lines
    return _in_words(text, name, newline)


def _in_words(text: str, name: str, newline: str) -> str:
    """The same as encoded words (RFC 2047), none of which ends inside a character."""
    return Header(text, "utf-8", maxlinelen=COLUMNS, header_name=name).encode(linesep=newline)


def _policy() -> Policy:
    headers = HeaderRegistry()
    headers.map_to_type("subject", _Subject)
    for name in ("from", "to", "reply-to"):
        headers.map_to_type(name, _Box)
    for name in ("message-id", "list-id", "list-unsubscribe"):
        headers.map_to_type(name, _Whole)
    return SMTP.clone(header_factory=headers, cte_type="7bit", max_line_length=COLUMNS)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A mail and the two addresses that the server is told."""

    sender: str
    recipient: str
    data: bytes


def envelope(parcel: Parcel, recipient: str, settings: Mail) -> Envelope:
    """The mail of one recipient. Raises `ConfigError` where an address of the settings is none."""
    sender, to = sender_of(settings), _known("recipient", recipient)
    message = EmailMessage(policy=_policy())
    message["From"] = _written(sender)
    message["To"] = _written(to)
    if settings.reply_to:
        message["Reply-To"] = _written(_known("[mail] reply_to", settings.reply_to))
    message["Subject"] = header_line(parcel.subject)
    message["Date"] = parcel.composed_at
    message["Message-ID"] = parcel.message_id
    message["List-Id"] = f"<{parcel.profile}.spywire.{_list_domain(sender)}>"
    unsubscribe = settings.unsubscribe or _by_mail(sender, parcel.profile)
    message["List-Unsubscribe"] = f"<{unsubscribe}>"
    if unsubscribe.startswith("https:"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes, please
    message.set_content(_sendable(parcel.write("text")))
    message.add_alternative(_sendable(parcel.write("html")), subtype="html")
    _without_repeated_versions(message)
    message.set_boundary("=_" + sha256(parcel.message_id.encode()).hexdigest()[:40])  # the same mail has the same bytes
    return Envelope(sender=sender.address, recipient=to.address, data=message.as_bytes())


def sender_of(settings: Mail) -> Mailbox:
    """From whom mails are. Raises `ConfigError`."""
    return _known("[mail] sender", settings.sender)


def _known(where: str, text: str) -> Mailbox:
    try:
        return mailbox(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}" if text else f"{where} is empty; write one into spywire.toml") from error


def _written(box: Mailbox) -> str:
    return str(Address(display_name=box.name, addr_spec=box.address))


def _by_mail(sender: Mailbox, profile: str) -> str:
    return f"mailto:{quote(sender.address, safe='@+')}?subject={quote(f'unsubscribe {profile}')}"


def _list_domain(sender: Mailbox) -> str:
    return sender.domain if re.fullmatch(r"[A-Za-z0-9.-]+", sender.domain) else "invalid"


def _sendable(text: str) -> str:
    """UTF-8 has no lone surrogates, and a mail no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _without_repeated_versions(message: EmailMessage) -> None:
    for part in message.iter_parts():
        del part["MIME-Version"]  # the library writes it into every part; it belongs to the whole (RFC 2045, 4)
