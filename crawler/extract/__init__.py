"""From the bytes of a page to a clean article: `extract(page)`. Pure: no network, no clock, no Scrapy.

decode (characters) -> markup (one tree) -> metadata, body (text) -> refuse (is it an article at all?).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from crawler.errors import NotAnArticleError, PageKind
from crawler.extract.body import read_body
from crawler.extract.dateline import dateline_of
from crawler.extract.decode import decode
from crawler.extract.described import described
from crawler.extract.flat import flat_text
from crawler.extract.jsonld import read_schema
from crawler.extract.listing import Shape, shape_of, with_text
from crawler.extract.markup import parse
from crawler.extract.metadata import read_metadata
from crawler.extract.quality import graded
from crawler.extract.quality import patterns as quality_patterns
from crawler.extract.refuse import refuse
from crawler.extract.residue import phrases, without_residue
from crawler.extract.surroundings import cut_surroundings
from crawler.language import language_of
from storage.records import Article

if TYPE_CHECKING:
    from crawler.extract.jsonld import Schema
    from crawler.extract.markup import Markup
    from crawler.extract.metadata import Metadata
    from crawler.page import Page

MAX_TEXT = 300_000  # code points; no article is longer, some pages are
LAST = 10  # lines before residue is taken out, among which a wire's credit may stand

__all__ = ["described", "extract", "warm_up"]


def extract(page: Page) -> Article:
    """The article on a page.

    Raises `NotAnArticleError` when the page is well and is something else, and `UnextractableError` when there is
    nothing to read.
    """
    markup = parse(decode(page.body, page.charset))
    schema = read_schema(markup.json_ld)
    metadata = read_metadata(page, markup.tree, schema)
    text, shape = _read_text(markup, page, schema)
    read = text.split("\n")
    lines = without_residue(read, titles=metadata.titles, authors=metadata.authors)
    text = "\n".join(lines)[:MAX_TEXT]
    refuse(page, source=markup.source, metadata=metadata, schema=schema, shape=shape, read=read, text=text)
    if not metadata.title:
        raise NotAnArticleError(PageKind.EMPTY, "no title")
    return graded(_article(page, metadata, text, "\n".join(read[-LAST:])), read)


def _article(page: Page, metadata: Metadata, text: str, end: str) -> Article:
    """`end` is where the text ended before its residue was taken out."""
    at = metadata.published or page.fetched_at
    return Article(
        url=page.url,
        title=metadata.title or "",
        text=text,
        canonical_url=metadata.canonical_url,
        authors=metadata.authors,
        outlet=metadata.outlet,
        published=metadata.published,
        date_source=metadata.date_source,
        language=language_of(text),
        summary=metadata.summary,
        image=metadata.image,
        tags=metadata.tags,
        paywalled=metadata.paywalled,
        dateline=dateline_of(text, at=at, raw=end, authors=metadata.authors),
    )


def _read_text(markup: Markup, page: Page, schema: Schema) -> tuple[str, Shape]:
    if not markup.whole:
        return flat_text(markup.source), Shape()
    shape = shape_of(markup.tree)
    cut_surroundings(markup.tree, page.url)
    shape = with_text(shape, markup.tree)
    text = read_body(markup, page.url, prose=shape.prose, declared=schema.body)
    return text or flat_text(markup.source), shape


@cache
def warm_up() -> None:
    """Import and compile all that the first page would wait for, about two seconds; once in a process and its forks."""
    import dateparser
    from trafilatura.external import jt_stoplist_init

    dateparser.parse("17 May 2024")
    jt_stoplist_init()
    phrases()
    quality_patterns()
    dateline_of("London (AFP) -", at=datetime(2024, 5, 17, tzinfo=UTC))
    language_of("The first sentence that a worker reads is this one.")
