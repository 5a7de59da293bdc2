"""Looking again at young articles, through the same doors as every page: robots.txt, pauses, guard and limits."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from scrapy import Request

from crawler.handler import STINT, Stint
from crawler.middlewares.refusal import LateError, StoppedError
from crawler.outcomes import GONE
from crawler.page import Page
from crawler.spiders.answers import charset_of, conditions, validators_of
from crawler.spiders.failures import request_failure
from storage.records import Seen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scrapy.http import Response
    from twisted.python.failure import Failure as TwistedFailure

    from crawler.sources import Source
    from crawler.spiders.job import Job
    from storage.records import Revisit

AT_ONCE = 50  # articles of a source in one crawl


class Returning:
    """Asks for articles again and notes what came. A look that fails is not repeated: there is another step."""

    def __init__(self, job: Job, *, note_error: Callable[[TwistedFailure], None]) -> None:
        self._job = job
        self._note_error = note_error

    async def requests(self, source: Source, *, at: datetime, limit: int, stint: Stint) -> list[Request]:
        """Requests for the articles of a source that are due, conditional where their server allows that.

        Once the source has had its time they are not made any more.
        """
        due = await self._job.memory.revisits(source.name, at=at, limit=min(limit, AT_ONCE))
        self._job.tracker.counts["revisits.requested"] += len(due)
        return [
            Request(
                revisit.link.url,
                headers=conditions(revisit.validators),
                callback=self.answered,
                errback=self.failed,
                cb_kwargs={"revisit": revisit},
                meta={"render": source.render, STINT: stint},
                dont_filter=True,
            )
            for revisit in due
        ]

    async def answered(self, response: Response, revisit: Revisit) -> AsyncIterator[Page]:
        """The page as it is now, if it came; else only a note."""
        at = datetime.now(UTC)
        if response.status == HTTPStatus.OK:
            yield Page(
                url=response.url,
                body=response.body,
                charset=charset_of(response),
                link=revisit.link,
                fetched_at=at,
                validators=validators_of(response),
                revisit=revisit,
            )
        elif response.status in GONE or response.status == HTTPStatus.NOT_MODIFIED:
            gone = response.status in GONE
            await self._job.memory.saw(Seen(article_id=revisit.stored.id, at=at, gone=gone))
            self._job.tracker.counts["revisits.gone" if gone else "revisits.unchanged"] += 1
        else:
            self._job.tracker.counts["revisits.failed"] += 1

    async def failed(self, failure: TwistedFailure) -> None:
        """No answer."""
        if isinstance(failure.value, StoppedError):
            return
        if isinstance(failure.value, LateError):
            self._job.tracker.counts["revisits.late"] += 1
            return
        self._job.tracker.counts["revisits.failed"] += 1
        if failure.value is None or request_failure(failure.value, failure.request.url) is None:  # type: ignore[attr-defined]
            self._note_error(failure)
