"""Lists of other pages: sections, tags, search results, shop shelves. Known by address, claims and shape together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.dates import date_in_url
from crawler.extract.markup import text_length
from crawler.extract.residue import weight
from crawler.urls import url_key
from storage.records import DateSource

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from crawler.extract.jsonld import Schema
    from crawler.extract.metadata import Metadata
    from crawler.page import Page

LISTING = 4  # score from which a page is a list of others
PARAGRAPH = 120  # weight
RUN = 40  # code points without markup that are prose
LITTLE, MUCH = 400, 2_500  # of prose on the whole page
CARDS, TEASERS = 10, 6
SLUG = 4  # hyphens in the last part of an address: a headline
SHALLOW = 2
LINKED = (0.25, 0.4, 0.6)  # a point for each share of text in links that is reached
PRICES = (10, 30)  # a point for each number of prices that is reached

_SECTION = re.compile(
    r"(?:categor(?:y|ies)|kategorien?|categori[ae]s?|catégories?|tags?|topics?|themen?|temas?|sections?|secci[oó]n|"
    r"rubri(?:k|que)s?|rubriken|archives?|authors?|autor(?:en)?|collections?|product-category|products?|catalogs?|c|shop|store|market|search|"
    r"suche|buscar|issues|jobs|remote-jobs|subjects?|newest|latest|schedule|standings|coupons|page)"
)
_INDEX = re.compile(
    r"(?:news|nachrichten|aktuelles|actualites|noticias|noticie|blog|press|presse|articles|artikel|stories|resources|latest|"
    r"newest|jobs|issues|archives?|index|default|home|in-the-news|media|events|insights|schedule|standings|coupons|citations|"
    r"trails|reviews|category|shop|publications|advisories|alerts|bulletins)(?:\.\w{3,5})?"
)
_NUMBERED = re.compile(r"\d{4,}|[a-f0-9]{8,}|(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{10,}", re.IGNORECASE)
_DEFAULT = re.compile(r"(?:index|default|home)\.\w{2,5}")
_MONTHLY = re.compile(r"/(?:19|20)\d\d/?[01]\d/[^/]+")
_LISTING_TYPES = {"collectionpage", "itemlist", "searchresultspage", "profilepage"}


_PRICE = re.compile(r"[$€£¥₹](?:\s|<[^<>]{0,200}>){0,4}\d|\d\s?(?:€|₹|zł|Kč)")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a page looks: a list of others is made of links and cards."""

    linked: float = 0.0  # share of the text that is in links, once the surroundings are cut
    prose: int = 0  # code points of sentences outside of links, once the surroundings are cut
    cards: int = 0  # headings that are links, on the whole page
    articles: int = 0


def shape_of(tree: HtmlElement) -> Shape:
    """The shape of a whole page; what is linked is for `with_links` to say."""
    return Shape(
        cards=sum(1 for heading in tree.iter("h2", "h3", "h4") if _is_card(heading)),
        articles=sum(1 for _ in tree.iter("article")),
    )


def with_text(shape: Shape, tree: HtmlElement) -> Shape:
    """The shape with the links and the prose of what is left after the surroundings were cut."""
    texts = [len(text.strip()) for text in tree.itertext()]
    links = [text_length(link) for link in tree.iter("a")]
    prose = sum(size for size in texts if size >= RUN) - sum(size for size in links if size >= RUN)
    return replace(shape, linked=sum(links) / max(1, sum(texts)), prose=max(0, prose))


def is_listing(
    page: Page, *, source: str, metadata: Metadata, schema: Schema, shape: Shape, text: str
) -> tuple[bool, int]:
    """Whether the page is a list of others, and the score that says so."""
    score = listing_score(page, metadata, schema, shape, text)
    if LISTING - len(PRICES) <= score < LISTING:
        found = len(_PRICE.findall(source))
        score += sum(found >= prices for prices in PRICES)
    return score >= LISTING, score


def listing_score(page: Page, metadata: Metadata, schema: Schema, shape: Shape, text: str) -> int:
    """How much speaks for a list of other pages: its address, what it declares, how much of it is links."""
    prose = sum(size for line in text.split("\n") if (size := weight(line)) >= PARAGRAPH)
    return _by_url(page.url) + _by_claims(page, metadata, schema) + _by_shape(shape, prose)


def _by_url(url: str) -> int:
    parts = urlsplit(url_key(url) if "://" in url else url)  # without what says where a reader came from
    names = [name for name in parts.path.lower().split("/") if name and not _DEFAULT.fullmatch(name)]
    if not names:
        return 5 if not _NUMBERED.search(parts.query) else 0
    last = names[-1]
    if date_in_url(url) or _MONTHLY.search(parts.path) or _NUMBERED.search(last) or _NUMBERED.search(parts.query):
        return -3
    score = 2 * any(_SECTION.fullmatch(name) for name in names) + 2 * bool(_INDEX.fullmatch(last))
    if len(names) <= SHALLOW and "-" not in last:
        score += 1
    return score - 2 * (last.count("-") >= SLUG)


def _by_claims(page: Page, metadata: Metadata, schema: Schema) -> int:
    at_root = not urlsplit(page.url).path.strip("/")
    if at_root:
        return 0
    declared = metadata.date_source in {DateSource.FEED, DateSource.JSON_LD, DateSource.META}
    score = -3 if schema.is_article else -2 if declared else 1
    if page.link and page.link.title:  # a feed lists articles
        score -= 3
    if schema.types & _LISTING_TYPES and not schema.is_article:
        score += 2
    if metadata.page_type == "article":
        score -= 1
    return score + (metadata.page_type in {"website", "product"} and not schema.is_article)


def _by_shape(shape: Shape, prose: int) -> int:
    score = sum(shape.linked >= share for share in LINKED)
    score += (shape.cards >= CARDS) + (shape.articles >= TEASERS) + (prose < LITTLE) + (prose == 0)
    return score - 2 * (prose >= MUCH and shape.linked < LINKED[0])


def _is_card(heading: HtmlElement) -> bool:
    parent = heading.getparent()
    return heading.find(".//a") is not None or (parent is not None and parent.tag == "a")
