"""From the exception of a request to what the ledger says of it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

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

from crawler.middlewares.refusal import RefusedError
from crawler.outcomes import NO_HOST, TOO_LARGE, Failure
from crawler.resolver import GuardedResolver
from storage.records import LinkState

SOON = timedelta()  # as soon as the backing-off allows
KNOWN: dict[type[BaseException], Failure] = {
    DownloadTimeoutError: Failure(state=LinkState.FAILED, reason="timeout", retry_after=SOON),
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
    if isinstance(error, DownloadFailedError | IgnoreRequest):
        return Failure(state=LinkState.FAILED, reason=_in_words(error), retry_after=SOON)
    return None


def _unresolved(url: str) -> Failure:
    host = urlsplit(url).hostname or ""
    address = GuardedResolver.refused.get(host)
    if address is None:
        return Failure(state=LinkState.FAILED, reason=NO_HOST, retry_after=SOON)
    return Failure(state=LinkState.BLOCKED, reason=f"address {address} is not public")


def _in_words(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:200]
