"""Page -> assessment -> archive. The shells that wait for the workers and the database; they decide nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import DropItem

from crawler.judging import assessment_of
from crawler.report import OF_STORED, Trouble
from crawler.revisits import believed, change, missing
from crawler.spiders.news import NewsSpider
from crawler.urls import url_key
from storage.archive import NO_MODEL, STATE
from storage.errors import StorageError
from storage.records import Judged, LinkState, Moved, Seen, Settled

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.page import Page
    from crawler.spiders.job import Job
    from storage.records import Revisit


class GatePipeline:
    """Extracts and judges in a worker; whatever is no article goes into the ledger and no further."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, page: Page) -> tuple[Page, Judged]:
        spider = _spider(self._crawler)
        job = spider.job
        page = replace(page, repeated=await job.memory.repeated(page.host))
        assessment = await assessment_of(replace(page, revisit=None), workers=job.workers, tracker=job.tracker)
        judged = assessment.judged
        unjudged = judged is not None and judged.verdict.model == NO_MODEL
        if unjudged:
            job.tracker.trouble(Trouble.GATE, assessment.reason)
        if page.revisit is not None and (judged is None or unjudged):
            await _unread(page, page.revisit, assessment.reason, job)
            raise DropItem(assessment.reason)
        if judged is None:
            await spider.settle(_settled(page, assessment.state, assessment.reason))
            raise DropItem(assessment.reason)
        return page, judged


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
        if page.revisit is not None:
            await _compare(page, page.revisit, judged, job)
            raise DropItem("seen before")
        outcome = _settled(page, STATE[judged.verdict.decision], judged.verdict.why)
        state = await job.memory.store(judged, outcome)
        source = page.link.source if page.link else ""
        told = {"source": source, "title": judged.article.title, "url": judged.article.url}
        job.tracker.settled(state, reason=OF_STORED.get(state, ""), **told)
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


async def _says_missing(page: Page, job: Job) -> bool:
    """Whether a page says that there is none, read under its own headline and not the feed's."""
    link = None if page.link is None else page.link._replace(title=None)
    found = await assessment_of(replace(page, revisit=None, link=link), workers=job.workers, tracker=job.tracker)
    return found.judged is None and missing(found.reason)


async def _unread(page: Page, revisit: Revisit, reason: str, job: Job) -> None:
    """Another look showed no article: what was there stays as it is, unless the page says that there is none."""
    gone = missing(reason) or await _says_missing(page, job)
    job.tracker.counts["revisits.gone" if gone else "revisits.unread"] += 1
    if gone:
        await job.memory.saw(Seen(article_id=revisit.stored.id, at=datetime.now(UTC), gone=True))


async def _compare(page: Page, revisit: Revisit, judged: Judged, job: Job) -> None:
    """Note what another look at an article gave."""
    stored, at = revisit.stored, datetime.now(UTC)
    if not believed(stored.article, judged.article):
        gone = await _says_missing(page, job)
        there = await job.memory.saw(Seen(article_id=stored.id, at=at, gone=gone, doubted=judged))
        job.tracker.counts["revisits.not-believed" if there else "revisits.gone"] += 1
        return
    what = change(stored.article, judged.article, found=(stored.findings, judged.findings), repeated=page.repeated)
    job.tracker.counts["revisits.changed" if what else "revisits.unchanged"] += 1
    key = url_key(page.url)
    seen = Seen(
        article_id=stored.id,
        at=at,
        moved=Moved(url=page.url, key=key) if key != url_key(revisit.link.url) else None,
        validators=page.validators,
        judged=judged if what else None,
        what=what or "",
    )
    await job.memory.saw(seen)


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
        validators=page.validators,
    )


def _spider(crawler: Crawler) -> NewsSpider:
    assert isinstance(crawler.spider, NewsSpider)
    return crawler.spider
