"""What a page and the link to it say of the article: title, date, authors, outlet, canonical URL, summary."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.authors import Kind, bylines, is_byline_label, opening_names, people, signatures
from crawler.extract.dates import believable, date_in_url, read_date
from crawler.extract.headline import outlet_keys, registrable
from crawler.extract.titles import Names, headlines
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
_IMAGES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "thumbnailurl")
_TAGS = ("article:tag", "og:article:tag", "news_keywords", "parsely-tags")
_TIERS = ("article:content_tier", "og:article:content_tier", "og:content_tier", "content_tier")
_SUMMARIES = ("og:description", "description", "twitter:description", "dc.description")
_READ = ("meta", "link", "title", "h1", "h2")
MAX_OUTLET_WORDS = 6
MAX_CLAIMS = 200
MAX_KEYWORDS = 4_000
MAX_TAGS = 20
MAX_TAG = 60  # code points; what is longer is a sentence

_TAG_BREAK = re.compile(r"\s*[,;|、，；]\s*")
_CODE = re.compile(r"\S*(?:://|:\S)\S*|[\W\d_]*|\S*[_=]\S*")  # what machines tag: "type:story", "nyt_section", "2024"
_NO_PICTURE = re.compile(
    r"(?:^|[/_.-])(?:logos?|placeholder|favicon|default|blank|spacer|pixel)(?=[/_.-]|$)", re.IGNORECASE
)


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
    image: str | None
    tags: tuple[str, ...]
    paywalled: bool
    page_type: str  # og:type, lower case


def read_metadata(page: Page, tree: HtmlElement, schema: Schema) -> Metadata:
    """The link's word first, then JSON-LD and meta elements, then what the page shows, then a guess."""
    elements = _named_elements(tree)
    metas = _metas(elements["meta"])
    outlet = _outlet(page.url, metas, schema)
    outlets = outlet_keys([outlet, *_outlet_names(metas, schema)], page.url)
    published, date_source = _published(page, tree, metas, schema)
    titles = _titles(page, elements, metas, schema, outlets)
    return Metadata(
        title=titles[0] if titles else None,
        titles=titles,
        published=published,
        date_source=date_source,
        authors=_authors(page, tree, metas, schema, outlets),
        outlet=outlet,
        canonical_url=_canonical(page.url, elements["link"], metas),
        summary=_summary(page, metas, schema),
        image=_image(page.url, metas, schema),
        tags=_tags(metas, schema),
        paywalled=_paywalled(metas, schema),
        page_type=next(iter(metas.get("og:type", ())), "").strip().lower()[:40],
    )


def _named_elements(tree: HtmlElement) -> Mapping[str, list[HtmlElement]]:
    """All that is read by its tag, in one pass over the tree."""
    found: dict[str, list[HtmlElement]] = {tag: [] for tag in _READ}
    for element in tree.iter(*_READ):
        found[element.tag].append(element)
    return found


def _metas(elements: Iterable[HtmlElement]) -> Metas:
    found: dict[str, list[str]] = defaultdict(list)
    for element in elements:
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


def _titles(
    page: Page, elements: Mapping[str, list[HtmlElement]], metas: Metas, schema: Schema, outlets: frozenset[str]
) -> tuple[str, ...]:
    names = Names(
        linked=page.link.title if page.link else None,
        schema=schema.headline,
        newsroom=schema.newsroom,
        metas=tuple(_claimed(metas, _TITLES)),
        window=elements["title"][0].text_content() if elements["title"] else "",
        first=tuple(elements["h1"]),
        second=tuple(elements["h2"]),
    )
    return headlines(names, outlets)


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
    claimed = (*_claimed(metas, _AUTHORS), *_labelled(metas))
    sources: tuple[tuple[tuple[str, ...], bool], ...] = ((linked, True), (schema.authors, True), (claimed, False))
    for claims, roles in sources:
        if names := people(claims, outlets, roles=roles):
            return names
    signed = signatures(schema.authors)
    if signed and schema.newsroom:
        return signed
    desks = signatures(claimed)
    shown = [(kind, lines) for kind, lines in bylines(tree) if kind <= Kind.BLOCK or not (signed or desks)]
    for _, lines in shown:
        if names := people(lines, outlets):
            return names
    if (signed or desks) and (names := people(opening_names(tree), outlets)):
        return names
    signing = (signatures(lines) for kind, lines in shown if kind < Kind.WORDING)
    return signed or desks or next(filter(None, signing), ())


def _labelled(metas: Metas) -> Iterator[str]:
    """The author as publishing systems tell Twitter: `twitter:label1` says what `twitter:data1` is."""
    for at in "12":
        label = next(iter(metas.get(f"twitter:label{at}", ())), "")
        if is_byline_label(label):
            yield from metas.get(f"twitter:data{at}", ())


def _canonical(url: str, elements: Iterable[HtmlElement], metas: Metas) -> str | None:
    links = [element.get("href") for element in elements if (element.get("rel") or "").lower() == "canonical"]
    claims = (absolute_url(url, claim) for claim in (*links, *metas.get("og:url", ())) if claim)
    return next(filter(None, claims), None)


def _summary(page: Page, metas: Metas, schema: Schema) -> str | None:
    linked = page.link.summary if page.link else None
    for claim in (linked, *_claimed(metas, _SUMMARIES), schema.description):
        if claim and (line := clean_line(claim, limit=1000)):
            return line
    return None


def _image(url: str, metas: Metas, schema: Schema) -> str | None:
    """The lead image; an outlet's logo or a placeholder is none."""
    claims = (absolute_url(url, claim) for claim in (schema.image, *_claimed(metas, _IMAGES)) if claim)
    return next((claim for claim in claims if claim and not _NO_PICTURE.search(claim)), None)


def _tags(metas: Metas, schema: Schema) -> tuple[str, ...]:
    """Keywords of the article; those of the page only without any, because they are often the whole site's."""
    told = (*schema.keywords, *_claimed(metas, _TAGS)) or tuple(_claimed(metas, ("keywords",)))
    parts = (part for claim in told[:MAX_CLAIMS] for part in _TAG_BREAK.split(claim[:MAX_KEYWORDS]))
    lines = (clean_line(unescape(tag), limit=MAX_TAG + 1) for tag in parts)
    kept: dict[str, str] = {}
    for line in lines:
        tag = line.strip(" #\"'“”.")
        if 0 < len(tag) <= MAX_TAG and not _CODE.fullmatch(tag):
            kept.setdefault(tag.casefold(), tag)
    return tuple(kept.values())[:MAX_TAGS]


def _paywalled(metas: Metas, schema: Schema) -> bool:
    """The page says itself that the article, or a part of it, is for those who pay or count their articles."""
    if schema.free is not None:
        return not schema.free
    tiers = {tier.strip().lower() for tier in _claimed(metas, _TIERS)}
    free = next(_claimed(metas, ("isaccessibleforfree",)), "").strip().lower()
    return bool(tiers & {"locked", "metered"}) or free in {"false", "no", "0"}
