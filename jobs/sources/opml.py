"""OPML 2.0, the format in which feed readers exchange their subscriptions (http://opml.org/spec2.opml).

Folders and the `category` attribute become tags. Every outline without outlines in it is a source, or a row that says
why it is none. The export is flat and carries tags as categories, and the keys that OPML has no attribute for in a
namespace of their own, which readers other than this one may show or ignore.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from crawler.discover.decoding import decode
from crawler.discover.kinds import SourceKind
from crawler.discover.repair import parse_mended, without_doctype
from crawler.text import clean_line
from jobs.exits import UsageError
from jobs.sources.rows import COLUMNS, Row, cells_of, row_of, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lxml.etree import _Element

    from crawler.sources import Source

NAMESPACE = "urn:spywire:sources"
_STANDARD = frozenset({"name", "url", "language", "tags", "why"})  # keys that OPML has attributes for
MAX_DEPTH = 20  # folders in folders
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]|$)")
_NOT_FEEDS = frozenset({SourceKind.SECTION, SourceKind.SITEMAP, SourceKind.SITEMAP_INDEX})
_FEED = re.compile(r"feed|rss|atom|rdf|xml|json|syndication", re.IGNORECASE)  # in a URL
_ADDRESSES = ("xmlurl", "url", "htmlurl")  # the best first


def read_opml(body: bytes) -> list[Row]:
    """The subscriptions, in their order. Raises `UsageError` if there is no outline to be read.

    Entities and document types are ignored, nothing is fetched, and XML that is merely untidy is repaired.
    """
    text = decode(body)
    outlines = without_doctype(text)
    root = parse_mended(outlines)
    if root is None or _local(root) != "opml":
        raise UsageError(f"not OPML: its root is {'nothing' if root is None else _local(root)}")
    above = text.count("\n", 0, len(text) - len(outlines))  # lines
    return [row for body in root.iterchildren() if _local(body) == "body" for row in _rows(body, (), above)]


def write_opml(sources: Iterable[Source], *, at: datetime) -> bytes:
    """The sources as an OPML file: feeds as subscriptions, pages and sitemaps as links; archives stay at home.

    Without a `kind` the address decides.
    """
    root = etree.Element("opml", {"version": "2.0"}, {"spywire": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "spywire sources"
    etree.SubElement(head, "dateCreated").text = f"{at:%a, %d %b %Y %H:%M:%S GMT}"
    body = etree.SubElement(root, "body")
    for source in sources:
        if source.kind is SourceKind.ARCHIVE:
            continue  # a file on this machine is nobody else's business
        etree.SubElement(body, "outline", _attributes(source))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _rows(parent: _Element, folders: tuple[str, ...], above: int) -> Iterator[Row]:
    for outline in parent.iterchildren():
        if _local(outline) != "outline":
            continue
        place = f"line {(outline.sourceline or 0) + above}"
        holds = any(_local(child) == "outline" for child in outline.iterchildren())
        attributes = {name.lower(): clean_line(value, limit=3000) for name, value in outline.attrib.items()}
        title = attributes.get("text") or attributes.get("title") or ""
        url = next((url for name in _ADDRESSES if (url := attributes.get(name))), "")
        if attributes.get("type", "").lower() == "include":
            yield Row(place=place, url=url, name=title, wrong="it includes another OPML file: import that one")
        elif url:
            said = {key: attributes.get(f"{{{NAMESPACE}}}{key}", "") for key in COLUMNS}
            said |= {"name": title, "url": url, "language": _language(attributes.get("language", ""))}
            said |= {"why": attributes.get("description", ""), "tags": ""}
            tags = tags_of((*folders, *attributes.get("category", "").replace("/", ",").split(",")))
            yield replace(row_of(place, said), tags=tags)
        elif not holds:
            yield Row(place=place, url="", name=title, wrong="it has no address: no xmlUrl, url or htmlUrl")
        if holds and len(folders) < MAX_DEPTH:
            yield from _rows(outline, (*folders, title), above)
        elif holds:
            yield Row(place=place, url="", name=title, wrong=f"what it holds is more than {MAX_DEPTH} folders deep")


def _attributes(source: Source) -> dict[str, str]:
    link = source.kind in _NOT_FEEDS or (source.kind is None and not _FEED.search(source.url))
    address = {"type": "link", "url": source.url} if link else {"type": "rss", "xmlUrl": source.url}
    optional = {"category": ",".join(source.tags), "language": source.language, "description": source.why}
    said = {key: clean_line(value, limit=3000) for key, value in optional.items() if value}
    own = {f"{{{NAMESPACE}}}{key}": cell for key, cell in cells_of(source).items() if cell and key not in _STANDARD}
    return {"text": source.name, "title": source.name, **address, **said, **own}


def _language(tag: str) -> str:
    """`en` of `en-GB`; nothing of what is no language tag."""
    match = _LANGUAGE.match(tag.lower())
    return match[1] if match else ""


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()
