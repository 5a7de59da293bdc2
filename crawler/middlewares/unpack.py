"""Unpacks compressed answers within the size limit, without guessing their charset.

Scrapy's middleware asks a response for its encoding while the body is still compressed, and that runs a charset
detection over bytes that a worker will decode again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.httpcompression import ACCEPTED_ENCODINGS, HttpCompressionMiddleware
from scrapy.responsetypes import responsetypes
from scrapy.utils._compression import _DecompressionMaxSizeExceeded

from crawler.middlewares.refusal import RefusedError
from crawler.outcomes import TOO_LARGE, Failure
from storage.records import LinkState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy import Request
    from scrapy.http import Response

STACKED = 2  # encodings on top of each other; more is an attack
KNOWN = frozenset({*ACCEPTED_ENCODINGS, b"x-gzip"})
BEGINNING = 512  # bytes by which a text is told from packed bytes
CONTROLS = frozenset(range(0x20)) - set(b"\t\n\f\r\x1b")  # not in a text, whatever its charset; ESC begins ISO-2022


class UnpackMiddleware(HttpCompressionMiddleware):
    """Offers the same encodings as its parent; unpacks at most `STACKED` of them, never beyond the request's limit."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        encodings = response.headers.getlist("Content-Encoding")
        if not encodings:
            return response
        limit = int(request.meta.get("download_maxsize", self._max_size))
        body = unpacked(response.body, encodings, max_bytes=limit)
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


def unpacked(body: bytes, labels: Sequence[bytes], *, max_bytes: int) -> bytes:
    """A body without the codings that the values of Content-Encoding name. RefusedError if it cannot be had.

    Labels lie: `identity`, `none`, `utf-8`, nothing at all are no codings and are passed over like every unknown one,
    and what is a text already was not packed, whatever they say.
    """
    codings = [label.strip().lower() for value in labels for label in value.split(b",")]
    codings = [coding for coding in codings if coding in KNOWN]
    if len(codings) > STACKED:
        raise RefusedError(_unreadable("packed more than twice"))
    for coding in reversed(codings):
        if len(body) >= BEGINNING and _is_text(body):
            break  # deflate and brotli would make something of it
        try:
            body = HttpCompressionMiddleware._decode(body, coding, max_bytes)  # noqa: SLF001 - within the limit
        except _DecompressionMaxSizeExceeded as error:
            raise RefusedError(TOO_LARGE) from error
        except Exception as error:  # the decoders' errors have no class in common
            if not _is_text(body):
                raise RefusedError(_unreadable(f"broken compression: {error}")) from error
    return body


def _is_text(body: bytes) -> bool:
    """Whether the beginning holds no byte that a text does not; of packed bytes it is one in ten."""
    return CONTROLS.isdisjoint(body[:BEGINNING])


def _unreadable(reason: str) -> Failure:
    return Failure(state=LinkState.UNEXTRACTABLE, reason=reason)
