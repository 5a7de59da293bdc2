"""What a source offers: links from feeds, sitemaps and section pages. Pure functions over bytes; nothing is fetched."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.discover.decoding import decode, gunzip
from crawler.discover.errors import MalformedFeedError, NotAFeedError
from crawler.discover.feeds import read_feed, read_json_feed
from crawler.discover.kinds import Drop, Found, SourceKind
from crawler.discover.sections import read_section
from crawler.discover.sitemaps import is_list, read_list, read_sitemap, read_sitemap_index
from crawler.sources import LONGEST_SITEMAP

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Drop", "Found", "MalformedFeedError", "NotAFeedError", "SourceKind", "discover"]

_SNIFFED = 16_384  # bytes
_ASIDE = re.compile(r"<!--.*?(?:-->|$)|<\?.*?(?:\?>|$)", re.DOTALL)
_TELLING = re.compile(
    r"<(?:[\w.-]+:)?(rss|rdf|feed|channel|urlset|sitemapindex|opml|html|head|body|!doctype\s+html)\b", re.IGNORECASE
)
_SOME_HTML = re.compile(
    r"<(?:a|article|br|div|h[1-6]|li|main|meta|p|section|script|span|table|title|ul)\b", re.IGNORECASE
)
_KINDS: dict[str, SourceKind | None] = {
    "opml": None,  # a list of feeds, with a head and a body of its own
    "urlset": SourceKind.SITEMAP,
    "sitemapindex": SourceKind.SITEMAP_INDEX,
    **dict.fromkeys(("rss", "rdf", "feed", "channel"), SourceKind.FEED),
}
_SITEMAPS = frozenset({SourceKind.SITEMAP, SourceKind.SITEMAP_INDEX})


def discover(
    body: bytes,
    *,
    url: str,
    source: str,
    content_type: str | None = None,
    charset: str | None = None,
    kind: SourceKind | None = None,
    pages: bool = True,
    at: datetime,
) -> Found:
    """What the response `body`, fetched from `url` after redirects at `at`, offers.

    Without a `kind` the bytes decide, and `pages` says whether an HTML page will do; a sitemap and a sitemap index pass
    for each other. `charset` is the claim of the HTTP header; `content_type` is only believed where the bytes say
    nothing. gzip is unpacked.

    NotAFeedError if the body is of another kind than asked for, or of none; MalformedFeedError if it is too broken to
    give a single link. Nothing else is raised, whatever the bytes.
    """
    body, over, broken = gunzip(body, LONGEST_SITEMAP)
    if not body.strip(b"\0\t\n\r "):
        raise MalformedFeedError("the body is empty or not gzip after all")
    head = decode(body[:_SNIFFED], charset)
    actual = _sniff(head, content_type)
    if kind is None:
        wrong = actual is None or (actual is SourceKind.SECTION and not pages)
    else:
        wrong = kind is not actual and not {kind, actual} <= _SITEMAPS
    if actual is None or wrong:
        expected = kind or ("feed, sitemap or page" if pages else "feed or sitemap")
        raise NotAFeedError(expected, _described(actual, head, content_type))
    found = _read(actual, body, head, url=url, source=source, charset=charset, at=at)
    dropped = Counter(found.dropped) + Counter({Drop.OVER_SIZE: int(over)})
    dropped |= Counter({Drop.UNREADABLE: int(broken)})
    return replace(found, dropped={str(reason): count for reason, count in dropped.items()})


def _read(
    kind: SourceKind, body: bytes, head: str, *, url: str, source: str, charset: str | None, at: datetime
) -> Found:
    if kind is SourceKind.SECTION:
        return read_section(body, url=url, source=source, charset=charset, at=at)
    if kind is SourceKind.FEED and head.lstrip()[:1] != "{":
        return read_feed(body, url=url, source=source, charset=charset, at=at)
    text = decode(body, charset)
    if kind is SourceKind.SITEMAP and is_list(head):
        return read_list(text, source=source, at=at)
    if kind is SourceKind.SITEMAP:
        return read_sitemap(text, url=url, source=source, at=at)
    if kind is SourceKind.SITEMAP_INDEX:
        return read_sitemap_index(text, url=url, at=at)
    return read_json_feed(text, url=url, source=source, at=at)


def _sniff(head: str, content_type: str | None) -> SourceKind | None:
    """The kind of the first telling element; junk before it, such as a PHP warning, is passed over."""
    head = _ASIDE.sub("", head).lstrip("\ufeff \t\r\n\0")
    if head.startswith("{"):
        return SourceKind.FEED if '"items"' in head or "jsonfeed.org" in head else None
    if telling := _TELLING.search(head):
        return _KINDS.get(telling[1].lower(), SourceKind.SECTION)
    if is_list(head):
        return SourceKind.SITEMAP
    page = "html" in (content_type or "").lower() or _SOME_HTML.search(head)
    return SourceKind.SECTION if page else None


def _described(kind: SourceKind | None, head: str, content_type: str | None) -> str:
    if kind is SourceKind.SECTION:
        title = re.search(r"<title[^>]*>([^<]{1,200})", head, re.IGNORECASE)
        return f"an HTML page titled {title[1].strip()!r}" if title else "an HTML page"
    return f"a {kind}" if kind else f"{content_type or 'something'} that starts with {head[:60]!r}"
