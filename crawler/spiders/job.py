"""What one crawl is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.hosts import HostMemory
    from crawler.looks import Look
    from crawler.memory import Memory
    from crawler.report import Tracker
    from crawler.sources import Source
    from crawler.workers import Workers

UNLIMITED = 10**9


@dataclass(kw_only=True)
class Job:
    """What one crawl is given: where to look, what it knows, who does the work, and how far it may go."""

    sources: tuple[Source, ...]  # to be polled
    memory: Memory
    workers: Workers
    tracker: Tracker
    hosts: HostMemory
    max_pages: int = UNLIMITED
    pages_per_source: int = UNLIMITED
    patience: float = inf  # seconds in which pages of one source are asked for
    resting: tuple[Source, ...] = ()  # not polled; links of theirs that wait are fetched all the same
    looks: Mapping[str, Look] = field(default_factory=dict)  # by source: its visit, where that has begun
    until: float | None = None  # when (monotonic) nothing more is begun
