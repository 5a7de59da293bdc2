"""Page -> assessment -> archive. The shells that wait for the workers and the database; they decide nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import DropItem

from crawler.assess import Assessment
from crawler.report import Trouble
from crawler.spiders.news import NewsSpider
from crawler.workers import KILLED, killed_because
from storage.archive import NO_MODEL, STATE
from storage.errors import StorageError
from storage.records import Judged, LinkState, Settled

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.page import Page


class GatePipeline:
    """Extracts and judges in a worker; whatever is no article goes into the ledger and no further."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, page: Page) -> tuple[Page, Judged]:
        spider = _spider(self._crawler)
        assessment = await self._assess(spider, page)
        if assessment.judged is None:
            await spider.settle(_settled(page, assessment.state, assessment.reason))
            raise DropItem(assessment.reason)
        if assessment.judged.verdict.model == NO_MODEL:
            spider.job.tracker.trouble(Trouble.GATE, assessment.reason)
        return page, assessment.judged

    async def _assess(self, spider: NewsSpider, page: Page) -> Assessment:
        try:
            return await asyncio.wrap_future(spider.job.workers.assess(page))
        except KILLED as error:
            return Assessment(state=LinkState.UNEXTRACTABLE, reason=killed_because(error, spider.job.workers.deadline))
        except Exception as error:  # noqa: BLE001 - it is a bug; the page is not fetched again and again for it
            return Assessment(state=LinkState.FAILED, reason=spider.job.tracker.bug(error))


class ArchivePipeline:
    """Stores the article, its verdict and its ledger row in one transaction; gives a plain item for `-O FILE`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: tuple[Page, Judged]) -> dict[str, Any]:
        page, judged = item
        job = _spider(self._crawler).job
        outcome = _settled(page, STATE[judged.verdict.decision], judged.verdict.why)
        state = await job.memory.store(judged, outcome)
        job.tracker.settled(state, title=judged.article.title, url=judged.article.url)
        return {
            "url": judged.article.url,
            "title": judged.article.title,
            "text": judged.article.text,
            "state": str(state),
            "score": judged.verdict.score,
            "why": judged.verdict.why,
        }

    async def close_spider(self) -> None:
        """Let the workers go, and give back the links that were not finished."""
        job = _spider(self._crawler).job
        job.workers.close()
        try:
            await job.memory.close()
        except StorageError as error:
            job.tracker.trouble(Trouble.STORAGE, str(error))


def _settled(page: Page, state: LinkState, reason: str) -> Settled:
    assert page.link is not None
    return Settled(
        key=page.link.key,
        state=state,
        reason=reason,
        at=datetime.now(UTC),
        fetched_at=page.fetched_at,
        final_url=page.url,
        http_status=200,
    )


def _spider(crawler: Crawler) -> NewsSpider:
    assert isinstance(crawler.spider, NewsSpider)
    return crawler.spider
