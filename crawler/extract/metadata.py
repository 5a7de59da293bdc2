"""What a page and the link to it say of the article: title, date, authors, outlet, canonical URL, summary."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.authors import bylines, people, signatures
from crawler.extract.dates import believable, date_in_url, read_date
from crawler.extract.headline import outlet_keys, registrable, same_name, without_outlet
from crawler.text import clean_line
from crawler.urls import absolute_url
from storage.records import DateSource

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.html import HtmlElement

    from crawler.extract.jsonld import Schema
    from crawler.page import Page

Metas = Mapping[str, list[str]]

_TITLES = ("og:title", "twitter:title", "headline", "dc.title", "parsely-title", "sailthru.title", "title")
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "parsely-pub-date",
    "sailthru.date", "cxenseparse:recs:publishtime", "article.published", "pubdate", "publishdate", "publish-date",
    "publish_date", "published_time", "dc.date.issued",
    "dcterms.created", "dcterms.issued", "dc.date", "dc.date.created",
    "dcterms.date", "citation_publication_date", "date", "ptime", "displaydate", "vr:published_time",
    "rnews:datepublished",
    "article_date_original", "originalpublicationdate", "created", "iso-8601-publish-date",
)  # fmt: skip
_AUTHORS = (
    "author", "article:author", "parsely-author", "byl", "sailthru.author", "dc.creator", "dcterms.creator", "creator",
    "citation_author", "og:article:author", "og:author", "cxenseparse:author", "authors", "dcsext.author",
    "shareaholic:article_author_name",
)  # fmt: skip
_SUMMARIES = ("og:description", "description", "twitter:description", "dc.description")
MAX_OUTLET_WORDS = 6
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """All of it clean: lines without markup, `http(s)` URLs, aware UTC."""

    title: str | None
    titles: tuple[str, ...]  # all that the page calls itself; the text does not repeat them
    published: datetime | None
    date_source: DateSource | None
    authors: tuple[str, ...]
    outlet: str
    canonical_url: str | None
    summary: str | None
    page_type: str  # og:type, lower case


def read_metadata(page: Page, tree: HtmlElement, schema: Schema) -> Metadata:
    """The link's word first, then JSON-LD and meta elements, then what the page shows, then a guess."""
    metas = _metas(tree)
    outlet = _outlet(page.url, metas, schema)
    outlets = outlet_keys([outlet, *_outlet_names(metas, schema)], page.url)
    published, date_source = _published(page, tree, metas, schema)
    titles = _titles(page, tree, metas, schema, outlets)
    return Metadata(
        title=titles[0] if titles else None,
        titles=titles,
        published=published,
        date_source=date_source,
        authors=_authors(page, tree, metas, schema, outlets),
        outlet=outlet,
        canonical_url=_canonical(page.url, tree, metas),
        summary=_summary(page, metas, schema),
        page_type=next(iter(metas.get("og:type", ())), "").strip().lower()[:40],
    )


def _metas(tree: HtmlElement) -> Metas:
    found: dict[str, list[str]] = defaultdict(list)
    for element in tree.iter("meta"):
        content = (element.get("content") or "").strip()
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if content and name:
            found[name.strip().lower()].append(content[:10_000])
    return found


