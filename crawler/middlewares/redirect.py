"""Follows redirects, and a page's own refresh, to wherever there is a URL; the guard sees the new request first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.core.downloader import Downloader
from scrapy.downloadermiddlewares import redirect

from crawler.middlewares.refusal import RefusedError
from crawler.outcomes import Failure
from storage.records import LinkState

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response

OK = 200
HEAD = 16_384  # bytes in which a page may ask to be left for another
NOWHERE = Failure(state=LinkState.FAILED, reason="redirected to what is no URL", retry_after=timedelta())


class RedirectMiddleware(redirect.RedirectMiddleware):
    """Scrapy's; a Location that cannot be a URL is the server's fault and not a bug of ours."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        return _somewhere(super().process_response, request, response)


class RefreshMiddleware(redirect.MetaRefreshMiddleware):
    """Follows `<meta http-equiv="refresh">` where there is one, and guesses no charset where there is none.

    Only a page that is there may ask to be left for another: that an article is gone is an answer, wherever its error
    page leads, and robots.txt is no page.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        if response.status != OK or request.meta.get("robots") or b"refresh" not in response.body[:HEAD].lower():
            return response
        return _somewhere(super().process_response, request, response)


def _somewhere(
    follow: Callable[[Request, Response], Request | Response], request: Request, response: Response
) -> Request | Response:
    """Where it leads: a request that waits for its turn at its own host, and not at the one that sent it there."""
    try:
        followed = follow(request, response)
    except ValueError as error:
        raise RefusedError(NOWHERE) from error
    if isinstance(followed, Request):
        followed.meta.pop(Downloader.DOWNLOAD_SLOT, None)
    return followed
