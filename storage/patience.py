"""Which failures of a server pass by themselves, and how long it is waited for."""

from __future__ import annotations

from random import uniform
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 300.0  # seconds: a server that is restarted, upgraded or moved is back by then
FIRST, LONGEST = 0.1, 10.0  # pauses between two tries
# https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSING = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "53300",  # too_many_connections
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now
}
CONNECTION = "08"  # the class of connection exceptions


def passing(error: Exception) -> bool:
    """Whether the whole unit of work may well succeed if it is done again."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state in PASSING or state.startswith(CONNECTION)


def pauses(patience: float) -> Iterator[float]:
    """How long to wait before each further try: longer each time, `patience` seconds in all.

    Each is drawn from the upper half of its span, so that ten processes do not come back in the same moment.
    """
    span, left = FIRST, patience
    while left > 0:
        pause = min(uniform(span / 2, span), left)  # noqa: S311 - nothing secret
        yield pause
        left -= pause
        span = min(span * 2, LONGEST)
