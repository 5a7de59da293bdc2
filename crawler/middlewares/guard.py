"""Keeps requests to http and https on allowed ports: the first request, every redirect and every meta refresh.

The address itself is checked in `crawler.resolver`, where names become addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from crawler.guard import url_refusal
from crawler.middlewares.refusal import RefusedError
from crawler.outcomes import Failure
from storage.records import LinkState

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class GuardMiddleware:
    """Stands before everything else that looks at a request."""

    def __init__(self, ports: frozenset[int]) -> None:
        self._ports = ports

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(frozenset(int(port) for port in crawler.settings.getlist("SPYWIRE_ALLOW_PORTS")))

    def process_request(self, request: Request) -> None:
        """Refuse or let pass."""
        reason = url_refusal(request.url, self._ports)
        if reason is not None:
            raise RefusedError(Failure(state=LinkState.BLOCKED, reason=reason))
