"""Spans of time as an operator writes them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from storage.records.retention import FOREVER

DAYS = {"d": 1, "w": 7, "y": 365}
MOST = 365 * 1000  # days; the calendar ends before they do
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"([0-9]{1,6})\s*([smhd])")
_KEPT = re.compile(r"([0-9]{1,5})\s*([dwy])")


def span(value: Any) -> timedelta:
    """`30m`, `6h`, `2d`. Raises `ValueError` for anything else."""
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a time span is a number and s, m, h or d, such as "30m"')
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def span_text(value: str) -> str:
    """The same as it was written. Raises `ValueError` likewise."""
    span(value)
    return value


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
