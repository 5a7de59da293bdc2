"""What goes into an edition, in which order, and in how much room. Decides; fetches and sends nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import floor
from typing import TYPE_CHECKING

from jobs.digest.coverage import cover
from jobs.digest.edition import Copy, Edition, Fate, Item, Reason, Section, Sentence
from jobs.digest.plain import short
from jobs.digest.sentences import pick
from jobs.digest.told import tell
from jobs.stories.origins import outlet
from storage.records import Decision, LinkState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from jobs.digest.told import Told
    from storage.records import Activity, StoredArticle, StoredStory, Tally

TITLE = "Espionage watch"
MOST_ITEMS = 60  # flagged stories; a longer digest is not read
MOST_HELD = 30

# Columns that a string may take, so that no headline can push the others off the page.
_TITLE, _WHY, _MODEL, _NAME, _CODE = 200, 300, 80, 60, 12
_MOST_CHANGES = 4
_MOST_COPIES = 6  # links to other outlets that a story shows
_MOST_REASONS = 4
# The other states' reasons speak of one article each, and their counts say enough.
_WITH_REASONS = {
    LinkState.NOT_AN_ARTICLE,
    LinkState.UNEXTRACTABLE,
    LinkState.BLOCKED,
    LinkState.GONE,
    LinkState.FAILED,
}
_ORDER = (
    LinkState.FLAGGED,
    LinkState.HELD,
    LinkState.REJECTED,
    LinkState.DUPLICATE,
    LinkState.NOT_AN_ARTICLE,
    LinkState.UNEXTRACTABLE,
    LinkState.BLOCKED,
    LinkState.GONE,
    LinkState.FAILED,
    LinkState.DISCOVERED,
)


def compose(
    flagged: Iterable[StoredArticle],
    held: Iterable[StoredArticle],
    activity: Activity,
    *,
    stories: Iterable[StoredStory] = (),
    model: str,
    at: datetime,
    sources: Iterable[str] = (),
    title: str = TITLE,
    most_items: int = MOST_ITEMS,
    most_held: int = MOST_HELD,
) -> Edition:
    """The edition for the activity's window, composed at `at`. `sources` names all that should have been looked at.

    `stories` are those that the articles are in. They stand by score, then by the number of origins, then newest first.
    A held article of a story that was flagged belongs to it. The same input in any order gives an equal edition.
    """
    ranked = sorted(tell([*flagged, *held], stories), key=_rank)
    first = [story for story in ranked if _is_flagged(story)]
    second = [story for story in ranked if not _is_flagged(story)]
    unjudged = sum(a.verdict.score is None for story in second for a in story.articles)
    return Edition(
        title=short(title, _TITLE),
        since=activity.since,
        until=activity.until,
        composed_at=at,
        coverage=cover(activity, sources=sources, flagged=len(first), unjudged=unjudged),
        flagged=_section(first, room=most_items),
        held=_section(second, room=most_held),
        links=activity.links,
        fates=_fates(activity),
        model=short(model, _MODEL),
    )


def _is_flagged(story: Told) -> bool:
    return any(stored.verdict.decision is Decision.FLAG for stored in story.articles)


def _rank(story: Told) -> tuple[float, int, float, int]:
    score = (
        -1.0 if story.score is None else floor(100 * story.score)
    )  # as it is shown: closer than that is no difference
    return -score, -story.origins, -story.first_seen.timestamp(), story.id


def _section(stories: Sequence[Told], *, room: int) -> Section:
    return Section(
        items=tuple(_item(story) for story in stories[:room]),
        stories=len(stories),
        articles=sum(len(story.articles) for story in stories),
    )


def _item(story: Told) -> Item:
    lead, article = story.lead, story.lead.article
    copies = [stored for stored in story.articles if stored is not lead]
    return Item(
        id=story.public,
        story=story.id,
        title=short(article.title, _TITLE) or "(no title)",
        url=article.url,
        outlets=tuple(short(name, _NAME) for name in story.outlets),
        first_seen=story.first_seen,
        published=article.published,
        date_source=article.date_source,
        authors=tuple(short(author, _NAME) for author in article.authors),
        language=short(article.language, _CODE) if article.language else None,
        score=story.score,
        why=short(lead.verdict.why, _WHY),
        sentences=_sentences(lead),
        copies=tuple(
            Copy(outlet=short(outlet(stored), _NAME), url=stored.article.url) for stored in copies[:_MOST_COPIES]
        ),
        articles=len(story.articles),
        origins=story.origins,
        changes=tuple(short(change, _WHY) for change in story.changes[:_MOST_CHANGES]),
    )


def _sentences(stored: StoredArticle) -> tuple[Sentence, ...]:
    name = short(outlet(stored), _NAME)
    return tuple(Sentence(text=text, outlet=name) for text in pick(stored.article, stored.verdict.evidence))


def _fates(activity: Activity) -> tuple[Fate, ...]:
    """What became of the window's links. They add up to all of them, if need be with a row that says they do not."""
    by_state: defaultdict[LinkState, list[Tally]] = defaultdict(list)
    for tally in activity.tallies:
        by_state[LinkState.DISCOVERED if tally.state is LinkState.LEASED else tally.state].append(tally)
    fates = tuple(_fate(state, by_state[state]) for state in _ORDER if state in by_state)
    missing = activity.links - sum(fate.count for fate in fates)
    return (*fates, Fate(state=None, count=missing)) if missing else fates


def _fate(state: LinkState, tallies: Sequence[Tally]) -> Fate:
    total = sum(tally.count for tally in tallies)
    if state not in _WITH_REASONS:
        return Fate(state=state, count=total)
    reasons: Counter[str] = Counter()
    for tally in tallies:
        reasons[_kind(tally.reason)] += tally.count
    most = sorted(filter(None, reasons), key=lambda reason: (-reasons[reason], reason))[:_MOST_REASONS]
    return Fate(state=state, count=total, reasons=tuple(Reason(text=text, count=reasons[text]) for text in most))


def _kind(reason: str) -> str:
    """`listing` of `listing: 84 links`: what many links have in common."""
    return short(reason.partition(": ")[0], _NAME)
