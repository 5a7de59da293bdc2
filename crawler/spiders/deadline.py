"""The end of the time that a crawl was given: nothing more is begun, and nobody is waited for."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.spiders.job import Job

GRACE = 20  # seconds for what is under way


def mind_the_time(crawler: Crawler, job: Job) -> None:
    """End the crawl when its time is over. Called while its loop runs."""
    if job.until is not None:
        asyncio.get_running_loop().call_later(max(job.until - monotonic(), 0), _end, crawler, job)


def _end(crawler: Crawler, job: Job) -> None:
    from twisted.internet import reactor

    job.tracker.out_of_time()
    asyncio.ensure_future(crawler.stop_async())  # noqa: RUF006 - its end is the loop's
    asyncio.get_running_loop().call_later(GRACE, cast("Any", reactor).stop)
