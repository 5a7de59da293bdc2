"""What every form is made from: a stored article, and how much of its text may leave the house."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from crawler.text import clean_line

if TYPE_CHECKING:
    from storage.records import StoredArticle

NAMESPACE = UUID("5b0e7c1d-6d0b-5f0c-9c1b-3a7f5e2d9a41")  # of every derived id; changing it makes all exports new
EXCERPT = 400  # characters


class Format(StrEnum):
    """What the archive can be exported as."""

    JSONL = "jsonl"
    CSV = "csv"
    STIX = "stix"
    MISP = "misp"
    ATOM = "atom"
    OPML = "opml"  # the list of sources


class Tlp(StrEnum):
    """The Traffic Light Protocol, version 2.0 (FIRST)."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"


def derived(kind: str, key: str) -> UUID:
    """The same id for the same thing, whenever and wherever it is exported."""
    return uuid5(NAMESPACE, f"{kind}:{key}")


def excerpt(stored: StoredArticle, *, limit: int = EXCERPT) -> str:
    """The beginning of the text, on one line."""
    return clean_line(stored.article.text, limit=limit)


def address(stored: StoredArticle) -> str:
    """The article's own URL: the canonical one where the page names it."""
    return stored.article.canonical_url or stored.article.url
