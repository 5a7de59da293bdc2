"""`spywire sources test`: everything about a source before it is one, on one screen. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from crawler.assess import Assessment
from crawler.run import probe
from crawler.workers import KILLED, killed_because
from jobs.exits import Exit
from storage.records import LinkState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.hosts import HostMemory
    from crawler.page import Page
    from crawler.run import Manners
    from crawler.spiders.probe import Probe
    from crawler.workers import Workers
    from storage.records import Link


EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a probe found, and what the gate makes of the newest article there."""

    probe: Probe
    newest: Assessment | None  # None when there is nothing to fetch

    @property
    def exit(self) -> Exit:
        """Found, nothing there, or not to be reached."""
        if self.probe.discovery.found is not None:
            return Exit.OK
        return Exit.PARTIAL if self.probe.discovery.reached else Exit.UNREACHABLE


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often a source seems to publish, from the dates of its items."""

    items: int  # with a date
    since: datetime  # of the oldest
    per_day: float
    median_gap: timedelta


def run_trial(url: str, *, manners: Manners, hosts: HostMemory, workers: Workers) -> Trial:
    """Look around, fetch the newest article, read it and judge it."""
    result = probe(url, manners=manners, hosts=hosts, workers=workers, with_page=True)
    return Trial(probe=result, newest=_newest(result.page, workers))


def pace(links: Sequence[Link]) -> Pace | None:
    """The pace of the items; None where fewer than two have a date, or all have the same."""
    dates = sorted(link.published for link in links if link.published)
    if not dates or dates[0] == dates[-1]:
        return None
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(dates)]
    per_day = len(gaps) * timedelta(days=1) / (dates[-1] - dates[0])
    return Pace(items=len(dates), since=dates[0], per_day=per_day, median_gap=timedelta(seconds=median(gaps)))


def latest(links: Sequence[Link], count: int) -> list[Link]:
    """The last `count` items: by date, undated ones after them in the order of the source."""
    return sorted(links, key=lambda link: link.published or EVER, reverse=True)[:count]


def _newest(page: Page | str | None, workers: Workers) -> Assessment | None:
    if page is None:
        return None
    if isinstance(page, str):
        return Assessment(state=LinkState.FAILED, reason=page)
    try:
        return workers.assess(page).result()
    except KILLED as error:
        return Assessment(state=LinkState.UNEXTRACTABLE, reason=killed_because(error, workers.deadline))
