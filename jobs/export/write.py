"""`spywire export`: from the archive to a stream of bytes, a page of articles at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.export.item import Format
from jobs.export.misp import as_misp
from jobs.export.plain import as_atom, as_csv, as_jsonl
from jobs.export.stix import as_stix
from storage.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from jobs.export.item import Tlp
    from storage.database import Database
    from storage.records import Decision, StoredArticle

PAGE = 200  # articles in memory at once


def exported(articles: Iterator[StoredArticle], form: Format, *, tlp: Tlp, at: datetime) -> Iterator[bytes]:
    """The articles in one of the forms that articles have. `at` is the time an Atom feed gives as its own."""
    match form:
        case Format.JSONL:
            return as_jsonl(articles, tlp=tlp)
        case Format.CSV:
            return as_csv(articles, tlp=tlp)
        case Format.STIX:
            return as_stix(articles, tlp=tlp)
        case Format.MISP:
            return as_misp(articles, tlp=tlp)
        case Format.ATOM:
            return as_atom(articles, tlp=tlp, at=at)
        case Format.OPML:
            raise ValueError("a list of sources is not made of articles")


def chosen(
    database: Database, decisions: Collection[Decision], *, since: datetime, until: datetime
) -> Iterator[StoredArticle]:
    """The articles whose verdict stands at one of these and was given in the window, oldest first."""
    archive, after = Archive(database), 0
    while page := archive.standing(decisions, since=since, until=until, after=after, limit=PAGE):
        yield from page
        after = page[-1].id
