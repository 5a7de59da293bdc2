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
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jobs.digest.edition import Edition
    from jobs.settings import Settings
    from jobs.site.book import Book, Page
    from jobs.site.folder import Written
    from storage.database import Database
    from storage.records import StoredStory

AT_ONCE = 200  # articles whose stories are read together, with all their text


def build(database: Database, settings: Settings, folder: Path) -> tuple[Book, Written]:
    """Bring the site in a folder up to date."""
    title = settings.site.title or settings.digest.title
    book = read(database, settings)
    front = Front(title=title, base_url=settings.site.base_url, noindex=settings.site.noindex)
    return book, publish(folder, files(book, front))


def read(database: Database, settings: Settings) -> Book:
    """The editions that are to be shown, and their stories as they stand now; a few of them in memory at a time."""
    editions, wanted = Editions(database), set(settings.site.profiles)

    def pages() -> Iterator[Page]:
        for number in editions.ids(limit=settings.site.editions):
            stored = editions.with_id(number)
            if stored is not None and (not wanted or stored.profile in wanted):
                yield page_of(from_document(stored.body), stored.kind, id=stored.id)

    def stories(articles: Sequence[int]) -> Iterator[StoredStory]:
        seen: set[int] = set()
        for start in range(0, len(articles), AT_ONCE):
            for story in Stories(database).of(articles[start : start + AT_ONCE]):
                if story.id not in seen:
                    seen.add(story.id)
                    yield story

    def whole(page: Page) -> Edition:
        stored = editions.with_id(page.id)
        assert stored is not None, "an edition that was made stays"
        return page_of(from_document(stored.body), stored.kind).edition

    return bind(pages(), stories, whole)
