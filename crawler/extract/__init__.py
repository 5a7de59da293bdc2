"""From the bytes of a page to a clean article: `extract(page)`. Pure: no network, no clock, no Scrapy.

decode (characters) -> markup (one tree) -> metadata, body (text) -> refuse (is it an article at all?).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors import NotAnArticleError
from crawler.extract.body import read_body
from crawler.extract.decode import decode
from crawler.extract.flat import flat_text
from crawler.extract.jsonld import read_schema
from crawler.extract.markup import parse
from crawler.extract.metadata import read_metadata
from crawler.extract.refuse import Shape, refuse, shape_of, with_links
from crawler.extract.residue import phrases, without_residue
from crawler.extract.surroundings import cut_surroundings
from crawler.language import language_of
from storage.records import Article

if TYPE_CHECKING:
    from crawler.extract.jsonld import Schema
    from crawler.extract.markup import Markup
    from crawler.page import Page

MAX_TEXT = 300_000  # code points; no article is longer, some pages are

__all__ = ["extract", "warm_up"]


def extract(page: Page) -> Article:
    """The article on a page.

    Raises `NotAnArticleError` when the page is well and is something else, and `UnextractableError` when there is
    nothing to read.
    """
    markup = parse(decode(page.body, page.charset))
    schema = read_schema(markup.json_ld)
    metadata = read_metadata(page, markup.tree, schema)
    text, shape = _read_text(markup, page, schema)
    lines = without_residue(text.split("\n"), titles=metadata.titles, authors=metadata.authors)
    text = "\n".join(lines)[:MAX_TEXT]
    refuse(page, source=markup.source, metadata=metadata, schema=schema, shape=shape, text=text)
    if not metadata.title:
        raise NotAnArticleError("empty", "no title")
    return Article(
        url=page.url,
        title=metadata.title,
        text=text,
        canonical_url=metadata.canonical_url,
        authors=metadata.authors,
        outlet=metadata.outlet,
        published=metadata.published,
        date_source=metadata.date_source,
        language=language_of(text),
        summary=metadata.summary,
    )


def _read_text(markup: Markup, page: Page, schema: Schema) -> tuple[str, Shape]:
    if not markup.whole:
        return flat_text(markup.source), Shape()
    shape = shape_of(markup.tree)
    cut_surroundings(markup.tree, page.url)
    text = read_body(markup.tree, uncut=markup.reparsed, declared=schema.body)
    return text or flat_text(markup.source), with_links(shape, markup.tree)


def warm_up() -> None:
    """Import and compile all that the first page would wait for, about two seconds. For a worker's initialiser."""
    import dateparser
    from trafilatura.external import jt_stoplist_init

    dateparser.parse("17 May 2024")
    jt_stoplist_init()
    phrases()
    language_of("The first sentence that a worker reads is this one.")
