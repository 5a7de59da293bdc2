"""A bound for the head of an answer: Twisted reads header lines for as long as they come, and keeps them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.web._newclient import Request
    from twisted.web.iweb import IResponse

MAX_LINES = 1000  # of at most 16 KiB each, which Twisted sees to


class TooManyHeadersError(Exception):
    """The head of an answer has more than `MAX_LINES` lines."""


class BoundedFactory(_LenientHTTP11ClientFactory):
    """Connections whose answers have a head of bounded size. For the pool of a download handler."""

    def buildProtocol(self, addr: IAddress | None) -> _Protocol:  # noqa: ARG002, N802 - Twisted's name
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class _Parser(_LenientHTTPClientParser):
    lines = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        self.lines += 1
        if self.lines > MAX_LINES:
            raise TooManyHeadersError
        super().lineReceived(line)


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Request) -> Deferred[IResponse]:
        answer: Deferred[IResponse] = super().request(request)
        assert self._parser is not None
        self._parser.__class__ = _Parser  # as its parent does: Twisted names the class of its parser in a function
        return answer
