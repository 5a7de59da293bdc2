"""Mail addresses of the settings: one person each, in a form that every mail server takes and no header breaks on."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 254  # RFC 3696, erratum 1690

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*", re.ASCII)
_WRITTEN = re.compile(
    r'(?:(?:"(?P<quoted>[^"\\<>]*)"|(?P<name>[^"\\<>,;:@]*))\s*<(?P<address>[^<>]*)>|(?P<alone>[^<>"\s,;]+))'
)
_LITERAL = re.compile(r"\[(\d{1,3}(\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\]", re.ASCII)
_LINK = re.compile(r"(mailto:|https://)[!#$%&'*+./0-9:;=?@A-Z_a-z~\[\]-]{3,900}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """Somebody who can be written to."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """Where the mailbox is."""
        return self.address.rpartition("@")[2]

    @property
    def key(self) -> str:
        """What every way to write one address has in common: case means nothing after the @ (RFC 5321, 2.4)."""
        local, at, domain = self.address.rpartition("@")
        return f"{local}{at}{domain.lower()}"


def mailbox(text: str) -> Mailbox:
    """The one mailbox that is written there: `ada@example.org` or `Ada <ada@example.org>`. Raises ValueError."""
    if any(not character.isprintable() for character in text):
        raise ValueError(f"{text!r} is no mail address: it holds a line break or another character that is not shown")
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or "=?" in text:  # the library would decode what looks like an encoded word
        raise ValueError(f"{text!r} is not one mail address such as Ada <ada@example.org>")
    name = (found["quoted"] or found["name"] or "").strip()
    local, _, domain = (found["address"] or found["alone"]).rpartition("@")
    try:
        domain = domain if _LITERAL.fullmatch(domain) else domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    address = f"{local}@{domain}"
    known = _LOCAL.fullmatch(local) and (_DOMAIN.fullmatch(domain) or _LITERAL.fullmatch(domain))
    if not known or len(address) > LONGEST:
        raise ValueError(f"{text!r} is no mail address such as ada@example.org")
    return Mailbox(name=name, address=address)


def mailboxes(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The same, once each is known to be a mailbox. Raises ValueError for the first that is none."""
    for text in texts:
        mailbox(text)
    return texts


def mailbox_if_any(text: str) -> str:
    """The same, once it is known to be a mailbox or empty. Raises ValueError."""
    if text:
        mailbox(text)
    return text


def unsubscribe_link(text: str) -> str:
    """The same, once it is known to be fit for List-Unsubscribe (RFC 2369) or empty. Raises ValueError."""
    if text and not _LINK.fullmatch(text):
        raise ValueError(f"{text!r} is no address for List-Unsubscribe; write mailto:... or https://...")
    return text
