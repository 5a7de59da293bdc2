"""Why a response could not be read as the source it was taken for."""

from __future__ import annotations

from crawler.errors import CrawlerError


class NotAFeedError(CrawlerError):
    """The body is whole and is something else: `expected` was asked for, `got` came."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected a {expected}, got {got}")
        self.expected = expected
        self.got = got

    def __reduce__(self) -> tuple[type[NotAFeedError], tuple[str, str]]:
        return type(self), (self.expected, self.got)


class MalformedFeedError(CrawlerError):
    """The body is of the right kind and too damaged for a single link to be read."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __reduce__(self) -> tuple[type[MalformedFeedError], tuple[str]]:
        return type(self), (self.detail,)
