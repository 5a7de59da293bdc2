"""Waiting for the worker that reads a page, and what is left to do when it had to be killed."""

from __future__ import annotations

import asyncio
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from crawler.assess import Assessment
from crawler.workers import KILLED, killed_because
from storage.records import LinkState

if TYPE_CHECKING:
    from crawler.page import Page
    from crawler.report import Tracker
    from crawler.workers import Workers


async def assessment_of(page: Page, *, workers: Workers, tracker: Tracker) -> Assessment:
    """What came of a page. One that cost its worker too much is judged on its description, if it has one."""
    try:
        found = await _assessed(page, workers)
    except KILLED as error:
        found = await _described(page, killed_because(error, workers.deadline), workers, tracker)
    except Exception as error:  # noqa: BLE001 - it is a bug; the page is not read again and again for it
        return Assessment(state=LinkState.FAILED, reason=tracker.bug(error))
    if found.judged is not None and found.judged.article.dropped_lines:
        tracker.counts["lines.dropped"] += found.judged.article.dropped_lines
    return found


async def _assessed(page: Page, workers: Workers) -> Assessment:
    try:
        return await asyncio.wrap_future(workers.assess(page))
    except BrokenProcessPool:  # which says nothing of this page: another one's worker died
        return await asyncio.wrap_future(workers.assess(page))


async def _described(page: Page, because: str, workers: Workers, tracker: Tracker) -> Assessment:
    try:
        return await asyncio.wrap_future(workers.describe(page, because))
    except KILLED:
        return Assessment(state=LinkState.UNEXTRACTABLE, reason=because)
    except Exception as error:  # noqa: BLE001 - the page is what it was before: unextractable
        tracker.bug(error)
        return Assessment(state=LinkState.UNEXTRACTABLE, reason=because)
