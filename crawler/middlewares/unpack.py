"""Unpacks compressed answers within the size limit, without guessing their charset.

Scrapy's middleware asks a response for its encoding while the body is still compressed, and that runs a charset
detection over bytes that a worker will decode again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.responsetypes import responsetypes
from scrapy.utils._compression import _DecompressionMaxSizeExceeded

from crawler.middlewares.refusal import RefusedError
from crawler.outcomes import TOO_LARGE, Failure
from storage.records import LinkState

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

STACKED = 2  # encodings on top of each other; more is an attack


class UnpackMiddleware(HttpCompressionMiddleware):
    """Offers the same encodings as its parent; unpacks at most `STACKED` of them, never beyond DOWNLOAD_MAXSIZE."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        del request
        encodings = response.headers.getlist("Content-Encoding")
        if not encodings:
            return response
        body = self._unpacked(response.body, encodings)
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        return kind(
            response.url,
            status=response.status,
            headers=headers,
            body=body,
            flags=response.flags,
            request=response.request,
            ip_address=response.ip_address,
        )

    def _unpacked(self, body: bytes, encodings: list[bytes]) -> bytes:
        if sum(value.count(b",") + 1 for value in encodings) > STACKED:
            raise RefusedError(_unreadable("packed more than twice"))
        try:
            body, kept = self._handle_encoding(body, encodings, self._max_size)
        except _DecompressionMaxSizeExceeded as error:
            raise RefusedError(TOO_LARGE) from error
        except Exception as error:  # the decoders' errors have no class in common
            raise RefusedError(_unreadable(f"broken compression: {error}")) from error
        if kept:
            raise RefusedError(_unreadable(f"unknown Content-Encoding {b', '.join(kept).decode('latin-1')}"))
        return body


def _unreadable(reason: str) -> Failure:
    return Failure(state=LinkState.UNEXTRACTABLE, reason=reason)