def _claimed(metas: Metas, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from metas.get(name, ())


def _outlet_names(metas: Metas, schema: Schema) -> list[str]:
    """What the page calls its outlet. Some put the headline there, hence the limits."""
    claims = (*metas.get("og:site_name", ()), schema.outlet or "", *metas.get("application-name", ()))
    names = (clean_line(claim, limit=80).lstrip("@") for claim in claims)
    return [name for name in names if name and "://" not in name and len(name.split()) <= MAX_OUTLET_WORDS]


def _outlet(url: str, metas: Metas, schema: Schema) -> str:
    return next(iter(_outlet_names(metas, schema)), registrable(urlsplit(url).hostname or ""))


def _titles(page: Page, tree: HtmlElement, metas: Metas, schema: Schema, outlets: frozenset[str]) -> tuple[str, ...]:
    """What the link and the page call the article, best first: the headline before the names for search engines."""
    element = tree.find(".//title")
    shown = clean_line(element.text_content()) if element is not None else ""
    named = [*_claimed(metas, _TITLES), shown]
    heading = _heading(tree, [schema.headline or "", *named])
    linked = page.link.title if page.link else None
    claims = (linked, _untruncated(schema.headline, named), *metas.get("og:title", ()), heading, *named)
    lines = [line for claim in claims if claim and (line := clean_line(claim))]
    titles = (without_outlet(line, outlets, heading) for line in lines)
    return tuple(dict.fromkeys(title for title in titles if title and not same_name(title, outlets))) or tuple(lines)


def _untruncated(headline: str | None, named: list[str]) -> str | None:
    """The headline, unless it was cut for a search engine and the page has it whole."""
    opening = (headline or "").rstrip(" .…")
    cut = headline and headline.rstrip().endswith(("...", "…"))
    return None if cut and any(name.startswith(opening) for name in named) else headline


def _heading(tree: HtmlElement, named: list[str]) -> str | None:
    """The heading that shows the article's title: a first-level one whose words the page also uses to name itself."""
    words = [set(_WORD.findall(name.casefold())) for name in named if name]
    for h1 in tree.iter("h1"):
        line = clean_line(" ".join(h1.itertext()))
        own = set(_WORD.findall(line.casefold()))
        if own and any(2 * len(own & other) >= min(len(own), len(other)) for other in words):
            return line
    return None


def _published(
    page: Page, tree: HtmlElement, metas: Metas, schema: Schema
) -> tuple[datetime | None, DateSource | None]:
    def claims() -> Iterator[tuple[datetime | None, DateSource]]:
        yield page.link.published if page.link else None, DateSource.FEED
        yield read_date(schema.published), DateSource.JSON_LD
        for claim in _claimed(metas, _PUBLISHED):
            yield read_date(claim), DateSource.META
        yield _time_element(tree), DateSource.TIME
        yield date_in_url(page.url), DateSource.URL
        yield _guessed(page, tree), DateSource.GUESSED

    for moment, source in claims():
        if believable(moment, fetched_at=page.fetched_at):
            return moment, source
    return None, None


def _time_element(tree: HtmlElement) -> datetime | None:
    for path in ('.//time[@pubdate or @itemprop="datePublished"]', ".//article//time", ".//header//time"):
        for element in tree.xpath(path)[:1]:
            if moment := read_date(element.get("datetime") or element.get("content")):
                return moment
    return None


def _guessed(page: Page, tree: HtmlElement) -> datetime | None:
    from htmldate import find_date

    # `original_date` must be said, else the date of the last change is returned; the extensive search triples the
    # share of wrong dates.
    found = find_date(
        tree, extensive_search=False, original_date=True, url=page.url, max_date=page.fetched_at.date().isoformat()
    )
    return read_date(found)


def _authors(page: Page, tree: HtmlElement, metas: Metas, schema: Schema, outlets: frozenset[str]) -> tuple[str, ...]:
    """Whom the link names, or JSON-LD, meta elements or bylines; the outlet only where it signs with nobody else."""
    linked = page.link.authors if page.link else ()
    claimed = tuple(_claimed(metas, _AUTHORS))
    sources: tuple[tuple[tuple[str, ...], bool], ...] = ((linked, True), (schema.authors, True), (claimed, False))
    for claims, roles in sources:
        if names := people(claims, outlets, roles=roles):
            return names
    signed = signatures(claim for claim in schema.authors if "://" not in claim)
    if not signed:
        for shown in bylines(tree):
            if names := people(shown, outlets):
                return names
    return signed or signatures(claim for claim in claimed if "://" not in claim)


def _canonical(url: str, tree: HtmlElement, metas: Metas) -> str | None:
    links = [element.get("href") for element in tree.iter("link") if (element.get("rel") or "").lower() == "canonical"]
    claims = (absolute_url(url, claim) for claim in (*links, *metas.get("og:url", ())) if claim)
    return next(filter(None, claims), None)


def _summary(page: Page, metas: Metas, schema: Schema) -> str | None:
    linked = page.link.summary if page.link else None
    for claim in (linked, *_claimed(metas, _SUMMARIES), schema.description):
        if claim and (line := clean_line(claim, limit=1000)):
            return line
    return None
