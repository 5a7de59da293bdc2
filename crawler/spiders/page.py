"""Fetches one page, for a person who asks for it by URL: the same guard, robots.txt and limits as a crawl."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

from crawler.outcomes import status_failure
from crawler.page import Page
from crawler.spiders.answers import charset_of
from crawler.spiders.failures import request_failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.hosts import HostMemory


class PageSpider(Spider):
    """Leaves the page, or the reason why there is none, in `result`."""

    name = "page"

    def __init__(self, *, url: str, hosts: HostMemory, result: list[Page | str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.url, self.hosts, self.result = url, hosts, result

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self.url, callback=self.parse, errback=self.failed, dont_filter=True)

    def parse(self, response: Response) -> None:
        if response.status == 200:  # noqa: PLR2004 - OK
            charset = charset_of(response)
            page = Page(url=response.url, body=response.body, charset=charset, fetched_at=datetime.now(UTC))
            self.result.append(page)
        else:
            self.result.append(status_failure(response.status).reason)

    def failed(self, failure: Failure) -> None:
        """The request got no answer."""
        known = request_failure(failure.value, self.url) if failure.value else None
        self.result.append(known.reason if known else f"{type(failure.value).__name__}: {failure.value}")
