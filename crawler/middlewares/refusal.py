"""The exception with which a middleware turns a request away, carrying what the ledger is to say."""

from __future__ import annotations

from datetime import timedelta

from scrapy.exceptions import IgnoreRequest

from crawler.outcomes import Failure
from storage.records import LinkState


class RefusedError(IgnoreRequest):
    """The request is not ours to make, now or ever."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class NoBrowserError(RefusedError):
    """The page needs a browser, and there is none or it does not start: the page waits for a better day."""

    def __init__(self, detail: str) -> None:
        reason = f"no browser: {detail}"
        super().__init__(Failure(state=LinkState.FAILED, reason=reason, retry_after=timedelta(), asked=False))


class LateError(IgnoreRequest):
    """The time that a crawl has for the source is over: the request is not made, and its link waits for the next."""


class StoppedError(IgnoreRequest):
    """The crawl is ending: the request is not made, and its link waits for the next run."""
