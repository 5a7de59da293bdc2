"""Prints an outlet: every path it answers, with the bytes it answers with. Pure, apart from reading the templates."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment

    from jobs.demo.outlets import Block, Expect, Offer, Outlet, Story

_HERE = Path(__file__).parent
_FORMATS = {  # template in formats/ -> media type
    "rss.xml": "application/rss+xml",
    "atom.xml": "application/atom+xml",
    "rdf.xml": "application/rdf+xml",
    "feed.json": "application/feed+json",
    "news-sitemap.xml": "application/xml",
    "section.html": "text/html",
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What stands behind one path. `content_type` is the whole header, with or without a charset.

    Without `modified` it is not to be cached.
    """

    body: bytes
    content_type: str
    modified: datetime | None = None
    status: int = 200


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A story with its times and addresses: what a template prints. `offered` is the URL as the source writes it."""

    title: str
    author: str | None
    section: str
    tags: tuple[str, ...]
    summary: str
    blocks: tuple[Block, ...]
    url: str
    offered: str
    published: datetime
    updated: datetime


def printed(outlet: Outlet, *, at: datetime, origin: str) -> Mapping[str, Resource]:
    """Every path of the outlet. `origin` is `http://host:port`; stories are as old as they say before `at`."""
    pieces = [_piece(outlet, story, at=at, origin=origin) for story in outlet.stories]
    newest = max(piece.updated for piece in pieces)
    items = [*_offered(outlet, pieces), *(_missing(offer, newest, origin=origin) for offer in outlet.offers)]
    formats = {"/": "section.html", outlet.source.path: outlet.source.format}
    return {
        "/robots.txt": Resource(body=outlet.robots.encode(), content_type="text/plain", modified=newest),
        **{path: _listed(outlet, format_, items, at=at, origin=origin) for path, format_ in formats.items()},
        **{
            _path(outlet, story): _page(outlet, story, piece, at=at, origin=origin)
            for story, piece in zip(outlet.stories, pieces, strict=True)
        },
        **{offer.path: _failure(offer.status) for offer in outlet.offers},
    }


def expectations(outlet: Outlet, *, origin: str) -> Mapping[str, Expect]:
    """Canonical URL -> what must become of it, for every link that the outlet's source offers."""
    stories = {origin + _path(outlet, story): story.expect for story in outlet.stories}
    return stories | {origin + offer.path: offer.expect for offer in outlet.offers}


def source_entry(outlet: Outlet, *, origin: str) -> str:
    """The outlet's table in a sources.toml."""
    source = outlet.source
    fields = {"url": origin + source.path, "kind": source.kind, "tags": list(source.tags), "why": source.why}
    # a JSON string or list of strings without control characters is also a TOML one
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if value]
    return "\n".join([f"[{outlet.slug}]", *lines, ""])


def _piece(outlet: Outlet, story: Story, *, at: datetime, origin: str) -> Piece:
    url = origin + _path(outlet, story)
    published = _ago(story.age_hours, at=at)
    return Piece(
        title=story.title,
        author=story.author,
        section=story.section,
        tags=story.tags,
        summary=story.summary,
        blocks=story.blocks,
        url=url,
        offered=url,
        published=published,
        updated=published if story.updated_hours is None else _ago(story.updated_hours, at=at),
    )


def _offered(outlet: Outlet, pieces: Iterable[Piece]) -> list[Piece]:
    """Each piece once for every set of tracking parameters that its source puts behind the URL."""
    return [
        replace(piece, offered=piece.url + query)
        for story, piece in zip(outlet.stories, pieces, strict=True)
        for query in story.queries
    ]


def _missing(offer: Offer, published: datetime, *, origin: str) -> Piece:
    return Piece(
        title=offer.title,
        author=None,
        section="news",
        tags=(),
        summary=offer.title,
        blocks=(),
        url=origin + offer.path,
        offered=origin + offer.path,
        published=published,
        updated=published,
    )


def _page(outlet: Outlet, story: Story, piece: Piece, *, at: datetime, origin: str) -> Resource:
    template = _templates().get_template(f"outlets/{outlet.slug}/{story.template}")
    teasers = [teaser for teaser in outlet.teasers if teaser.path != urlsplit(piece.url).path]
    text = template.render(outlet=outlet, origin=origin, at=at, story=piece, teasers=teasers)
    encoding = story.encoding or outlet.encoding
    return Resource(
        body=text.encode(encoding, "xmlcharrefreplace"),
        content_type=_content_type("text/html", outlet),
        modified=piece.updated,
    )


def _listed(outlet: Outlet, format_: str, pieces: list[Piece], *, at: datetime, origin: str) -> Resource:
    """What names all articles: a feed, a sitemap or a section page."""
    own = f"outlets/{outlet.slug}/{format_}"
    template = _templates().select_template([own, f"formats/{format_}"])
    newest = max(piece.updated for piece in pieces)
    text = template.render(outlet=outlet, origin=origin, at=at, pieces=pieces, updated=newest)
    return Resource(
        body=text.encode(outlet.encoding, "xmlcharrefreplace"),
        content_type=_content_type(_FORMATS[format_], outlet),
        modified=newest,
    )


def _failure(status: int) -> Resource:
    body = f"<!DOCTYPE html><title>{status}</title><h1>{status}</h1><p>The page cannot be shown.</p>".encode()
    return Resource(body=body, content_type="text/html", status=status)


def _path(outlet: Outlet, story: Story) -> str:
    """Without a date, however common those are: a demo that is run again tomorrow must know its links."""
    number = crc32(story.slug.encode()) % 10**7
    return story.path or outlet.pattern.format(slug=story.slug, section=story.section, number=number)


def _ago(hours: float, *, at: datetime) -> datetime:
    return (at - timedelta(hours=hours)).replace(second=0, microsecond=0)


def _content_type(media_type: str, outlet: Outlet) -> str:
    return f"{media_type}; charset={outlet.encoding}" if outlet.charset_header else media_type


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=select_autoescape(["html", "xml"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["rfc822"] = format_datetime
    environment.filters["iso"] = methodcaller("isoformat")
    return environment
