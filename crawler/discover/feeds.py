"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed.

Read by element, not by dialect: an item is whatever is called item or entry, and each of its children plays a role by
name and namespace. That is what feeds in the wild need, where dialects are mixed and namespaces misspelt.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from functools import lru_cache
from html import escape
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree

from crawler.discover import repair
from crawler.discover.errors import MalformedFeedError
from crawler.discover.kinds import Drop, Found, SourceKind
from crawler.discover.markup import LONGEST_FIELD, plain
from crawler.discover.offers import Offer, gather

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.etree import _Element

_MAX_AUTHORS = 20
_LONGEST_NAME = 300
_CORE = frozenset(
    """
    http://www.w3.org/2005/atom http://purl.org/atom/ns# http://purl.org/rss/1.0/ http://purl.org/net/rss1.1#
    http://my.netscape.com/rdf/simple/0.9/ http://channel.netscape.com/rdf/simple/0.9/ http://backend.userland.com/rss
    http://backend.userland.com/rss2 http://backend.userland.com/rss091 http://blogs.law.harvard.edu/tech/rss
    http://purl.org/rss/1.0/modules/rss091# http://cyber.law.harvard.edu/rss/rss.html http://my.netscape.com/publish/
    """.split()
)
_NAMESPACES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/elements/1.0/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
}
_ROLES = {
    **dict.fromkeys(("title", "dc:title"), "title"),
    **dict.fromkeys(
        ("pubdate", "published", "issued", "created", "dc:date", "dcterms:issued", "dcterms:created"), "published"
    ),
    **dict.fromkeys(("updated", "modified", "dcterms:modified"), "updated"),
    **dict.fromkeys(("description", "summary", "dc:description", "tagline"), "summary"),
    **dict.fromkeys(("content", "content:encoded", "fullitem"), "content"),
    **dict.fromkeys(("author", "dc:creator", "dc:author"), "author"),
    **dict.fromkeys(("link", "url"), "link"),
    **dict.fromkeys(("guid", "id"), "guid"),
    "feedburner:origlink": "original",
}
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_LINKING = frozenset({"link", "guid", "original"})
_HINTS = ("{*}ttl", "{*}updatePeriod", "{*}updateFrequency")
_HTTP = re.compile(r"\s*https?://", re.IGNORECASE)
# How sure it is that a URL is the article's, best first.
_ORIGINAL, _ALTERNATE, _LINK, _PERMALINK, _ABOUT, _ID = range(6)
_MAILBOX = re.compile(r"\s*[^\s@<>()]+@[^\s@<>()]+\s*(?:\(([^()]*)\))?\s*|([^<>@]*)<[^<>\s]*@[^<>\s]*>\s*")
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 7 * 24, "monthly": 30 * 24, "yearly": 365 * 24}
_LONGEST_PERIOD = timedelta(days=366)


def read_feed(text: str, *, url: str, source: str, at: datetime) -> Found:
    """What an RSS, RDF or Atom document offers. MalformedFeedError if it is broken and has not one readable item."""
    text = repair.without_doctype(text)
    root, items, unreadable = _parsed(text)
    rebased = "xml:base" in text
    gathered = gather((_offer(item, _base(item, url) if rebased else url) for item in items), source=source, at=at)
    return Found(
        kind=SourceKind.FEED,
        links=gathered.links,
        dropped=gathered.dropped + Counter({Drop.UNREADABLE: unreadable}),
        dates_refused=gathered.dates_refused,
        title=_title(root),
        period=_period(root),
    )


