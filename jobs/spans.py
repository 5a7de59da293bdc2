"""Spans of time as an operator writes them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from storage.records.retention import FOREVER

DAYS = {"d": 1, "w": 7, "y": 365}
MOST = 365 * 1000  # days; the calendar ends before they do
_KEPT = re.compile(r"([0-9]{1,5})\s*([dwy])")


def kept(value: Any) -> timedelta:
    """`30d`, `8w`, `2y` (of 365 days) or `forever`. Raises `ValueError` for anything else."""
    if value == "forever":
        return FOREVER
    match = _KEPT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('it is "forever", or a number and d, w or y, such as "30d"')
    days = int(match[1]) * DAYS[match[2]]
    return timedelta(days=days) if days < MOST else FOREVER


def kept_text(value: str) -> str:
    """The same as it was written. Raises `ValueError` likewise."""
    kept(value)
    return value
