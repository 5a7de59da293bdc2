"""How a crawl opens: it begins the visit to every source that is due, and looks first where that may settle it.

Whoever answers 304 is done with, exactly as if Scrapy had asked. What else came back is handed on with its look, so
that no server is asked twice; what was not asked is asked by Scrapy. If nothing is left to do, Scrapy is not needed.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.looks import Answer, begin, goes_first, may_ask, rules_of
from crawler.memory import note
from crawler.polling import failed_poll
from crawler.spiders.answers import findings_of
from storage.records import PollState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawler.hosts import HostMemory
    from crawler.looks import Look
    from crawler.memory import Memory
    from crawler.report import Tracker
    from crawler.robots import Robots
    from crawler.run import Manners
    from crawler.sources import Source

PATIENCE = 30.0  # seconds, after which what there is to fetch does not wait for hosts with many sources


@dataclass(kw_only=True)
class Opening:
    """What a crawl does before Scrapy. `until` (monotonic) is when the whole crawl has to be over."""

    memory: Memory
    hosts: HostMemory
    tracker: Tracker
    manners: Manners
    until: float | None = None
    left: tuple[Look, ...] = ()  # what Scrapy has to go on with
    idle: tuple[Source, ...] = ()  # what is done with
    busy: bool = False  # there is something to do beside the looks, or besides those that were idle

    async def run(self, sources: Sequence[Source], resting: Sequence[Source]) -> None:
        """Look; `left` and `busy` say what is to do then. A signal and the end of the time are troubles of the tracker.

        Raises `StorageError`.
        """
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, number, task)
        try:
            async with asyncio.timeout(None if self.until is None else self.until - monotonic()):
                await self._run(sources, resting)
        except TimeoutError:
            self.tracker.out_of_time()
        except asyncio.CancelledError:
            self.tracker.stopped()

    def _stop(self, number: int, task: asyncio.Task[None]) -> None:
        self.tracker.signalled(number)
        task.cancel()

    async def _run(self, sources: Sequence[Source], resting: Sequence[Source]) -> None:
        at = datetime.now(UTC)
        await self.memory.start()
        names = [source.name for source in (*sources, *resting)]
        looks = [await begin(source, self.memory, at=at) for source in sources]
        delays = await self._delays([look for look in looks if goes_first(look)], at=at)
        firsts = [look for look in looks if look.source.name in delays]
        unjudged = await self.memory.unjudged()
        self.busy = bool(unjudged) or len(firsts) < len(looks) or await self.memory.any_waiting(names, at=at)
        if firsts:
            await self._ask(firsts, delays)
        self.left = tuple(look for look in looks if not look.idle)
        self.idle = tuple(look.source for look in looks if look.idle)

    async def _delays(self, looks: Iterable[Look], *, at: datetime) -> dict[str, float]:
        """By source, the pause its host is to have after an answer; only those that may be asked before Scrapy."""
        agent, ports = self.manners.user_agent, self.manners.allow_ports
        origins: dict[str, Robots | None] = {}
        delays = {}
        for look in looks:
            parts = urlsplit(look.url)
            origin = f"{parts.scheme}://{parts.netloc}"
            if origin not in origins:
                origins[origin] = rules_of(await self.hosts.robots(origin, at=at), user_agent=agent, at=at)
            rules, parked = origins[origin], await self.hosts.parked(parts.netloc, at=at)
            if rules is not None and may_ask(look.url, rules, parked, ports=ports):
                delays[look.source.name] = max(rules.delay or 0.0, self.manners.delay)
        return delays

    async def _ask(self, looks: Sequence[Look], delays: Mapping[str, float]) -> None:
        from crawler.scout import Scout

        patience = monotonic() + PATIENCE
        async with Scout(self.manners, heard=self.hosts.heard) as scout:
            await scout.ask(
                looks, delays=delays, told=self._told, go_on=lambda: not self.busy or monotonic() < patience
            )

    async def _told(self, look: Look) -> None:
        """Note a 304 as every poll is noted; whatever else came is for Scrapy."""
        if not isinstance(look.came, Answer) or not look.idle:
            self.busy = True
            return
        self.tracker.received += look.came.size
        at = datetime.now(UTC)
        poll = failed_poll(look.source, look.url, PollState.UNCHANGED, "", at=at)
        await note(poll, memory=self.memory, tracker=self.tracker)
        if look.visit.answered(findings_of(look.came.status, look.came.header, poll)):
            await self.memory.keep(look.visit.after(at))
