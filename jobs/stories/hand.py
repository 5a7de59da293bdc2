"""`spywire story merge|split`: what a person says of stories holds for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.exits import UsageError
from storage.records import Change, HandWord, Membership, NewStory, StoryChange
from storage.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.database import Database
    from storage.records import StoredArticle, StoredStory


def merge(database: Database, one: str, other: str, *, by: str, at: datetime) -> StoredStory:
    """Put the later story into the earlier one; articles that come later find it there."""
    store = Stories(database)
    first, second = sorted((_story(store, one), _story(store, other)), key=lambda story: story.id)
    if first.id == second.id:
        raise UsageError(f"{one} and {other} are one story already: {first.public}")
    pairs = [HandWord(article=a.id, other=b.id, together=True) for a in first.articles for b in second.articles]
    store.say(pairs, by=by, at=at)
    store.move([stored.id for stored in second.articles], into=first.id, why=f"merged by {by}", at=at)
    store.merged(second.id, into=first.id)
    said = Change(at=at, article=second.articles[0].id, kind=StoryChange.MERGED, what=f"{second.public} merged by {by}")
    store.record([_going_on(first, second, said)], at=at)
    return _story(store, first.public)


def split(database: Database, name: str, article_ids: Sequence[int], *, by: str, at: datetime) -> StoredStory:
    """Take articles out into a story of their own; they never join the rest again."""
    store = Stories(database)
    story = _story(store, name)
    members = {stored.id: stored for stored in story.articles}
    strangers = sorted(set(article_ids) - members.keys())
    if strangers:
        raise UsageError(f"article {strangers[0]} is not in {story.public}; `spywire story {story.public}` lists them")
    out = [members[article] for article in dict.fromkeys(article_ids)]
    rest = [stored for stored in story.articles if stored not in out]
    if not rest:
        raise UsageError(f"that is all of {story.public}: nothing would stay behind")
    store.say([HandWord(article=a.id, other=b.id, together=False) for a in out for b in rest], by=by, at=at)
    (public,) = store.split(_split_off(out, story, by=by, at=at), at=at)
    return _story(store, public)


def _split_off(out: Sequence[StoredArticle], story: StoredStory, *, by: str, at: datetime) -> NewStory:
    why, alone = f"split off by {by}", "reports on its own"
    said = Change(at=at, article=out[0].id, kind=StoryChange.SPLIT, what=f"split off {story.public} by {by}")
    return NewStory(
        id=None,
        first_seen=min(stored.first_seen for stored in out),
        last_seen=max(stored.first_seen for stored in out),
        roundup=story.roundup,
        members=tuple(Membership(article=a.id, why=why, origin=a.id, origin_why=alone) for a in out),
        changes=(said,),
    )


def _story(store: Stories, name: str) -> StoredStory:
    story = store.named(name)
    if story is None:
        raise UsageError(f"there is no story {name}; `spywire story list` shows the latest")
    return story


def _going_on(first: StoredStory, second: StoredStory, said: Change) -> NewStory:
    return NewStory(
        id=first.id,
        first_seen=first.first_seen,
        last_seen=max(first.last_seen, second.last_seen),
        roundup=first.roundup,
        members=(),
        changes=(said,),
    )
