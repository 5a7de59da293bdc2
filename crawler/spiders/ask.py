"""A request whose answer is waited for: outside the queue, within all the manners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.spiders.failures import request_failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.outcomes import Failure


async def ask(crawler: Crawler, url: str, *, headers: Mapping[str, str] | None = None) -> Response | Failure:
    """The answer, or why there is none. Guard, robots.txt, delay and limits hold; a bug is raised."""
    assert crawler.engine is not None
    request = Request(url, headers=headers, callback=NO_CALLBACK, dont_filter=True)
    try:
        return await crawler.engine.download_async(request)
    except Exception as error:
        failure = request_failure(error, url)
        if failure is None:
            raise
        return failure
