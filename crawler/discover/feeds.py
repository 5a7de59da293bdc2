"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed: an item is whatever is called item or entry."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from functools import cache
from html import escape
from operator import methodcaller
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin

from lxml import etree

from crawler.discover import repair
from crawler.discover.decoding import decode, is_utf8
from crawler.discover.errors import MalformedFeedError
from crawler.discover.items import HTTP, LONGEST_NAME, MAX_AUTHORS, local_name, places, read_item, role_of, text_at
from crawler.discover.kinds import Drop, Found, SourceKind
from crawler.discover.markup import LONGEST_FIELD, plain
from crawler.discover.offers import Offer, gather

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.etree import _Element

_PARENT = methodcaller("getparent")
_REBASED = etree.XPath("boolean(ancestor-or-self::*/@xml:base or */@xml:base)")
_HINTS = ("{*}ttl", "{*}updatePeriod", "{*}updateFrequency")
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 7 * 24, "monthly": 30 * 24, "yearly": 365 * 24}
_LONGEST_PERIOD = timedelta(days=366)


class _Parsed(NamedTuple):
    root: _Element
    items: list[_Element]
    unreadable: int


def read_feed(body: bytes, *, url: str, source: str, charset: str | None = None, at: datetime) -> Found:
    """What an RSS, RDF or Atom document offers. MalformedFeedError if it is broken and has not one readable item."""
    root, items, unreadable = _parsed(body, charset)
    places_of = cache(places)  # most items of a feed have the same children
    rebased = any(_REBASED(parent) for parent in _parents(items))
    offers = (read_item(item, _base(item, url) if rebased else url, places_of) for item in items)
    gathered = gather(offers, source=source, at=at)
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


def _parsed(body: bytes, charset: str | None) -> _Parsed:
    """Each step is taken only if the one before fell short."""
    if is_utf8(body, charset) and repair.starts_plainly(body) and (root := repair.parse_strict(body)) is not None:
        return _Parsed(root, _items(root), 0)
    text = repair.without_doctype(decode(body, charset))
    root = repair.parse_strict(text.encode())
    if root is not None:
        return _Parsed(root, _items(root), 0)
    opened = repair.count_items(text)
    root = repair.parse_mended(text)
    items = [] if root is None else _items(root)
    if len(items) < opened:
        pieces = [item for piece in repair.parse_in_pieces(text) for item in _items(piece)[:1]]
        items = max(items, pieces, key=len)
    if root is None or not items:
        raise MalformedFeedError(f"the markup is broken and not one item can be read; it opens {opened}")
    return _Parsed(root, items, max(opened - len(items), 0))


def _items(root: _Element) -> list[_Element]:
    items = list(root.iter("{*}item", "{*}entry", "{*}Item", "{*}Entry", "{*}ITEM"))
    nesting = {parent for parent in _parents(items) if local_name(parent.tag) in {"item", "entry"}}
    return [item for item in items if item.getparent() not in nesting] if nesting else items


def _parents(items: list[_Element]) -> set[_Element]:
    """Mostly one. An item that is the root stands for its parent."""
    return {item if parent is None else parent for item, parent in zip(items, map(_PARENT, items), strict=True)}


def _base(item: _Element, url: str) -> str:
    try:
        return str(urljoin(url, item.base or ""))
    except ValueError:
        return url


def _title(root: _Element) -> str | None:
    heads = (root, *root.iter("{*}channel"))
    titles = (child for head in heads for child in head.iterchildren("*") if role_of(child.tag) == "title")
    return next((title for element in titles if (title := plain(text_at([element], (0,))))), None)


def _period(root: _Element) -> timedelta | None:
    """How often the feed asks to be looked at: RSS `ttl` in minutes, or RSS 1.0's syndication module."""
    hints = {local_name(element.tag): (element.text or "").strip() for element in root.iter(*_HINTS)}
    ttl, every = hints.get("ttl", ""), hints.get("updateperiod", "").lower()
    if ttl[:9].isdecimal() and int(ttl[:9]):
        return min(timedelta(minutes=int(ttl[:9])), _LONGEST_PERIOD)
    if every not in _PERIODS:
        return None
    times = hints.get("updatefrequency", "")[:9]
    return timedelta(hours=_PERIODS[every]) / max(int(times) if times.isdecimal() else 1, 1)


def _json_offer(item: dict[str, Any], base: str) -> Offer:
    identifier = _string(item.get("id"))
    authors = [*named, item.get("author")] if isinstance(named := item.get("authors"), list) else [item.get("author")]
    content = ("summary", "content_text", "content_html")
    return Offer(
        href=_string(item.get("url"))
        or (identifier if HTTP.match(identifier) else "")
        or _string(item.get("external_url")),
        base=base,
        title=escape(_string(item.get("title")), quote=False),  # JSON Feed titles are plain text
        dates=(_string(item.get("date_published")), _string(item.get("date_modified"))),
        summary=next((text for name in content if (text := _string(item.get(name)))), ""),
        authors=tuple(
            _string(author.get("name"))[:LONGEST_NAME] for author in authors[:MAX_AUTHORS] if isinstance(author, dict)
        ),
    )


def _string(value: object) -> str:
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""
