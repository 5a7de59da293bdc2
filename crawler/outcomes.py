"""What becomes of a link whose page did not come as hoped: one pure decision for each way to fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from storage.records import LinkState

RETRY_AFTER = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
PATIENCE = timedelta(hours=24)  # the longest Retry-After that is believed
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
FORBIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A state with its reason; `retry_after` is given when it is worth another try, and is a least waiting time."""

    state: LinkState
    reason: str
    retry_after: timedelta | None = None


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


def retry_after(value: str | None, *, at: datetime) -> timedelta | None:
    """The waiting time a Retry-After header asks for (RFC 9110, section 10.2.3), at most a day; None if unreadable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(timedelta(seconds=int(value.strip()[:9])), PATIENCE)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    date = date.replace(tzinfo=date.tzinfo or UTC)
    return min(max(date - at, timedelta()), PATIENCE)
