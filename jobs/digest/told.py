"""A story as an edition tells it: its articles of the window, what is new in it, how many reports stand behind it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs.digest.edition import Standing
from jobs.digest.wanted import ANYTHING
from jobs.stories.changes import said
from jobs.stories.origins import outlet
from jobs.stories.view import primary
from storage.records import LABEL, OF_REVISIONS, Decision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from jobs.digest.wanted import Wanted
    from storage.records import Change, StoredArticle, StoredStory

SOUND = 0.6  # quality from which a text may tell a story

Window = tuple["datetime", "datetime"]


@dataclass(frozen=True, kw_only=True)
class Told:
    """A story's articles of one window, oldest first. One that was put into no story yet stands alone."""

    public: str  # "S-20261122-01", the same in every edition; "A-17" for an article that stands alone
    id: int  # of the story's first article, in this window or before
    first_seen: datetime  # when that was discovered
    lead: StoredArticle
    articles: tuple[StoredArticle, ...]
    origins: int
    changes: tuple[str, ...] = ()
    standing: Standing = Standing.NEW

    @property
    def outlets(self) -> tuple[str, ...]:
        """Who printed it, the lead's outlet first, each once."""
        return tuple(dict.fromkeys([outlet(self.lead), *map(outlet, self.articles)]))

    @property
    def score(self) -> float | None:
        """The highest score of its articles; None when no model judged any of them."""
        return max((s for a in self.articles if (s := a.verdict.score) is not None), default=None)

    @property
    def flagged(self) -> bool:
        """Whether the gate, or a person, flagged any of its articles."""
        return any(stored.verdict.decision is Decision.FLAG for stored in self.articles)

    @property
    def by_hand(self) -> bool:
        """Whether a person flagged any of its articles."""
        return any(a.verdict.decision is Decision.FLAG and a.verdict.model == LABEL for a in self.articles)


def tell(
    articles: Iterable[StoredArticle],
    stories: Iterable[StoredStory],
    *,
    window: Window | None = None,
    told: Mapping[str, datetime] | None = None,
    wanted: Wanted = ANYTHING,
) -> list[Told]:
    """The articles by their stories, oldest first. The order of either makes no difference.

    `told` says when each story was last told to these readers. One that they know is updated when something became
    known since, else ongoing. A story that they know and of which an article was edited or taken off the web in the
    window is told again, with that article, though nothing new was printed. What became known from an article that is
    not `wanted` is not told.
    """
    known, every = told or {}, list(stories)
    story_of = {stored.id: story for story in every for stored in story.articles}
    groups: defaultdict[str, list[StoredArticle]] = defaultdict(list)
    for stored in sorted(articles, key=_age):
        story = story_of.get(stored.id)
        groups[story.public if story else f"A-{stored.id}"].append(stored)
    if window is not None:
        for story in every:
            if story.public in known and story.public not in groups and (edited := _edited(story, window, wanted)):
                groups[story.public] = sorted({stored.id: stored for stored in edited}.values(), key=_age)
    return sorted(
        (
            _told(public, group, _narrowed(story_of.get(group[0].id), wanted), window, known.get(public))
            for public, group in groups.items()
        ),
        key=lambda one: (one.first_seen, one.id),
    )


def _told(
    public: str,
    articles: Sequence[StoredArticle],
    story: StoredStory | None,
    window: Window | None,
    before: datetime | None,
) -> Told:
    here, first = {stored.id for stored in articles}, (story.articles if story else articles)[0]
    members = [member for member in story.members if member.article in here] if story else []
    changes = [said(one, story) for one in story.changes if _is_new(one, here, window, before)] if story else []
    return Told(
        public=public,
        id=first.id,
        first_seen=first.first_seen,
        lead=_lead(articles, story),
        articles=tuple(articles),
        origins=len({member.origin for member in members}) or 1,
        changes=tuple(dict.fromkeys(changes)),
        standing=Standing.NEW if before is None else Standing.UPDATED if changes else Standing.ONGOING,
    )


def _lead(articles: Sequence[StoredArticle], story: StoredStory | None) -> StoredArticle:
    """The article that tells it best, by the rule for stories, among those whose text is sound."""
    sound = [stored for stored in articles if stored.article.quality >= SOUND] or articles
    return sound[0] if story is None else primary(_with(story, sound))


def _with(story: StoredStory, articles: Iterable[StoredArticle]) -> StoredStory:
    """The story with only these of its articles."""
    some = tuple(articles)
    here = {stored.id for stored in some}
    return replace(story, articles=some, members=tuple(member for member in story.members if member.article in here))


def _narrowed(story: StoredStory | None, wanted: Wanted) -> StoredStory | None:
    """The story without what became known from articles that are not wanted."""
    if story is None or wanted.every_article:
        return story
    others = {stored.id for stored in story.articles} - {stored.id for stored in wanted.those(story.articles)}
    return replace(story, changes=tuple(change for change in story.changes if change.article not in others))


def _is_new(change: Change, here: Collection[int], window: Window | None, before: datetime | None) -> bool:
    """Whether it became known since the readers were last told; to whom it is new, what its reports brought is."""
    if change.article in here and change.kind not in OF_REVISIONS:
        return True
    if window is None:
        return change.article in here
    if before is None:
        return change.kind in OF_REVISIONS and window[0] <= change.at < window[1]
    return before <= change.at < window[1]


def _edited(story: StoredStory, window: Window, wanted: Wanted) -> list[StoredArticle]:
    """The wanted articles that were edited or removed in the window, behind the one that tells the story."""
    ids = {one.article for one in story.changes if one.kind in OF_REVISIONS and window[0] <= one.at < window[1]}
    mine = wanted.those(story.articles)
    edited = [stored for stored in mine if stored.id in ids]
    return [primary(_with(story, mine)), *edited] if edited else []


def _age(stored: StoredArticle) -> tuple[datetime, int]:
    return stored.first_seen, stored.id
