"""What a site is made of: the editions and the stories they told, put together once and harmless from then on.

Years of both do not fit into memory. Of an edition only what lists and charts need is kept, and it is read again for
its own page; of a story, what its latest telling says and who reported it, and no text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from jobs.digest.edition import Counts, Standing
from jobs.digest.named import named
from jobs.digest.plain import disarm, short
from jobs.stories.origins import outlet
from storage.records import EditionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from jobs.digest.edition import Attribution, Edition, Item
    from storage.records import Membership, StoredArticle, StoredStory

_NAME, _TITLE = 60, 200
_TLP = ("", "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")  # the loosest first
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_STORY = re.compile(r"S-\d{8}-\d{2,6}")


@dataclass(frozen=True, kw_only=True)
class Page:
    """An edition and where it stands. `id` is the stored edition's, where there is one."""

    edition: Edition
    kind: EditionKind
    path: str
    id: int = 0

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
    """A story with all that is known of it. `item` is as the latest edition tells it.

    `actors` are those that its articles name, by id and name, as a digest counts them.
    """

    public: str
    item: Item
    first_seen: datetime
    last_seen: datetime
    updated: datetime
    articles: int
    reports: tuple[Report, ...]  # one for each origin, oldest first
    changes: tuple[tuple[datetime, str], ...]
    attributions: tuple[Attribution, ...]
    actors: tuple[tuple[str, str], ...]
    told: tuple[tuple[Page, str], ...]  # newest first, with the name it has there

    @property
    def path(self) -> str:
        """Where it stands."""
        return f"stories/{self.public}.html"


@dataclass(frozen=True, kw_only=True)
class Book:
    """Editions, newest first, and stories, the latest first. `where` leads from an article to its story.

    `whole` gives the edition of a page with all that it tells.
    """

    pages: tuple[Page, ...]
    tales: tuple[Tale, ...]
    where: dict[int, str]
    whole: Callable[[Page], Edition]

    def story_of(self, item: Item) -> str:
        """The path of an item's story; empty where it has no page."""
        return self.where.get(item.story, "")


def strictest(pages: Iterable[Page]) -> Edition | None:
    """The edition whose TLP label holds for what says something of all of them; None without one."""
    return max((page.edition for page in pages), key=lambda edition: _rank(edition.tlp), default=None)


def _rank(label: str) -> int:
    return _TLP.index(label) if label in _TLP else len(_TLP)


def page_of(edition: Edition, kind: EditionKind, *, id: int = 0) -> Page:  # noqa: A002 - the field's name
    """An edition, its strings made harmless, with its place: `editions/cert/312.html`, `editions/cert/alert-4.html`."""
    return Page(edition=disarm(edition), kind=kind, path=_path(edition.profile, edition.number, kind), id=id)


def _path(name: str, number: int, kind: EditionKind) -> str:
    folder = name if _WORD.fullmatch(name) else f"profile-{sha256(name.encode()).hexdigest()[:12]}"
    return f"editions/{folder}/{'alert-' if kind is EditionKind.ALERT else ''}{number}.html"


def bind(
    pages: Iterable[Page],
    stories: Callable[[Sequence[int]], Iterable[StoredStory]],
    whole: Callable[[Page], Edition] | None = None,
) -> Book:
    """Put editions, newest first, and stories together. A story that no edition tells is left out.

    Each edition and each story is taken up once and let go. `stories` gives those that articles are in; without
    `whole` the pages stay as they are.
    """
    told: dict[int, _Told] = {}
    known: dict[Attribution, Attribution] = {}  # claims are said again and again
    kept = []
    for page in pages:
        kept.append(page if whole is None else _slim(page))
        for item in page.items:
            told.setdefault(item.story, _Told()).add(kept[-1], item, known)
    tales = []
    where: dict[int, str] = {}
    for story in stories(sorted(told)):
        tale = _tale(story, told) if _STORY.fullmatch(story.public) else None
        if tale is not None:
            tales.append(tale)
            where |= dict.fromkeys((stored.id for stored in story.articles), tale.path)
    tales.sort(key=lambda tale: (tale.last_seen, tale.public), reverse=True)
    return Book(pages=tuple(kept), tales=tuple(tales), where=where, whole=whole or _at_hand)


def _at_hand(page: Page) -> Edition:
    return page.edition


def _slim(page: Page) -> Page:
    """What lists and charts need of it: an alert is called after its story, a digest only counts them."""
    edition = page.edition
    flagged = edition.flagged if page.kind is EditionKind.ALERT else replace(edition.flagged, items=())
    nothing = replace(edition, counts=Counts(), fates=(), questions=(), held=replace(edition.held, items=()))
    return replace(page, edition=replace(nothing, flagged=flagged))


class _Telling(NamedTuple):
    """That an edition told a story, under which name there, and the claims that it passed on."""

    page: Page
    id: str
    claims: tuple[Attribution, ...]

    @property
    def when(self) -> tuple[datetime, str]:
        return self.page.edition.until, self.page.path


class _Told:
    """What editions said of a story by one of its articles: the item that says most, the latest that does not go on."""

    def __init__(self) -> None:
        self.tellings: list[_Telling] = []
        self.item: Item
        self.rank: tuple[bool, tuple[datetime, str]] | None = None

    def add(self, page: Page, item: Item, known: dict[Attribution, Attribution]) -> None:
        """Keep the better item, and of each the claims, each of them once in memory."""
        telling = _Telling(page, item.id, tuple(known.setdefault(claim, claim) for claim in item.attributions))
        self.tellings.append(telling)
        rank = item.standing is not Standing.ONGOING, telling.when
        if self.rank is None or rank > self.rank:
            self.rank, self.item = rank, item


def _tale(story: StoredStory, told: Mapping[int, _Told]) -> Tale | None:
    there = [told[stored.id] for stored in story.articles if stored.id in told]
    if not there:
        return None
    tellings = sorted((each for one in there for each in one.tellings), key=lambda each: each.when, reverse=True)
    changes = tuple((change.at, short(change.what, _TITLE)) for change in story.changes)
    return Tale(
        public=story.public,
        item=max(there, key=lambda one: one.rank or ()).item,
        first_seen=story.first_seen,
        last_seen=story.last_seen,
        updated=max([story.last_seen, *(at for at, _ in changes)]),
        articles=len(story.articles),
        reports=tuple(_reports(story)),
        changes=changes,
        attributions=tuple(dict.fromkeys(claim for each in tellings for claim in each.claims)),
        actors=_actors(story),
        told=tuple({each.page.path: (each.page, each.id) for each in tellings}.values()),
    )


def _actors(story: StoredStory) -> tuple[tuple[str, str], ...]:
    found = named(stored.findings for stored in story.articles).actors
    return tuple((actor, short(name, _NAME)) for actor, name in found.items())


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
