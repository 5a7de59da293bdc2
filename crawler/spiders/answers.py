"""What the spiders read from a response's head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.outcomes import retry_after
from crawler.polling import body_hash, freshness
from crawler.schedule import Findings
from storage.records import Validators

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response

    from crawler.discover import Found
    from storage.records import Poll

PERMANENT = {301, 308}


def header(response: Response, name: str) -> str | None:
    """A header's value, or None."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def asked_url(response: Response) -> str:
    """What was asked for in the first place, before any redirect."""
    urls = response.meta.get("redirect_urls") or [response.url]
    return str(urls[0])


def moved_to(response: Response) -> str | None:
    """Where redirects led that all say they are for good (RFC 9110, sections 15.4.2 and 15.4.9), or None."""
    reasons = response.meta.get("redirect_reasons") or []
    return str(response.url) if reasons and all(reason in PERMANENT for reason in reasons) else None


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
    """The headers that ask for an answer only if something changed (RFC 9110, section 13).

    Accept-Encoding is the same for every request, so a validator always meets the representation it came with.
    """
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in headers.items() if value}


def findings_of(
    status: int, header: Callable[[str], str | None], poll: Poll, found: Found | None = None, *, new: int = 0
) -> Findings:
    """What the schedule wants to know of a poll that was answered; `header` gives what one header of it says."""
    return Findings(
        state=poll.state,
        offered=len(poll.links),
        new=new,
        period=found.period if found else None,
        max_age=freshness(header("Cache-Control"), header("Age")),
        retry_after=retry_after(header("Retry-After"), at=poll.at),
        status=status,
        detail=poll.detail,
    )
