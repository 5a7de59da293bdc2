"""The lines of articles as fingerprints: what a host repeats, and which paragraphs stand elsewhere too.

A fingerprint is a signed 64-bit hash of a line; whoever makes it says which lines count as equal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PageLines:
    """The lines of one page of a host: short ones, and whole paragraphs."""

    host: str
    short: frozenset[int] = frozenset()
    long: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class HostLines:
    """The short lines that a host repeats: those on several articles, and those among them that most of its pages have.

    `known` contains `usual`; `articles` is how many taught it.
    """

    known: frozenset[int] = frozenset()
    usual: frozenset[int] = frozenset()
    articles: int = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A paragraph stands in an article of a host."""

    line: int
    host: str
    outlet: str | None
    article_id: int


NO_LINES = PageLines(host="")
NOTHING_REPEATED = HostLines()
