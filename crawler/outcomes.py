"""What becomes of a link whose page did not come as hoped: one pure decision for each way to fail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from storage.records import LinkState, Waited

RETRY_AFTER = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
PATIENCE = timedelta(hours=24)  # the longest Retry-After that is believed
LONGEST_WAIT = timedelta(days=30)  # for a host that says nothing at all (RFC 9309, section 2.3.1.4)
SECONDS = re.compile(r"\s*[0-9]+(?:\.[0-9]*)?\s*(?:,\s*[0-9]+(?:\.[0-9]*)?\s*)*")
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
FORBIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A state with its reason; `retry_after` is given when it is worth another try, and is a least waiting time.

    Without `asked` nobody was asked for the page, which says nothing about it: that is no attempt.
    """

    state: LinkState
    reason: str
    retry_after: timedelta | None = None
    asked: bool = True


NO_HOST = "host not found"
TOO_LARGE = Failure(state=LinkState.UNEXTRACTABLE, reason="larger than the size limit")


def status_failure(status: int, *, retry_after: timedelta | None = None) -> Failure:
    """What an HTTP status other than 200 means for a page (RFC 9110, section 15)."""
    reason = f"HTTP {status}"
    if status in GONE:
        return Failure(state=LinkState.GONE, reason=reason)
    if status in FORBIDDEN:
        return Failure(state=LinkState.BLOCKED, reason=reason)
    return Failure(state=LinkState.FAILED, reason=reason, retry_after=retry_after or timedelta())


def retry_at(failure: Failure, *, attempts: int, at: datetime) -> datetime | None:
    """When to try again after `attempts` tries, or None to give up: 15 min, 1 h, 6 h, 24 h, then never."""
    if failure.retry_after is None or attempts > len(RETRY_AFTER):
        return None
    return at + max(failure.retry_after, RETRY_AFTER[max(attempts, 1) - 1])


def next_turn(failure: Failure, waited: Waited | None, *, at: datetime) -> datetime | None:
    """When a link that nobody was asked for gets its turn, or None to give it up. `waited` is how it did before, if so.

    That is when its host said. A host that says nothing is tried after 15 min, then after twice as long each time, at
    the latest after a day. It is given up when that much silence comes on top of a month since the link was found.
    """
    if failure.retry_after is None:
        return None
    if failure.retry_after:
        return at + failure.retry_after
    if waited is None:
        return at + RETRY_AFTER[0]
    if waited.last >= RETRY_AFTER[-1] and at - waited.found >= LONGEST_WAIT:
        return None
    return at + min(max(2 * waited.last, RETRY_AFTER[0]), RETRY_AFTER[-1])


def retry_after(value: str | None, *, at: datetime) -> timedelta | None:
    """The waiting time a Retry-After header asks for (RFC 9110, section 10.2.3), at most a day; None if unreadable.

    Seconds with a fraction are read too, and of several values the longest.
    """
    if value is None:
        return None
    if SECONDS.fullmatch(value):
        longest = max(float(number) for number in value.split(","))
        return timedelta(seconds=min(longest, PATIENCE.total_seconds()))
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    date = date.replace(tzinfo=date.tzinfo or UTC)
    return min(max(date - at, timedelta()), PATIENCE)
