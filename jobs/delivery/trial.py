"""A word through every channel, to see whether the way is open. It goes past the outbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import make_msgid
from html import escape
from typing import TYPE_CHECKING

from jobs.delivery.parcel import Parcel
from jobs.delivery.senders import Senders
from jobs.exits import Exit
from jobs.settings import Form
from storage.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jobs.delivery.outcome import Ending
    from jobs.home import Home
    from jobs.settings import Settings
    from storage.records import Address

TEXT = """\
This is a test of {title} (profile {profile}).

If you can read it, the way to you is open. Nothing needs to be done.
"""
HTML = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Test</title><p>{text}</p></html>\n'


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What happened to the word for one address."""

    profile: str
    address: Address
    ending: Ending


def tried(settings: Settings, home: Home, profile: str, addresses: Sequence[Address], *, at: datetime) -> list[Tried]:
    """Send a test to each of these addresses, one after the other."""
    senders = Senders(settings=settings, home=home)
    title = settings.profile[profile].title or settings.digest.title
    found = []
    for address in addresses:
        parcel = word(profile, title, at=at)
        ending = senders.send(address, parcel, lambda: True, at=at)
        assert ending is not None, "nobody forbids a test"
        found.append(Tried(profile=profile, address=address, ending=ending))
    return found


def word(profile: str, title: str, *, at: datetime) -> Parcel:
    """What is sent, in every form. Each has a name of its own, or a mailbox would show only the first."""
    text = TEXT.format(title=title, profile=profile)
    forms = {
        Form.TEXT: text,
        Form.MARKDOWN: text,
        Form.HTML: HTML.format(text=escape(text)),
        Form.JSON: json.dumps({"schema": 0, "test": text}) + "\n",
    }
    return Parcel(
        profile=profile,
        kind="test",
        number=0,
        subject=f"Test: {title} ({profile})",
        composed_at=at,
        message_id=make_msgid("test", domain="spywire.invalid"),
        write=lambda form: forms[Form(form)],
    )


def exit_of(found: Sequence[Tried]) -> Exit:
    """How the command ends."""
    failed = [each for each in found if each.ending.state is not DeliveryState.SENT]
    if not failed:
        return Exit.OK
    return Exit.UNREACHABLE if all(each.ending.down for each in found) else Exit.PARTIAL