def read_json_feed(text: str, *, url: str, source: str, at: datetime) -> Found:
    """What a JSON Feed offers (jsonfeed.org, 1.0 and 1.1). MalformedFeedError if it is no JSON or has no items."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedFeedError(f"not JSON: {str(error)[:200]}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise MalformedFeedError("JSON without a list of items")
    readable = [item for item in items if isinstance(item, dict)]
    gathered = gather((_json_offer(item, url) for item in readable), source=source, at=at)
    return Found(
        kind=SourceKind.FEED,
        links=gathered.links,
        dropped=gathered.dropped + Counter({Drop.UNREADABLE: len(items) - len(readable)}),
        dates_refused=gathered.dates_refused,
        title=plain(_string(feed.get("title"))) or None,
    )


def _parsed(text: str) -> tuple[_Element, list[_Element], int]:
    """The root, the items and how many of them cannot be read; each step is taken only if the one before fell short."""
    root = repair.parse_strict(text)
    if root is not None:
        return root, _items(root), 0
    opened = repair.count_items(text)
    root = repair.parse_mended(text)
    items = [] if root is None else _items(root)
    if len(items) < opened:
        pieces = [item for piece in repair.parse_in_pieces(text) for item in _items(piece)[:1]]
        items = max(items, pieces, key=len)
    if root is None or not items:
        raise MalformedFeedError(f"the markup is broken and not one item can be read; it opens {opened}")
    return root, items, max(opened - len(items), 0)


def _items(root: _Element) -> list[_Element]:
    found = root.iter("{*}item", "{*}entry", "{*}Item", "{*}Entry", "{*}ITEM")
    return [
        item for item in found if (parent := item.getparent()) is None or _local(parent.tag) not in {"item", "entry"}
    ]


def _offer(item: _Element, base: str) -> Offer:
    texts: dict[str, str] = {}
    dates: dict[str, list[str]] = {"published": [], "updated": []}
    authors: list[str] = []
    hrefs: list[tuple[int, str]] = []
    for child in item.iterchildren("*"):
        role = _role(child.tag)
        if role is None:
            continue
        if role in _LINKING:
            if ranked := _href(child, role):
                hrefs.append(ranked)
        elif role in dates:
            dates[role].append(child.text or "")
        elif role == "author":
            authors.append(_name(child))
        elif not texts.get(role):
            texts[role] = _markup(child)
    if about := item.get(_RDF_ABOUT):
        hrefs.append((_ABOUT, about))
    return Offer(
        href=min(hrefs, key=itemgetter(0))[1] if hrefs else None,
        base=base,
        title=texts.get("title", ""),
        dates=(*dates["published"], *dates["updated"]),
        summary=texts.get("summary") or texts.get("content", ""),
        authors=tuple(authors[:_MAX_AUTHORS]),
    )


def _href(element: _Element, role: str) -> tuple[int, str] | None:
    """The URL that a link, guid or origLink element gives, with its rank."""
    text = (element.text or "").strip()
    if role == "original":
        return (_ORIGINAL, text) if text else None
    if role == "guid":
        return _identifier(element, text)
    if element.get("rel", "alternate").lower() not in {"alternate", ""}:
        return None
    if href := element.get("href"):
        return _ALTERNATE, href
    if not text and _HTTP.match(tail := element.tail or ""):
        text = tail  # `<link/>http://...`: HTML's idea of a link, in a feed
    return (_LINK, text) if text else None


def _identifier(element: _Element, text: str) -> tuple[int, str] | None:
    if not _HTTP.match(text):
        return None
    if _local(element.tag) == "guid":
        return (_PERMALINK, text) if element.get("isPermaLink", "true").lower() == "true" else None
    return _ID, text


def _markup(element: _Element) -> str:
    text: str = etree.tostring(element, encoding="unicode", with_tail=False) if len(element) else element.text or ""
    return text[:LONGEST_FIELD] if text and not text.isspace() else ""


def _name(author: _Element) -> str:
    """The name in an author element. An address without a name is nobody's name, and none of our business."""
    if len(author):
        author = next((child for child in author.iterchildren("*") if _local(child.tag) == "name"), author)
    name = (author.text or "")[:_LONGEST_NAME]
    return _unaddressed(name) if "@" in name else name


def _unaddressed(name: str) -> str:
    mailbox = _MAILBOX.fullmatch(name)
    return (mailbox[1] or mailbox[2] or "") if mailbox else name


def _base(item: _Element, url: str) -> str:
    try:
        return str(urljoin(url, item.base or ""))
    except ValueError:
        return url


def _title(root: _Element) -> str | None:
    titles = (
        child
        for parent in (root, *root.iter("{*}channel"))
        for child in parent.iterchildren("*")
        if _role(child.tag) == "title"
    )
    return next((title for element in titles if (title := plain(_markup(element)))), None)


def _period(root: _Element) -> timedelta | None:
    """How often the feed asks to be looked at: RSS `ttl` in minutes, or RSS 1.0's syndication module."""
    hints = {_local(element.tag): (element.text or "").strip() for element in root.iter(*_HINTS)}
    ttl, every = hints.get("ttl", ""), hints.get("updateperiod", "").lower()
    if ttl[:9].isdecimal() and int(ttl[:9]):
        return min(timedelta(minutes=int(ttl[:9])), _LONGEST_PERIOD)
    if every not in _PERIODS:
        return None
    times = hints.get("updatefrequency", "")[:9]
    return timedelta(hours=_PERIODS[every]) / max(int(times) if times.isdecimal() else 1, 1)


@lru_cache(maxsize=1024)  # a feed has a dozen kinds of element; hostile ones may have more than we keep
def _role(tag: str) -> str | None:
    namespace, _, local = tag.lower().rpartition("}")
    namespace = namespace.removeprefix("{")
    if not namespace or namespace in _CORE:
        return _ROLES.get(local)
    return _ROLES.get(f"{_NAMESPACES[namespace]}:{local}") if namespace in _NAMESPACES else None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _json_offer(item: dict[str, Any], base: str) -> Offer:
    identifier = _string(item.get("id"))
    authors = [*named, item.get("author")] if isinstance(named := item.get("authors"), list) else [item.get("author")]
    content = ("summary", "content_text", "content_html")
    return Offer(
        href=_string(item.get("url"))
        or (identifier if _HTTP.match(identifier) else "")
        or _string(item.get("external_url")),
        base=base,
        title=escape(_string(item.get("title")), quote=False),  # JSON Feed titles are plain text
        dates=(_string(item.get("date_published")), _string(item.get("date_modified"))),
        summary=next((text for name in content if (text := _string(item.get(name)))), ""),
        authors=tuple(_string(author.get("name")) for author in authors[:_MAX_AUTHORS] if isinstance(author, dict)),
    )


def _string(value: object) -> str:
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""
