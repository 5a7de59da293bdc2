"""A request whose answer is waited for: outside the queue, within all the manners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.outcomes import Failure
from crawler.sources import longest
from crawler.spiders.failures import request_failure
from storage.records import LinkState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.sources import SourceKind

MAXSIZE = "download_maxsize"  # in a request's meta: Scrapy's limit for this one
NO_URL = Failure(state=LinkState.BLOCKED, reason="the address is no URL", asked=False)


async def ask(
    crawler: Crawler, url: str, *, kind: SourceKind | None = None, headers: Mapping[str, str] | None = None
) -> Response | Failure:
    """The answer, or why there is none. Guard, robots.txt, delay and limits hold; a bug is raised: no odd `url` is.

    `kind` is what is hoped for, as far as that is known: a sitemap may be longer than other answers.
    """
    usual = crawler.settings.getint("DOWNLOAD_MAXSIZE")
    try:
        meta = {MAXSIZE: longest(url, kind, most=usual)}
        request = Request(url, headers=headers, callback=NO_CALLBACK, meta=meta, dont_filter=True)
    except ValueError:
        return NO_URL
    assert crawler.engine is not None
    try:
        return await crawler.engine.download_async(request)
    except Exception as error:
        failure = request_failure(error, url)
        if failure is None:
            raise
        return failure
