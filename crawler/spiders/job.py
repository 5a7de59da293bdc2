"""What one crawl is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.hosts import HostMemory
    from crawler.memory import Memory
    from crawler.report import Tracker
    from crawler.sources import Source
    from crawler.workers import Workers

UNLIMITED = 10**9


@dataclass(kw_only=True)
class Job:
    """What one crawl is given: where to look, what it knows, who does the work, and how far it may go."""

    sources: tuple[Source, ...]
    memory: Memory
    workers: Workers
    tracker: Tracker
    hosts: HostMemory
    max_pages: int = UNLIMITED
    pages_per_source: int = UNLIMITED
    resting: tuple[Source, ...] = ()  # not polled; links of theirs that wait are fetched all the same
