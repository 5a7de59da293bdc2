"""From the archive to a folder of files."""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from jobs.digest.document import from_document
from jobs.exits import ConfigError
from jobs.site.book import bind, page_of
from jobs.site.folder import publish
from jobs.site.pages import Front, files
from storage.editions import Editions
from storage.records import EditionKind
from storage.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jobs.digest.edition import Edition
    from jobs.settings import Settings
    from jobs.site.book import Book, Page
    from jobs.site.folder import Written
    from storage.database import Database
    from storage.records import StoredEdition, StoredStory

AT_ONCE = 200  # articles whose stories are read together, with all their text


def build(database: Database, settings: Settings, folder: Path) -> tuple[Book, Written]:
    """Bring the site in a folder up to date. Raises `ConfigError`, and touches nothing, where `read` does."""
    title = settings.site.title or settings.digest.title
    book = read(database, settings)
    front = Front(title=title, base_url=settings.site.base_url, noindex=settings.site.noindex)
    return book, publish(folder, files(book, front))


def read(database: Database, settings: Settings) -> Book:
    """The editions that are to be shown, and their stories as they stand now; a few of them in memory at a time.

    Raises `ConfigError` for a profile that is neither in the settings nor has an edition.
    """
    editions = Editions(database)
    _known(editions, settings)

    def pages() -> Iterator[Page]:
        for stored in _latest(editions, settings.site.profiles, most=settings.site.editions):
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


def _known(editions: Editions, settings: Settings) -> None:
    """A profile that is over keeps its editions, so its name need not stand in the settings any more."""
    for name in settings.site.profiles:
        if name not in settings.profile and not any(editions.latest(name, kind) for kind in EditionKind):
            there = {*settings.profile, *(each.profile for each in _latest(editions, (), most=settings.site.editions))}
            said = f"there are {', '.join(sorted(there))}" if there else "there is none yet"
            raise ConfigError(f"[site] profiles: {name!r} is no profile and has no edition; {said}")


def _latest(editions: Editions, profiles: Sequence[str], *, most: int) -> Iterator[StoredEdition]:
    """The latest editions of these profiles, or of all, newest first and read one at a time."""
    if not profiles:
        return filter(None, map(editions.with_id, editions.ids(limit=most)))
    rows = [_of(editions, name, kind) for name in dict.fromkeys(profiles) for kind in EditionKind]
    return islice(merge(*rows, key=lambda stored: (stored.composed_at, stored.id), reverse=True), most)


def _of(editions: Editions, profile: str, kind: EditionKind) -> Iterator[StoredEdition]:
    """A profile's editions of one kind, newest first: they are numbered without a gap."""
    last = editions.latest(profile, kind)
    numbers = range(last.number if last else 0, 0, -1)
    return filter(None, (editions.named(profile, number, kind) for number in numbers))
