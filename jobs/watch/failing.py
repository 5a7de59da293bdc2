"""Whether a source has failed for longer than a blip. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records import Rhythm

LOOKS = 3  # in a row
LONG = timedelta(days=1)  # without an answer


def failing(rhythm: Rhythm, *, at: datetime) -> bool:
    """Whether the last three looks failed, or the last one did and the source has not answered for a day."""
    if not rhythm.failures:
        return False
    return rhythm.failures >= LOOKS or (rhythm.read_at is not None and at - rhythm.read_at >= LONG)
