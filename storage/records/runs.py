"""Executions of a job, and the account of what they saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records.links import LinkState
    from storage.records.polls import SourcePoll


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many links of a window stand in one state for one reason."""

    state: LinkState
    reason: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What was seen and what became of it in `[since, until)`: nothing leaves the flow uncounted."""

    since: datetime
    until: datetime
    links: int  # discovered in the window; the tallies add up to it
    tallies: tuple[Tally, ...]
    sources: tuple[SourcePoll, ...]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a job. `counts` names every gate of the flow."""

    id: int
    job: str
    version: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    counts: dict[str, int]
