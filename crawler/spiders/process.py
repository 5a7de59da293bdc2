"""Scrapy's process, which notes the signal that stops it and does not wait for ever for what is under way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from scrapy.crawler import AsyncCrawlerProcess

from crawler.spiders.deadline import GRACE

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from crawler.report import Tracker


class Process(AsyncCrawlerProcess):
    """Runs one spider once."""

    def __init__(self, settings: Settings, *, tracker: Tracker) -> None:
        super().__init__(settings)
        self._tracker = tracker

    def _signal_shutdown(self, signum: int, frame: Any) -> None:
        """The first signal: what is under way has `GRACE` seconds. Scrapy alone would wait for every answer."""
        from twisted.internet import reactor

        self._tracker.signalled(signum)
        super()._signal_shutdown(signum, frame)
        cast("Any", reactor).callFromThread(_leave_in_time)


def _leave_in_time() -> None:
    from twisted.internet import reactor

    asyncio.get_running_loop().call_later(GRACE, cast("Any", reactor).stop)
