"""What an answer means for a delivery: done, later, never, or nobody knows. Pure; the senders ask, the outbox keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from crawler.text import clean_line
from storage.records import DeliveryState

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import Delivery

# Five days in all: RFC 5321, 4.5.4.1 asks for at least four before a mail is given up.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440))
LONGEST_WAIT = WAITS[-1]
IN_DOUBT = timedelta(minutes=5)  # until one that may have arrived is sent once more
SHOWN = 300  # characters of an answer that are kept

SHUTTING_DOWN = 421
LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
TEMPORARY = 75  # a command's EX_TEMPFAIL, sysexits.h


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How one attempt ended, in the state it asks for."""

    state: DeliveryState
    words: str
    wait: timedelta | None = None  # what the other side asks for
    down: bool = False  # it would have ended so for everybody


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What is written of a delivery."""

    state: DeliveryState
    next_at: datetime | None
    detail: str


def sent(words: str = "") -> Ending:
    """It has arrived."""
    return Ending(state=DeliveryState.SENT, words=shown(words))


def deferred(words: str, *, wait: timedelta | None = None, down: bool = False) -> Ending:
    """Not now."""
    return Ending(state=DeliveryState.DEFERRED, words=shown(words), wait=wait, down=down)


def failed(words: str) -> Ending:
    """Never, as things are."""
    return Ending(state=DeliveryState.FAILED, words=shown(words))


def uncertain(words: str) -> Ending:
    """It may have arrived."""
    return Ending(state=DeliveryState.UNCERTAIN, words=shown(words))


def shown(words: str) -> str:
    """An answer of somebody else's, on a line that breaks nothing."""
    return clean_line(words, limit=SHOWN)


def settlement(delivery: Delivery, ending: Ending, *, at: datetime) -> Settlement:
    """What becomes of a delivery after an attempt that ended so. `delivery` is as it was claimed."""
    doubted = delivery.state is DeliveryState.UNCERTAIN
    match ending.state:
        case DeliveryState.SENT:
            return _over(DeliveryState.SENT, ending.words)
        case DeliveryState.DEFERRED if delivery.attempts >= len(WAITS):
            return _over(DeliveryState.FAILED, f"given up after {delivery.attempts + 1} attempts: {ending.words}")
        case DeliveryState.DEFERRED:
            wait = min(max(WAITS[delivery.attempts], ending.wait or timedelta()), LONGEST_WAIT)
            state = DeliveryState.UNCERTAIN if doubted else DeliveryState.DEFERRED
            return Settlement(state=state, next_at=at + wait, detail=ending.words)
        case DeliveryState.UNCERTAIN if doubted:
            return _over(DeliveryState.FAILED, f"sent twice, and it is not known whether it arrived: {ending.words}")
        case DeliveryState.UNCERTAIN:
            return Settlement(state=DeliveryState.UNCERTAIN, next_at=at + IN_DOUBT, detail=ending.words)
        case _:
            before = "an earlier attempt may have arrived; then: " if doubted else ""
            return _over(DeliveryState.FAILED, before + ending.words)


def of_reply(code: int, words: str, *, after_data: bool = False) -> Ending:
    """A mail server's reply to a command (RFC 5321, 4.2.1). Nonsense after the mail was handed over decides nothing."""
    told, meant = f"{code} {words}", f"the server does not keep to the protocol: {code} {words}"
    match code // 100:
        case 5:
            return failed(told)
        case 4:
            return deferred(told, down=code == SHUTTING_DOWN)
        case 2 if after_data:
            return sent(told)
        case _:
            return uncertain(meant) if after_data else deferred(meant, down=True)


def of_status(status: int, *, retry_after: timedelta | None = None) -> Ending:
    """A web server's answer to the POST of an edition."""
    told = f"HTTP {status}"
    match status // 100:
        case 2:
            return sent(told)
        case 3:
            return failed(f"{told}: redirects are not followed; write the final address into the settings")
        case 4 if status not in LATER:
            return failed(told)
        case _:
            return deferred(told, wait=retry_after)


def of_exit(code: int, words: str) -> Ending:
    """A program's exit code. One that was killed may have done its work before."""
    said = f": {words}" if words else ""
    if code == 0:
        return sent()
    if code == TEMPORARY:
        return deferred(f"the command asks to be run again later (exit code 75){said}")
    if code < 0:
        return uncertain(f"the command was ended by signal {-code}{said}")
    return failed(f"the command ended with exit code {code}{said}")


def retry_after(header: str | None, *, at: datetime) -> timedelta | None:
    """What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3). None where it asks for nothing sensible."""
    from email.utils import parsedate_to_datetime

    text = (header or "").strip()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return timedelta(seconds=int(text))
    try:
        wait = parsedate_to_datetime(text) - at
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None
    return max(wait, timedelta())


def _over(state: DeliveryState, words: str) -> Settlement:
    return Settlement(state=state, next_at=None, detail=shown(words))
