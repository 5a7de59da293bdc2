"""Options that several commands share."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from jobs.exits import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def span_of(text: str, option: str) -> timedelta:
    from jobs.catalogue import span

    try:
        return span(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def since_of(text: str, now: datetime) -> datetime:
    span = re.fullmatch(r"(\d{1,6})\s*([mhd])", text.strip())
    try:
        if span:
            return now - timedelta(minutes=int(span[1]) * {"m": 1, "h": 60, "d": 1440}[span[2]])
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--since {text} is neither a span such as 24h or 7d nor a date such as 2026-11-21") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at >= now:
        raise UsageError(f"--since {text} lies in the future")
    return at
