"""What servers asked of us, shared with every later process: their rules, and to be left alone for a while."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from crawler.outcomes import Failure
from storage.hosts import Hosts
from storage.records import LinkState, Parked, RobotsFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from storage.database import Database

P = ParamSpec("P")
T = TypeVar("T")

FRESH = timedelta(hours=12)  # a robots.txt this young is not asked for again
STALE = timedelta(hours=24)  # one this old is not used any more, even when the server fails: RFC 9309, section 2.4
BUSY = {429, 503}  # RFC 6585, section 4; RFC 9110, section 15.6.4
BREATH = timedelta(minutes=5)  # for a server that is busy and does not say how long
BROKEN = 3  # 503s in a row that say no time either; one or two may be a broken page of a host that is well


def parking(status: int, wait: timedelta | None, *, at: datetime, in_a_row: int = 1) -> Parked | None:
    """Until when a host is left alone after this answer, or None if it may be asked again.

    `wait` is what Retry-After says; `in_a_row` counts the answers of this host with this status, up to this one.
    """
    if status not in BUSY or (wait is None and status != 429 and in_a_row < BROKEN):  # noqa: PLR2004 - one is enough
        return None
    return Parked(until=at + (wait or BREATH), because=f"HTTP {status}")


def parked_failure(parked: Parked, *, at: datetime) -> Failure:
    """What a request to a parked host comes to: it waits for its time."""
    reason = f"host is left alone until {parked.until:%Y-%m-%d %H:%M} UTC and asked again then: {parked.because}"
    return Failure(state=LinkState.FAILED, reason=reason, retry_after=parked.until - at, asked=False)


class HostMemory:
    """Remembers in the database; without one only as long as the process lasts, and so what is new in a dry run."""

    def __init__(self, database: Database | None = None, *, dry: bool = False) -> None:
        self._database = database
        self._hosts = Hosts(database) if database is not None else None
        self._keeps = self._hosts is not None and not dry
        self.heard: dict[str, float] = {}  # by name: when (monotonic) a host answered somebody who was before Scrapy
        self._parked: dict[str, Parked] | None = None
        self._robots: dict[str, RobotsFile] | None = None

    async def robots(self, origin: str, *, at: datetime) -> RobotsFile | None:
        """The robots.txt of an origin as it last came, if that is not too long ago."""
        if self._robots is None:
            since = at - STALE
            self._robots = await self._do(self._hosts.all_robots, since=since) if self._hosts else {}
        return self._robots.get(origin)

    async def keep_robots(self, origin: str, file: RobotsFile) -> None:
        """Remember a robots.txt."""
        if self._robots is not None:
            self._robots[origin] = file
        if self._hosts and self._keeps:
            await self._do(self._hosts.keep_robots, origin, file)

    async def parked(self, host: str, *, at: datetime) -> Parked | None:
        """Until when the host is to be left alone, if it is."""
        if self._parked is None:
            self._parked = await self._do(self._hosts.parked, at=at) if self._hosts else {}
        parked = self._parked.get(host)
        return parked if parked and parked.until > at else None

    async def park(self, host: str, parked: Parked) -> None:
        """Leave the host alone, from now on and in every process."""
        self._parked = (self._parked or {}) | {host: parked}
        if self._hosts and self._keeps:
            await self._do(self._hosts.park, host, parked)

    async def _do(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        database = self._database
        assert database is not None
        return await asyncio.to_thread(lambda: database.again(function, *args, **kwargs))
