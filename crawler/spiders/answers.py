"""What the spiders read from a response's head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.polling import body_hash
from storage.records import Validators

if TYPE_CHECKING:
    from scrapy.http import Response


def header(response: Response, name: str) -> str | None:
    """A header's value, or None."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def asked_url(response: Response) -> str:
    """What was asked for in the first place, before any redirect."""
    urls = response.meta.get("redirect_urls") or [response.url]
    return str(urls[0])


def charset_of(response: Response) -> str | None:
    """The charset that Content-Type claims, lower case."""
    _, _, charset = (header(response, "Content-Type") or "").lower().partition("charset=")
    return charset.split(";")[0].strip(" \"'") or None


def validators_of(response: Response) -> Validators:
    """What makes the next request for the same URL conditional."""
    return Validators(
        etag=header(response, "ETag"),
        last_modified=header(response, "Last-Modified"),
        body_hash=body_hash(response.body),
    )


def conditions(known: Validators) -> dict[str, str]:
    """The headers that ask for an answer only if something changed (RFC 9110, section 13)."""
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in headers.items() if value}
