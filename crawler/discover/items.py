"""One item of an RSS, RDF or Atom document: what it offers.

Read by element, not by dialect: each child of an item plays a role by its name and namespace. That is what feeds in the
wild need, where dialects are mixed and namespaces misspelt.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from crawler.discover.markup import LONGEST_FIELD
from crawler.discover.offers import Offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

MAX_AUTHORS = 20
LONGEST_NAME = 300
HTTP = re.compile(r"\s*https?://", re.IGNORECASE)

_MOST_CHILDREN = 1_000  # that are looked at
_MOST_OF_A_ROLE = 50
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
_MAILBOX = re.compile(r"\s*[^\s@<>()]+@[^\s@<>()]+\s*(?:\(([^()]*)\))?\s*|([^<>@]*)<[^<>\s]*@[^<>\s]*>\s*")
_TAG = attrgetter("tag")


class Places(NamedTuple):
    """Where the elements of each role stand among the children of an item."""

    title: tuple[int, ...]
    date: tuple[int, ...]  # in the order of trust
    summary: tuple[int, ...]
    content: tuple[int, ...]
    author: tuple[int, ...]
    original: tuple[int, ...]
    link: tuple[int, ...]
    guid: tuple[int, ...]


def places(tags: tuple[object, ...]) -> Places:
    """The places in an item whose children are called `tags`. The same for most items of a feed: worth a cache."""
    by_role: dict[str | None, list[int]] = defaultdict(list)
    for place, tag in enumerate(tags):
        by_role[role_of(tag)].append(place)
    by_role["author"] = by_role["author"][:MAX_AUTHORS]
    by_role["date"] = by_role["published"] + by_role["updated"]
    return Places(*(tuple(by_role[role][:_MOST_OF_A_ROLE]) for role in Places._fields))


def read_item(item: _Element, base: str, places_of: Callable[[tuple[object, ...]], Places] = places) -> Offer:
    """What an item offers, with links that are relative to `base`."""
    children = item[:_MOST_CHILDREN]
    titles, dates, summaries, contents, authors, originals, links, guids = places_of(tuple(map(_TAG, children)))
    written: tuple[str, ...] = ()
    for place in dates:
        written += (children[place].text or "",)
    names: tuple[str, ...] = ()
    for place in authors:
        names += (_name(children[place]),)
    return Offer(
        (originals and _original(children, originals))
        or _linked(children, links)
        or _identified(item, [children[place] for place in guids]),
        base,
        text_at(children, titles),
        written,
        text_at(children, summaries) or text_at(children, contents),
        names,
    )


def text_at(children: list[_Element], places: tuple[int, ...]) -> str:
    """The first text or markup that is not blank."""
    for place in places:
        element = children[place]
        text: str = etree.tostring(element, encoding="unicode", with_tail=False) if len(element) else element.text or ""
        if text and not text.isspace():
            return text[:LONGEST_FIELD]
    return ""


def _original(children: list[_Element], places: tuple[int, ...]) -> str:
    return next((url for place in places if (url := (children[place].text or "").strip())), "")


def _linked(children: list[_Element], places: tuple[int, ...]) -> str:
    """The first alternate `href`, else the first text."""
    found = ""
    for place in places:
        link = children[place]
        rel = link.get("rel")
        if rel and rel.lower() != "alternate":
            continue
        if href := link.get("href"):
            return str(href)
        found = found or (link.text or "").strip() or _trailing(link)
    return found


def _trailing(link: _Element) -> str:
    """`<link/>http://...`: HTML's idea of a link, in a feed."""
    return tail if HTTP.match(tail := link.tail or "") else ""


def _identified(item: _Element, identifiers: list[_Element]) -> str | None:
    """RSS's permalink, else RDF's about, else an Atom id that is a URL."""
    urls = [(element, text) for element in identifiers if HTTP.match(text := (element.text or "").strip())]
    guids = [(element, text) for element, text in urls if local_name(element.tag) == "guid"]
    permalinks = [text for element, text in guids if element.get("isPermaLink", "true").lower() == "true"]
    ids = (text for element, text in urls if local_name(element.tag) != "guid")
    return next((url for url in (*permalinks, item.get(_RDF_ABOUT), *ids) if url), None)


def _name(author: _Element) -> str:
    """The name in an author element. An address without a name is nobody's name, and none of our business."""
    if len(author):
        author = next((child for child in author.iterchildren("*") if local_name(child.tag) == "name"), author)
    name = (author.text or "")[:LONGEST_NAME]
    return _unaddressed(name) if "@" in name else name


def _unaddressed(name: str) -> str:
    mailbox = _MAILBOX.fullmatch(name)
    return (mailbox[1] or mailbox[2] or "") if mailbox else name


@lru_cache(maxsize=1024)  # a feed has a dozen kinds of element; hostile ones may have more than we keep
def role_of(tag: object) -> str | None:
    """What an element called `tag` is to a feed or an item; None if it is nothing that is read."""
    if not isinstance(tag, str):  # a comment, a processing instruction, an entity
        return None
    namespace, _, local = tag.lower().rpartition("}")
    namespace = namespace.removeprefix("{")
    if not namespace or namespace in _CORE:
        return _ROLES.get(local)
    return _ROLES.get(f"{_NAMESPACES[namespace]}:{local}") if namespace in _NAMESPACES else None


@lru_cache(maxsize=1024)
def local_name(tag: str) -> str:
    """The name in lower case, without its namespace or, where that was never declared, its prefix."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()
