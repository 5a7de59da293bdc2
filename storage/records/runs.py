"""Executions of a job, and the account of what they saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
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
class Account:
    """What became of links by the end of a window, each link in one tally, by their source."""

    found: Mapping[str, tuple[Tally, ...]]  # discovered in it
    before: Mapping[str, tuple[Tally, ...]]  # discovered before, and without an outcome when it began


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What was seen and what became of it in `[since, until)`: nothing leaves the flow uncounted."""

    since: datetime
    until: datetime
    links: int  # discovered in the window; the tallies add up to it
    tallies: tuple[Tally, ...]
    sources: tuple[SourcePoll, ...]
    before: tuple[Tally, ...] = ()  # of links that were waiting when it began


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a job. `counts` names every gate of the flow; `sources` what each source gave or lacked."""

    id: int
    job: str
    version: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    counts: dict[str, int]
    host: str = ""
    process: int = 0
    received: int = 0  # bytes
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class JobHistory:
    """What became of a job so far."""

    started_at: datetime  # its latest run
    ended_at: datetime | None  # None: it runs, or was killed
    exit_code: int | None
    done_at: datetime | None  # when its latest run began that did its work
    failures: int  # runs in a row that did not, up to the latest
