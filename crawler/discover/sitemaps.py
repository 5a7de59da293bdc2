"""Sitemaps and sitemap indexes (sitemaps.org 0.9) with Google's news extension, and lists of one URL a line.

`lastmod` tells which entries are new enough to look at; it is no date of publication, since a site that rebuilds its
pages stamps them all. Only `news:publication_date` dates an article.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import escape
from io import BytesIO, StringIO
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from lxml import etree

from crawler.discover import repair
from crawler.discover.dates import first_plausible
from crawler.discover.errors import MalformedFeedError
from crawler.discover.kinds import Drop, Found, SourceKind
from crawler.discover.markup import LONGEST_FIELD
from crawler.discover.offers import MAX_READ, Gathered, Offer, gather
from crawler.urls import absolute_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml.etree import _Element

T = TypeVar("T")

MAX_CHILDREN = 50  # sitemaps of an index that are looked into, the newest
STALE_AFTER = timedelta(days=7)
_EXTENSION = "google.com/schemas/"  # of images and videos, whose titles are not the page's
_NEWS = "google.com/schemas/sitemap-news"
_DIGITS = re.compile(r"\d{1,9}")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MOST_ENTRIES = 50_000  # of one sitemap, says the protocol
_WRITTEN = {name: repair.grammar("urlset|sitemapindex", name, most_pieces=_MOST_ENTRIES) for name in ("url", "sitemap")}
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LISTED = re.compile(r"https?://\S+")
_SAMPLED = 10  # lines


def read_sitemap(text: str, *, url: str, source: str, at: datetime) -> Found:
    """The newest pages that a urlset lists. MalformedFeedError if there is markup and none of it can be read."""

    def gathered(entries: Iterator[dict[str, str]]) -> Gathered:
        return gather((_offer(fields, url) for fields in entries), source=source, at=at)

    read, unreadable = _read(text, "url", gathered)
    return Found(
        kind=SourceKind.SITEMAP,
        links=read.links,
        dropped=read.dropped + Counter({Drop.UNREADABLE: unreadable}),
        dates_refused=read.dates_refused,
    )


def is_list(head: str) -> bool:
    """Whether a document that begins like this is a sitemap of one URL a line (sitemaps.org, "Text file")."""
    lines = [stripped for line in head.lstrip("\ufeff").split("\n", _SAMPLED)[:_SAMPLED] if (stripped := line.strip())]
    return 0 < len(lines) < 2 * sum(1 for line in lines if _LISTED.fullmatch(line))


def read_list(text: str, *, source: str, at: datetime) -> Found:
    """The pages that a text file lists, one full URL a line."""
    lines = [stripped for line in StringIO(text) if (stripped := line.strip())]
    urls = [line for line in lines if _LISTED.fullmatch(line)]
    gathered = gather((Offer(href=url, base=url) for url in urls), source=source, at=at)
    dropped = gathered.dropped + Counter({Drop.NOT_HTTP: len(lines) - len(urls)})
    return Found(kind=SourceKind.SITEMAP, links=gathered.links, dropped=dropped)


def read_sitemap_index(text: str, *, url: str, at: datetime) -> Found:
    """The newest sitemaps of an index, at most `MAX_CHILDREN`; those unchanged for `STALE_AFTER` are left out.

    The newest child is always among them, so that a quiet site is not taken for an empty one.
    """
    (dated, dropped), unreadable = _read(text, "sitemap", lambda entries: _children(entries, url, at))
    newest = sorted(dated, key=lambda child: _recency(child, dated[child]), reverse=True)
    fresh = [child for child in newest if not _stale(dated[child], at)] or newest[:1]
    dropped += Counter({Drop.STALE: len(newest) - len(fresh), Drop.OVER_CAP: len(fresh[MAX_CHILDREN:])})
    dropped += Counter({Drop.UNREADABLE: unreadable})
    return Found(kind=SourceKind.SITEMAP_INDEX, links=(), children=tuple(fresh[:MAX_CHILDREN]), dropped=dropped)


def _children(
    entries: Iterator[dict[str, str]], base: str, at: datetime
) -> tuple[dict[str, datetime | None], Counter[str]]:
    """The sitemaps of an index, each with the date of its last change, and what was left out."""
    dropped: Counter[str] = Counter()
    dated: dict[str, datetime | None] = {}
    for fields in entries:
        child = absolute_url(base, fields.get("loc", ""))
        if child is None:
            dropped[Drop.NOT_HTTP] += 1
        elif child in dated or len(dated) >= MAX_READ:
            dropped[Drop.DUPLICATE if child in dated else Drop.OVER_CAP] += 1
        else:
            dated[child] = first_plausible((fields.get("lastmod", ""),), at=at)
    return dated, dropped


def _offer(fields: dict[str, str], base: str) -> Offer:
    return Offer(
        href=fields.get("loc"),
        base=base,
        title=escape(fields.get("news:title", ""), quote=False),  # plain text, says the specification
        dates=(fields.get("news:publication_date", ""),),
        modified=fields.get("lastmod", ""),
    )


class _Counted(Generic[T]):
    """Passes on what comes, and counts it."""

    def __init__(self, entries: Iterator[T]) -> None:
        self._entries = entries
        self.count = 0

    def __iter__(self) -> Iterator[T]:
        for entry in self._entries:
            self.count += 1
            yield entry


def _read(text: str, name: str, use: Callable[[Iterator[dict[str, str]]], T]) -> tuple[T, int]:
    """What `use` makes of the `name` entries, and how many were opened that could not be read.

    As with feeds, each step is taken only if the one before fell short. `use` may be called more than once.
    """
    text = repair.without_doctype(text)
    try:
        return use(_entries(text, name, recover=False)), 0
    except etree.XMLSyntaxError as error:
        why = str(error)[:200]
    text, opened, cut = _whole(repair.mended(_COMMENT.sub("", text)), _WRITTEN[name])
    counted = _Counted(_entries(text, name, recover=True))
    used = use(iter(counted))
    if counted.count < opened:
        pieces = _Counted(_pieces(text, name))
        used_of_pieces = use(iter(pieces))
        used, counted = (used_of_pieces, pieces) if pieces.count > counted.count else (used, counted)
    if not counted.count:
        raise MalformedFeedError(f"not one of its {opened} entries can be read: {why}")
    return used, max(opened - counted.count, int(cut))


def _whole(text: str, written: repair.Grammar) -> tuple[str, int, bool]:
    """The text without an entry that its end cuts through, how many entries it opens, and whether it was cut off."""
    text = text[: text.rfind(">") + 1]  # half a tag would be closed for us
    opened, last = 0, 0
    for match in written.start.finditer(text):
        opened, last = opened + 1, match.start()
    if written.root_end.search(text, last):
        return text, opened, False
    return text if written.end.search(text, last) else text[:last], opened, True


def _pieces(text: str, name: str) -> Iterator[dict[str, str]]:
    for piece in repair.parse_in_pieces(text, _WRITTEN[name]):
        yield from (dict(_fields(element)) for element in islice(piece.iter(f"{{*}}{name}"), 1))


def _entries(text: str, name: str, *, recover: bool) -> Iterator[dict[str, str]]:
    """The text of the children of each `name` element, one in memory at a time; XMLSyntaxError unless it recovers."""
    elements = etree.iterparse(
        BytesIO(text.encode()),
        events=("end",),
        tag=(f"{{*}}{name}",),
        encoding="utf-8",
        recover=recover,
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
    except etree.XMLSyntaxError:
        if not recover:
            raise


def _fields(element: _Element) -> Iterator[tuple[str, str]]:
    for child in element.iterchildren("*"):
        namespace, _, local = child.tag.rpartition("}")
        if local == "news":
            yield from ((f"news:{name}", text) for name, text in _fields(child))
        elif _EXTENSION not in namespace or _NEWS in namespace:
            torn = local == "loc" and len(child) > 0  # by a stray `<`: what stands before it is another URL
            yield local, "" if torn else (child.text or "").strip()[:LONGEST_FIELD]


def _recency(child: str, modified: datetime | None) -> tuple[bool, datetime, list[int]]:
    """Dated before undated; then the numbers in the name, which are years and months or a running count."""
    return modified is not None, modified or _LONG_AGO, [int(number) for number in _DIGITS.findall(child)]


def _stale(modified: datetime | None, at: datetime) -> bool:
    return modified is not None and at - modified > STALE_AFTER
