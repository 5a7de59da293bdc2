"""What goes into an edition, in which order, and in how much room. Decides; fetches and sends nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from math import floor
from typing import TYPE_CHECKING, NamedTuple

from jobs.digest.counts import count
from jobs.digest.coverage import cover
from jobs.digest.edition import Edition, Fate, Question, Reason, Section, Standing
from jobs.digest.items import address, headline, item, old, printed_by
from jobs.digest.named import named
from jobs.digest.plain import short
from jobs.digest.told import tell
from jobs.digest.wanted import ANYTHING
from storage.records import LinkState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from jobs.digest.counts import Before
    from jobs.digest.named import Named
    from jobs.digest.told import Told
    from jobs.digest.wanted import Wanted
    from storage.records import Activity, Alarm, StoredArticle, StoredStory, Tally

TITLE = "Espionage watch"
MOST_ITEMS = 60  # flagged stories; a longer digest is not read
MOST_HELD = 30
EXCERPT = 600
LATE = timedelta(hours=6)  # before the window: what was published earlier took longer to reach us than news does

# Columns that a string may take, so that no headline can push the others off the page.
_TITLE, _MODEL, _NAME, _CARD = 200, 80, 60, 300
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
_READ = {LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED, LinkState.DUPLICATE}
_STANDINGS = tuple(Standing)


@dataclass(frozen=True, kw_only=True)
class Team:
    """For whom an edition is made, and what of it."""

    profile: str = ""
    title: str = TITLE
    tlp: str = ""
    zone: str = "UTC"
    wanted: Wanted = ANYTHING
    most_items: int = MOST_ITEMS
    most_held: int = MOST_HELD
    excerpt: int = EXCERPT


@dataclass(frozen=True, kw_only=True)
class Around:
    """What an edition says beside its stories, and what its readers know already."""

    told: Mapping[str, datetime] = field(default_factory=dict)  # when each story was last told to them
    before: Sequence[Before] = ()  # what was flagged in the weeks before
    began: datetime | None = None  # when this installation first ran
    fresh_since: datetime | None = None  # in a first edition: what was published before then is no news any more
    alerted: Collection[str] = ()  # stories that an alert told: they are news whatever their date
    alarms: Sequence[Alarm] = ()  # open ones, about sources
    resting: Collection[str] = ()  # sources that are due for a look only after the window
    asked: Sequence[StoredArticle] = ()  # rejected articles that a reader is asked about
    card: str = ""
    days: int = 1
    next_at: datetime | None = None


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
    team: Team | None = None,
    around: Around | None = None,
) -> Edition:
    """The edition for the activity's window, composed at `at`. `sources` names all that should have been looked at.

    `stories` are those that the articles are in, and those that were edited. What is new stands first, then what is
    updated, then what goes on; among these by score, then by the number of origins, then newest first. A held article
    of a story that was flagged belongs to it. The same input in any order gives an equal edition.
    """
    team, around = team or Team(title=title), around or Around()
    window = activity.since, activity.until
    doubtful, known = list(held), list(stories)
    every = [*flagged, *doubtful]
    fresh = _fresh(tell(every, known, window=window, told=around.told), around)
    wanted = team.wanted
    mine = fresh
    if not wanted.every_article:
        some = tell(wanted.those(every), known, window=window, told=around.told, wanted=wanted)
        mine = _fresh(some, around)
    chosen, second, about = choose(mine.stories, wanted)
    left_out = sum(story.flagged for story in fresh.stories) - len(chosen)
    seen = cover(
        activity,
        sources=sources,
        flagged=len(chosen),
        left_out=left_out,
        unjudged=sum(stored.verdict.score is None for stored in wanted.those(doubtful)),
        alarms=around.alarms,
        resting=around.resting,
        stale=fresh.stale,
    )
    late = None if around.began and activity.since <= around.began else activity.since - LATE
    return Edition(
        title=short(team.title, _TITLE),
        since=activity.since,
        until=activity.until,
        composed_at=at,
        coverage=seen,
        flagged=_section(chosen, team, late, room=team.most_items),
        held=_section(second, team, late, room=team.most_held),
        links=activity.links,
        fates=_fates(activity.tallies, activity.links),
        before=_fates(activity.before, sum(tally.count for tally in activity.before)),
        model=short(model, _MODEL),
        profile=team.profile,
        tlp=team.tlp,
        zone=team.zone,
        days=around.days,
        articles=sum(tally.count for tally in (*activity.tallies, *activity.before) if tally.state in _READ),
        origins=sum(story.origins for story in chosen),
        questions=tuple(_question(stored) for stored in around.asked),
        counts=count(
            [about[story.public] for story in chosen],
            around.before,
            since=activity.since,
            until=activity.until,
            began=around.began,
        ),
        card=short(around.card, _CARD),
        next_at=around.next_at,
        left_out=left_out,
    )


class Choice(NamedTuple):
    """The flagged and the held stories that a team asks for, and what each of them names."""

    flagged: list[Told]
    held: list[Told]
    about: dict[str, Named]


def choose(stories: Iterable[Told], wanted: Wanted) -> Choice:
    """Those of the stories that are asked for, in their order. What a person flagged is below no threshold."""
    every = list(stories)
    about = {story.public: named(stored.findings for stored in story.articles) for story in every}
    kept = [
        story
        for story in every
        if wanted.story(about[story.public], story.score if story.flagged and not story.by_hand else None)
    ]
    return Choice(
        flagged=[story for story in kept if story.flagged],
        held=[story for story in kept if not story.flagged],
        about=about,
    )


class _Fresh(NamedTuple):
    """Stories in their order, and how many flagged ones were no news any more."""

    stories: list[Told]
    stale: int


def _fresh(told: Sequence[Told], around: Around) -> _Fresh:
    stories = sorted(told, key=_rank)
    if around.fresh_since is None:
        return _Fresh(stories, 0)
    news = [story for story in stories if story.public in around.alerted or not old(story.articles, around.fresh_since)]
    return _Fresh(news, sum(story.flagged for story in stories) - sum(story.flagged for story in news))


def _rank(story: Told) -> tuple[int, float, int, float, int]:
    score = (
        -1.0 if story.score is None else floor(100 * story.score)
    )  # as it is shown: closer than that is no difference
    return _STANDINGS.index(story.standing), -score, -story.origins, -story.first_seen.timestamp(), story.id


def _section(stories: Sequence[Told], team: Team, late: datetime | None, *, room: int) -> Section:
    return Section(
        items=tuple(item(story, late_before=late, excerpt=team.excerpt) for story in stories[:room]),
        stories=len(stories),
        articles=sum(len(story.articles) for story in stories),
    )


def _question(stored: StoredArticle) -> Question:
    return Question(
        id=f"A-{stored.id}",
        title=headline(stored),
        url=address(stored.article.url),
        outlet=printed_by(stored),
        score=stored.verdict.score or 0.0,
    )


def _fates(tallies: Iterable[Tally], links: int) -> tuple[Fate, ...]:
    """What became of links. They add up to all of them, if need be with a row that says they do not."""
    by_state: defaultdict[LinkState, list[Tally]] = defaultdict(list)
    for tally in tallies:
        by_state[LinkState.DISCOVERED if tally.state is LinkState.LEASED else tally.state].append(tally)
    fates = tuple(_fate(state, by_state[state]) for state in _ORDER if state in by_state)
    missing = links - sum(fate.count for fate in fates)
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
