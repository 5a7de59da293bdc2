"""From the archive to a folder of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.digest.document import from_document
from jobs.site.book import bind, page_of
from jobs.site.folder import publish
from jobs.site.pages import Front, files
from storage.editions import Editions
from storage.stories import Stories

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.settings import Settings
    from jobs.site.book import Book
    from jobs.site.folder import Written
    from storage.database import Database


def build(database: Database, settings: Settings, folder: Path) -> tuple[Book, Written]:
    """Bring the site in a folder up to date."""
    title = settings.site.title or settings.digest.title
    book = read(database, settings)
    front = Front(title=title, base_url=settings.site.base_url, noindex=settings.site.noindex)
    return book, publish(folder, files(book, front))


def read(database: Database, settings: Settings) -> Book:
    """The editions that are to be shown, and their stories as they stand now."""
    wanted = set(settings.site.profiles)
    pages = [
        page_of(from_document(stored.body), stored.kind)
        for stored in Editions(database).listed(limit=settings.site.editions)
        if not wanted or stored.profile in wanted
    ]
    told = sorted({item.story for page in pages for item in page.items})
    return bind(pages, Stories(database).of(told))
