"""A story as an edition tells it: its articles of the window, and how many independent reports stand behind it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.stories.origins import outlet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from storage.records import StoredArticle, StoredStory


@dataclass(frozen=True, kw_only=True)
class Told:
    """A story's articles of one window, oldest first. One that was put into no story yet stands alone."""

    public: str  # "S-20261122-01", the same in every edition; "A-17" for an article that stands alone
    id: int  # of its first article
    lead: StoredArticle
    articles: tuple[StoredArticle, ...]
    origins: int
    changes: tuple[str, ...] = ()

    @property
    def outlets(self) -> tuple[str, ...]:
        """Who printed it, the lead's outlet first, each once."""
        return tuple(dict.fromkeys([outlet(self.lead), *map(outlet, self.articles)]))

    @property
    def first_seen(self) -> datetime:
        """When the first of these articles was discovered."""
        return self.articles[0].first_seen

    @property
    def score(self) -> float | None:
        """The highest score of its articles; None when no model judged any of them."""
        return self.lead.verdict.score


def tell(articles: Iterable[StoredArticle], stories: Iterable[StoredStory]) -> list[Told]:
    """The articles by their stories, oldest first. The order of either makes no difference."""
    story_of = {stored.id: story for story in stories for stored in story.articles}
    groups: defaultdict[str, list[StoredArticle]] = defaultdict(list)
    for stored in sorted(articles, key=lambda a: (a.first_seen, a.id)):
        story = story_of.get(stored.id)
        groups[story.public if story else f"A-{stored.id}"].append(stored)
    return [_told(public, group, story_of.get(group[0].id)) for public, group in groups.items()]


def _told(public: str, articles: Sequence[StoredArticle], story: StoredStory | None) -> Told:
    here = {stored.id for stored in articles}
    members = [member for member in story.members if member.article in here] if story else []
    changes = [change.what for change in story.changes if change.article in here] if story else []
    return Told(
        public=public,
        id=articles[0].id,
        lead=max(articles, key=_weight),
        articles=tuple(articles),
        origins=len({member.origin for member in members}) or 1,
        changes=tuple(dict.fromkeys(changes)),
    )


def _weight(stored: StoredArticle) -> tuple[float, float]:
    """Sound text before spun, then the higher score; the first of equals."""
    score = -1.0 if stored.verdict.score is None else stored.verdict.score
    return round(stored.article.quality, 1), score
