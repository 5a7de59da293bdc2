"""What the stories of a window are about, beside what is usual in so long a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from jobs.digest.edition import Count, Counts
from jobs.digest.plain import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from jobs.digest.named import Named

USUAL = timedelta(weeks=4)  # before the window
MOST = 12  # of a kind that are kept
_NAME = 60  # columns


@dataclass(frozen=True, kw_only=True)
class Before:
    """A story that was flagged before the window: when, and what it named."""

    story: str
    at: datetime
    named: Named


def count(
    stories: Sequence[Named], before: Sequence[Before], *, since: datetime, until: datetime, began: datetime | None
) -> Counts:
    """Stories by what they name, most first.

    The time before is cut into windows as long as this one, and a story counts once in each in which it was flagged.
    An installation younger than four weeks is measured by the time there is; one younger than a window by nothing.
    """
    length = until - since
    history = min(USUAL, since - began) if began and began < since else USUAL if began is None else timedelta()
    windows = history / length if length else 0.0
    return Counts(
        actors=_counted([story.actors for story in stories], _usual(before, "actors", since, length), windows),
        countries=_counted([story.countries for story in stories], _usual(before, "countries", since, length), windows),
        sectors=_counted([story.sectors for story in stories], _usual(before, "sectors", since, length), windows),
    )


def _usual(before: Iterable[Before], kind: str, since: datetime, length: timedelta) -> Counter[str]:
    """In how many windows' stories each was named."""
    seen = {
        (name, one.story, (since - one.at) // length)
        for one in before
        if length and one.at < since
        for name in getattr(one.named, kind)
    }
    return Counter(name for name, _, _ in seen)


def _counted(stories: Sequence[Mapping[str, str]], usual: Counter[str], windows: float) -> tuple[Count, ...]:
    names = {key: name for story in reversed(stories) for key, name in story.items()}
    counted = Counter(key for story in stories for key in story)
    most = sorted(counted, key=lambda key: (-counted[key], names[key], key))[:MOST]
    return tuple(
        Count(
            name=short(names[key], _NAME),
            stories=counted[key],
            usual=round(usual[key] / windows, 2) if windows >= 1 else None,
        )
        for key in most
    )
