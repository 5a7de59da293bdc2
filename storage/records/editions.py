"""Editions that were composed, to whom each is owed, and what became of every delivery."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


class EditionKind(StrEnum):
    """What an edition is sent for."""

    DIGEST = "digest"
    ALERT = "alert"  # one story, between two digests


class DeliveryState(StrEnum):
    """What became of one edition for one recipient over one channel."""

    PENDING = "pending"
    SENDING = "sending"  # it may arrive from now on; a lease that ends turns it into uncertain
    SENT = "sent"
    DEFERRED = "deferred"  # refused for now; tried again at `next_at`
    UNCERTAIN = "uncertain"  # it may have arrived; sent again once, under the same Message-ID
    FAILED = "failed"

    @property
    def owed(self) -> bool:
        """Whether something is still to be done."""
        return self not in (DeliveryState.SENT, DeliveryState.FAILED)


@dataclass(frozen=True, kw_only=True)
class NewEdition:
    """An edition as it is composed. `key` says what it is for: the local day of a digest, the story of an alert.

    `body` is the frozen edition; every form is rendered from it and from nothing else. `told` names its stories.
    """

    profile: str
    kind: EditionKind
    key: str
    since: datetime
    until: datetime
    due_at: datetime
    composed_at: datetime
    body: dict[str, Any]
    told: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StoredEdition:
    """An edition in the archive. Numbers run from 1 in each profile and kind, without a gap."""

    id: int
    number: int
    profile: str
    kind: EditionKind
    key: str
    since: datetime
    until: datetime
    due_at: datetime
    composed_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Address:
    """To whom over what: a channel of the settings, and one recipient of it (empty where a channel has none)."""

    channel: str
    recipient: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One edition to one recipient over one channel."""

    id: int
    edition: int
    address: Address
    state: DeliveryState
    attempts: int
    next_at: datetime | None  # when it may be tried; since when it is under way; None when nothing is owed
    message_id: str  # the same for every attempt
    resent: bool  # an uncertain one is sent again once
    detail: str  # the server's last word, or the reason of a failure
    sent_at: datetime | None
    lease_until: datetime | None = None  # a sender has it until then at most
