"""What the head of a page says of its article, when the page itself is not to be read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.errors import UnextractableError
from crawler.extract.decode import decode
from crawler.extract.jsonld import Schema
from crawler.extract.markup import parse
from crawler.extract.metadata import read_metadata
from crawler.language import language_of
from storage.records import Article, Extent

if TYPE_CHECKING:
    from crawler.page import Page

HEAD = 262_144  # bytes; what a page says of itself stands before, if after its styles
TEASER = 80  # code points; a shorter description says no more than the title


def described(page: Page) -> Article | None:
    """Title and description as an article, its extent a summary; None where there is not enough of either.

    Cheap, whatever the page: only its first bytes are parsed, and JSON-LD, which may be very long, is not.
    """
    end = page.body.find(b"</head", 0, HEAD)
    head = replace(page, body=page.body[: end if end > 0 else HEAD])
    try:
        markup = parse(decode(head.body, head.charset))
    except UnextractableError:
        return None
    metadata = read_metadata(head, markup.tree, Schema())
    summary = metadata.summary or ""
    if not metadata.title or len(summary) < TEASER:
        return None
    return Article(
        url=page.url,
        title=metadata.title,
        text=summary,
        canonical_url=metadata.canonical_url,
        authors=metadata.authors,
        outlet=metadata.outlet,
        published=metadata.published,
        date_source=metadata.date_source,
        language=language_of(summary),
        summary=summary,
        image=metadata.image,
        tags=metadata.tags,
        extent=Extent.SUMMARY,
    )
