"""Options that several commands share."""

from __future__ import annotations

import re
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.exits import BusyError, Exit, UsageError
from jobs.terminal import leave, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.home import Home

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Wait = Annotated[str, typer.Option(metavar="SPAN", help="Wait this long (30s, 10m) for the run that is at work.")]


class Busy(StrEnum):
    """What to do when the same job is at work already."""

    FAIL = "fail"
    SKIP = "skip"


IfBusy = Annotated[Busy, typer.Option(help="When the same job is at work: fail says who and exits 75, skip exits 0.")]


@contextmanager
def locked_for(
    home: Home,
    job: str,
    *,
    url: str | None = None,
    wait: timedelta | None = None,
    if_busy: Busy = Busy.FAIL,
    verbose: bool = False,
) -> Iterator[None]:
    """Be the only run of a job in this home, and on the database of a `url`; or end as `--if-busy` says.

    `wait` is None for a command without `--wait`.
    """
    from jobs.home import WAIT, alone, locked

    patience = wait or timedelta()
    try:
        with locked(home, job, wait=patience), nullcontext() if url is None else alone(home, url, job, wait=patience):
            yield
    except BusyError as error:
        if if_busy is not Busy.SKIP:
            raise BusyError(f"{error}{WAIT * (wait is not None)}") from error
        if verbose:
            say(f"skipped: {error}")
        leave(Exit.OK)


def span_of(text: str, option: str) -> timedelta:
    from jobs.spans import span

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
