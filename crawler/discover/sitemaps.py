"""Sitemaps and sitemap indexes (sitemaps.org 0.9) with Google's news extension.

`lastmod` tells which entries are new enough to look at; it is no date of publication, since a site that rebuilds its
pages stamps them all. Only `news:publication_date` dates an article.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from lxml import etree

from crawler.discover.dates import first_plausible
from crawler.discover.errors import MalformedFeedError
from crawler.discover.kinds import Drop, Found, SourceKind
from crawler.discover.markup import LONGEST_FIELD
from crawler.discover.offers import MAX_READ, Offer, gather
from crawler.discover.repair import allowed, without_doctype
from crawler.urls import absolute_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

MAX_CHILDREN = 50  # sitemaps of an index that are looked into, the newest
STALE_AFTER = timedelta(days=7)
_EXTENSION = "google.com/schemas/"  # of images and videos, whose titles are not the page's
_NEWS = "google.com/schemas/sitemap-news"
_DIGITS = re.compile(r"\d{1,9}")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def read_sitemap(text: str, *, url: str, source: str, at: datetime) -> Found:
    """The newest pages that a urlset lists. MalformedFeedError if there is markup and none of it can be read."""
    offers = (_offer(fields, url) for fields in _entries(text, "url"))
    gathered = gather(offers, source=source, at=at)
    return Found(
        kind=SourceKind.SITEMAP,
        links=gathered.links,
        dropped=gathered.dropped,
        dates_refused=gathered.dates_refused,
    )


def read_sitemap_index(text: str, *, url: str, at: datetime) -> Found:
    """The newest sitemaps of an index, at most `MAX_CHILDREN`; those unchanged for `STALE_AFTER` are left out.

    The newest child is always among them, so that a quiet site is not taken for an empty one.
    """
    dropped: Counter[str] = Counter()
    dated: dict[str, datetime | None] = {}
    for fields in _entries(text, "sitemap"):
        child = absolute_url(url, fields.get("loc", ""))
        if child is None:
            dropped[Drop.NOT_HTTP] += 1
        elif child in dated or len(dated) >= MAX_READ:
            dropped[Drop.DUPLICATE if child in dated else Drop.OVER_CAP] += 1
        else:
            dated[child] = first_plausible((fields.get("lastmod", ""),), at=at)
    newest = sorted(dated, key=lambda child: _recency(child, dated[child]), reverse=True)
    fresh = [child for child in newest if not _stale(dated[child], at)] or newest[:1]
    dropped += Counter({Drop.STALE: len(newest) - len(fresh), Drop.OVER_CAP: len(fresh[MAX_CHILDREN:])})
    return Found(kind=SourceKind.SITEMAP_INDEX, links=(), children=tuple(fresh[:MAX_CHILDREN]), dropped=dropped)


def _offer(fields: dict[str, str], base: str) -> Offer:
    return Offer(
        href=fields.get("loc"),
        base=base,
        title=escape(fields.get("news:title", ""), quote=False),  # plain text, says the specification
        dates=(fields.get("news:publication_date", ""),),
        modified=fields.get("lastmod", ""),
    )


def _entries(text: str, name: str) -> Iterator[dict[str, str]]:
    """The text of the children of each `name` element, one element in memory at a time."""
    document = BytesIO(allowed(without_doctype(text)).encode())
    elements = etree.iterparse(
        document,
        events=("end",),
        tag=(f"{{*}}{name}",),
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in elements:
            yield dict(_fields(element))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise MalformedFeedError(str(error)[:200]) from error


def _fields(element: _Element) -> Iterator[tuple[str, str]]:
    for child in element.iterchildren("*"):
        namespace, _, local = child.tag.rpartition("}")
        if local == "news":
            yield from ((f"news:{name}", text) for name, text in _fields(child))
        elif _EXTENSION not in namespace or _NEWS in namespace:
            yield local, (child.text or "").strip()[:LONGEST_FIELD]


def _recency(child: str, modified: datetime | None) -> tuple[bool, datetime, list[int]]:
    """Dated before undated; then the numbers in the name, which are years and months or a running count."""
    return modified is not None, modified or _LONG_AGO, [int(number) for number in _DIGITS.findall(child)]


def _stale(modified: datetime | None, at: datetime) -> bool:
    return modified is not None and at - modified > STALE_AFTER
