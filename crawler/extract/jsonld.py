"""What a page's JSON-LD says of its article (schema.org, https://schema.org/NewsArticle)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BLOCK = 2_000_000  # characters; a live blog may carry thousands of updates
MAX_NODES = 2_000
MAX_DEPTH = 8

_ARTICLE = re.compile(r"(?:article|blogposting|posting|report|review|claimreview)$")
_LISTING = frozenset({"collectionpage", "itemlist", "searchresultspage", "productcollection", "profilepage"})
_PAGE = frozenset({"webpage", "itempage"})
_WRAPPING = re.compile(
    r"^\s*(?:<!--|/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>)?[\s;]*$"
)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Node = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The article among a page's JSON-LD nodes, with its references resolved. Strings are as they came."""

    types: frozenset[str] = frozenset()  # of all nodes, lower case
    is_article: bool = False
    newsroom: bool = False  # the article is a NewsArticle, the type of those who write news for a living
    headline: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    description: str | None = None
    body: str | None = None
    free: bool | None = None  # isAccessibleForFree, of the whole or of a part
    image: str | None = None
    keywords: tuple[str, ...] = ()  # a string may hold many


def read_schema(blocks: tuple[str, ...]) -> Schema:
    """The article of a page's JSON-LD blocks. What cannot be read is left out; it never raises."""
    nodes = list(islice((node for block in blocks for node in _nodes(_parse(block))), MAX_NODES))
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    types = frozenset(name for node in nodes for name in _types(node))
    article = max(nodes, key=_rank, default={})
    if _rank(article) <= 0:
        return Schema(types=types, outlet=_site_name(nodes))
    return Schema(
        types=types,
        is_article=any(_ARTICLE.search(name) for name in _types(article)),
        newsroom=any(name.endswith("newsarticle") for name in _types(article)),
        headline=_text(article.get("headline")) or _text(article.get("name")),
        published=_text(article.get("datePublished")) or _text(article.get("dateCreated")),
        authors=tuple(_names(article.get("author") or article.get("creator"), by_id)),
        outlet=next(iter(_names(article.get("publisher"), by_id)), None) or _site_name(nodes),
        description=_text(article.get("description")),
        body=_text(article.get("articleBody")),
        free=_free(article),
        image=next(_images(article.get("image") or article.get("thumbnailUrl"), by_id), None),
        keywords=tuple(islice(_names(article.get("keywords"), by_id), MAX_NODES)),
    )


def _parse(block: str) -> Any:
    if len(block) > MAX_BLOCK:
        return None
    text = _WRAPPING.sub("", block.strip())
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        return None
    except ValueError:
        return _parse_repaired(text)


def _parse_repaired(text: str) -> Any:
    """JSON as templates write it: with commas before closing brackets, with backslashes that escape nothing."""
    try:
        return json.loads(_TRAILING_COMMA.sub("", _BAD_ESCAPE.sub(r"\\\\", text)), strict=False)
    except (ValueError, RecursionError):
        return None


def _nodes(value: Any, depth: int = 0) -> Iterator[Node]:
    """Every object that stands for a thing of its own; the updates of a live blog do not."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value[:MAX_NODES]:
            yield from _nodes(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemReviewed"):
            if isinstance(value.get(key), list | dict):
                yield from _nodes(value[key], depth + 1)


def _types(node: Node) -> list[str]:
    declared = node.get("@type")
    names = declared if isinstance(declared, list) else [declared]
    return [name.rsplit("/", 1)[-1].lower() for name in names if isinstance(name, str)]


def _rank(node: Node) -> int:
    """How likely this node is the page's article: by type, then by what it tells."""
    told = sum(bool(node.get(key)) for key in ("headline", "datePublished", "author", "articleBody"))
    if any(_ARTICLE.search(name) for name in _types(node)):
        return 10 + told
    return told if node.get("datePublished") and set(_types(node)) & _PAGE else 0


def _site_name(nodes: list[Node]) -> str | None:
    for kind in ("website", "newsmediaorganization", "organization"):
        for node in nodes:
            if kind in _types(node) and (name := _text(node.get("name"))):
                return name
    return None


def _names(value: Any, by_id: dict[str, Node]) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield unescape(item)
        elif isinstance(item, dict):
            whole = {**by_id.get(str(item.get("@id")), {}), **item}
            name = whole.get("name")
            yield from (unescape(n) for n in (name if isinstance(name, list) else [name]) if isinstance(n, str))


def _images(value: Any, by_id: dict[str, Node]) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            whole = {**by_id.get(str(item.get("@id")), {}), **item}
            yield from (url for url in (whole.get("contentUrl"), whole.get("url")) if isinstance(url, str))


def _free(article: Node) -> bool | None:
    """What the article says of itself, else that a part of it costs money."""
    free = _flag(article.get("isAccessibleForFree"))
    parts = article.get("hasPart")
    locked = (
        _flag(part.get("isAccessibleForFree")) is False
        for part in (parts if isinstance(parts, list) else [parts])
        if isinstance(part, dict)
    )
    return False if free is None and any(locked) else free


def _text(value: Any) -> str | None:
    if isinstance(value, list) and value:
        value = value[0]
    return unescape(value) if isinstance(value, str) and value.strip() else None


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return _FLAGS.get(str(value).rsplit("/", 1)[-1].strip().lower())
