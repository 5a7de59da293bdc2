"""What a site is made of: the editions and the stories they told, put together once and harmless from then on."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from jobs.digest.edition import Standing
from jobs.digest.plain import disarm, short
from jobs.stories.origins import outlet
from storage.records import EditionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from jobs.digest.edition import Attribution, Edition, Item
    from storage.records import Membership, StoredArticle, StoredStory

_NAME, _TITLE = 60, 200
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_STORY = re.compile(r"S-\d{8}-\d{2,6}")


@dataclass(frozen=True, kw_only=True)
class Page:
    """An edition and where it stands."""

    edition: Edition
    kind: EditionKind
    path: str

    @property
    def items(self) -> tuple[Item, ...]:
        """The stories it tells in full or in a line."""
        return self.edition.flagged.items


@dataclass(frozen=True, kw_only=True)
class Report:
    """An article of a story. `copies` repeat its reporting."""

    title: str
    url: str
    outlet: str
    language: str | None
    seen: datetime
    why: str
    copies: tuple[Report, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tale:
    """A story with all that is known of it. `item` is as the latest edition tells it."""

    public: str
    item: Item
    first_seen: datetime
    last_seen: datetime
    updated: datetime
    articles: int
    reports: tuple[Report, ...]  # one for each origin, oldest first
    changes: tuple[tuple[datetime, str], ...]
    attributions: tuple[Attribution, ...]
    told: tuple[tuple[Page, str], ...]  # newest first, with the name it has there

    @property
    def path(self) -> str:
        """Where it stands."""
        return f"stories/{self.public}.html"


@dataclass(frozen=True, kw_only=True)
class Book:
    """Editions, newest first, and stories, the latest first. `where` leads from an article to its story."""

    pages: tuple[Page, ...]
    tales: tuple[Tale, ...]
    where: dict[int, str]

    def story_of(self, item: Item) -> str:
        """The path of an item's story; empty where it has no page."""
        return self.where.get(item.story, "")


def page_of(edition: Edition, kind: EditionKind) -> Page:
    """An edition, its strings made harmless, with its place: `editions/cert/312.html`, `editions/cert/alert-4.html`."""
    return Page(edition=disarm(edition), kind=kind, path=_path(edition.profile, edition.number, kind))


def _path(name: str, number: int, kind: EditionKind) -> str:
    folder = name if _WORD.fullmatch(name) else f"profile-{sha256(name.encode()).hexdigest()[:12]}"
    return f"editions/{folder}/{'alert-' if kind is EditionKind.ALERT else ''}{number}.html"


def bind(pages: Sequence[Page], stories: Sequence[StoredStory]) -> Book:
    """Put editions, newest first, and stories together. A story that no edition tells is left out."""
    told: defaultdict[int, list[tuple[Page, Item]]] = defaultdict(list)
    for page in pages:
        for item in page.items:
            told[item.story].append((page, item))
    tales = list(filter(None, (_tale(story, told) for story in stories if _STORY.fullmatch(story.public))))
    tales.sort(key=lambda tale: (tale.last_seen, tale.public), reverse=True)
    public = {tale.public: tale.path for tale in tales}
    where = {
        stored.id: public[story.public] for story in stories if story.public in public for stored in story.articles
    }
    return Book(pages=tuple(pages), tales=tuple(tales), where=where)


def _tale(story: StoredStory, told: dict[int, list[tuple[Page, Item]]]) -> Tale | None:
    telling = [pair for stored in story.articles for pair in told.get(stored.id, ())]
    if not telling:
        return None
    telling.sort(key=lambda pair: (pair[0].edition.until, pair[0].path), reverse=True)
    _, item = next((pair for pair in telling if pair[1].standing is not Standing.ONGOING), telling[0])
    claims = dict.fromkeys(claim for _, there in telling for claim in there.attributions)
    changes = tuple((change.at, short(change.what, _TITLE)) for change in story.changes)
    return Tale(
        public=story.public,
        item=item,
        first_seen=story.first_seen,
        last_seen=story.last_seen,
        updated=max([story.last_seen, *(at for at, _ in changes)]),
        articles=len(story.articles),
        reports=tuple(_reports(story)),
        changes=changes,
        attributions=tuple(claims),
        told=tuple({page.path: (page, there.id) for page, there in telling}.values()),
    )


def _reports(story: StoredStory) -> Iterator[Report]:
    """The tree of origins: each first report with those that repeat it."""
    by_origin: defaultdict[int, list[tuple[StoredArticle, Membership]]] = defaultdict(list)
    for stored, member in zip(story.articles, story.members, strict=True):
        by_origin[member.origin].append((stored, member))
    for origin, some in by_origin.items():
        first, *copies = sorted(some, key=lambda pair: pair[0].id != origin)
        yield _report(*first, copies=tuple(_report(*pair) for pair in copies))


def _report(stored: StoredArticle, member: Membership, *, copies: tuple[Report, ...] = ()) -> Report:
    return Report(
        title=short(stored.article.title, _TITLE) or "(no title)",
        url=stored.article.url,
        outlet=short(outlet(stored), _NAME),
        language=stored.article.language and short(stored.article.language, _NAME),
        seen=stored.first_seen,
        why="" if member.origin == stored.id else short(member.origin_why, _TITLE),
        copies=copies,
    )
