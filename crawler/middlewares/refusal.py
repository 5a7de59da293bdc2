"""The exception with which a middleware turns a request away, carrying what the ledger is to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest

if TYPE_CHECKING:
    from crawler.outcomes import Failure


class RefusedError(IgnoreRequest):
    """The request is not ours to make, now or ever."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure
