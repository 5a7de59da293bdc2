"""Whether a source has failed for longer than a blip, and what several that fail say together. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import Rhythm

MISWRITTEN = "broken"  # the state of a source that is written down wrongly, where others are ok or failing
LOOKS = 3  # in a row
LONG = timedelta(days=1)  # without an answer
MANY = 5  # sources that, failing alike, say something about the network and not about themselves


def failing(rhythm: Rhythm, *, at: datetime) -> bool:
    """Whether the last three looks failed, or the last one did and the source has not answered for a day."""
    if not rhythm.failures:
        return False
    return rhythm.failures >= LOOKS or (rhythm.read_at is not None and at - rhythm.read_at >= LONG)


def telling(unanswered: int, known: int) -> bool:
    """Whether so many sources, of those there are, that were asked in vain say that nothing can be reached.

    One of many that is down says nothing but that; half of them, or five, do not go down together by chance.
    """
    return unanswered > 0 and (unanswered >= MANY or 2 * unanswered >= known)
