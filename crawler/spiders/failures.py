"""From the exception of a request to what the ledger says of it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectError, ConnectionClosed

from crawler.headers import MAX_LINES, TooManyHeadersError
from crawler.middlewares.refusal import RefusedError
from crawler.outcomes import NO_HOST, TOO_LARGE, Failure
from crawler.resolver import GuardedResolver
from storage.records import LinkState

SOON = timedelta()  # as soon as the backing-off allows
KNOWN: dict[type[BaseException], Failure] = {
    DownloadTimeoutError: Failure(state=LinkState.FAILED, reason="timeout", retry_after=SOON),
    ConnectError: Failure(state=LinkState.FAILED, reason="no connection", retry_after=SOON),  # no route, no address
    DownloadConnectionRefusedError: Failure(state=LinkState.FAILED, reason="connection refused", retry_after=SOON),
    ResponseDataLossError: Failure(state=LinkState.FAILED, reason="the answer was cut short", retry_after=SOON),
    DownloadCancelledError: TOO_LARGE,
    UnsupportedURLSchemeError: Failure(state=LinkState.BLOCKED, reason="scheme is not http or https"),
}


def request_failure(error: BaseException, url: str) -> Failure | None:
    """What an exception of the downloader means for a link; None for what is a bug of ours."""
    if isinstance(error, RefusedError):
        return error.failure
    if isinstance(error, CannotResolveHostError):
        return _unresolved(url)
    for kind, failure in KNOWN.items():
        if isinstance(error, kind):
            return failure
    if isinstance(error, DownloadFailedError):
        return Failure(state=LinkState.FAILED, reason=_in_words(_cause(error)), retry_after=SOON)
    if isinstance(error, IgnoreRequest):
        return Failure(state=LinkState.FAILED, reason=str(error)[:200], retry_after=SOON)
    return None


def _unresolved(url: str) -> Failure:
    host = urlsplit(url).hostname or ""
    refused = GuardedResolver.refused.get(host)
    if refused is None:
        return Failure(state=LinkState.FAILED, reason=NO_HOST, retry_after=SOON)
    return Failure(state=LinkState.BLOCKED, reason=refused)


def _cause(error: DownloadFailedError) -> BaseException | None:
    """What Twisted found first; it wraps that twice."""
    reasons = getattr(error.__cause__, "reasons", None)
    return reasons[0].value if reasons else error.__cause__


def _in_words(cause: BaseException | None) -> str:
    """A few words that the server has no say in: reports count failures by them."""
    if isinstance(cause, ConnectionClosed):
        return "the connection was closed"
    if isinstance(cause, TooManyHeadersError):
        return f"more than {MAX_LINES} header lines"
    if isinstance(cause, SSL.Error | VerificationError):
        return f"no secure connection: {_tls_reason(cause)}"
    return "the answer is not HTTP"


def _tls_reason(cause: Exception) -> str:
    """OpenSSL's own words, such as `certificate verify failed`."""
    stack = cause.args[0] if isinstance(cause, SSL.Error) and cause.args else None
    return str(stack[-1][-1]) if isinstance(stack, list) and stack else type(cause).__name__
