"""From the archive to an edition: everything that `compose` decides about is read here, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.sources import SourceKind
from jobs.digest.compose import Around, compose
from jobs.digest.counts import USUAL, Before
from jobs.digest.due import DAY, SHORT
from jobs.digest.named import Named, country_name, slug
from jobs.excerpts import within_contract
from storage.alarms import Alarms
from storage.archive import NO_MODEL, Archive
from storage.editions import Editions
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import Activity, Decision, EntityKind
from storage.sources import Sources
from storage.stories import Stories
from storage.subjects import Subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from crawler.sources import Source
    from jobs.digest.compose import Team
    from jobs.digest.edition import Edition
    from storage.database import Database
    from storage.records import StoredArticle, StoredStory
    from storage.subjects import Subject

OVERDUE = DAY  # a source that is due for longer is looked at by nobody


def gather(
    database: Database,
    team: Team,
    *,
    sources: Sequence[Source],
    since: datetime,
    until: datetime,
    at: datetime,
    around: Around | None = None,
    model: str = "",
) -> Edition:
    """The edition of `[since, until)` for a team: the same archive gives the same edition.

    What came out of archive files is no news and stays out. Sources and their links are counted as far as the team asks
    for them: what others answered says nothing of those. `model` is who judges now, told when nothing was judged.
    """
    excerpts = {source.name: source.excerpt for source in sources}
    old = archives(sources)
    mine = [source.name for source in sources if source.name not in old and team.wanted.source(source.name)]
    flagged, held = (
        _news(Archive(database).decided(decision, since=since, until=until), excerpts, old)
        for decision in (Decision.FLAG, Decision.HOLD)
    )
    stories = _stories(database, [*flagged, *held], excerpts, since=since, until=until)
    names = [*(story.public for story in stories), *(f"A-{stored.id}" for stored in (*flagged, *held))]
    beside = around or Around()
    return compose(
        flagged,
        held,
        _activity(database, team, old, since=since, until=until, there=mine),
        stories=stories,
        model=judged_by([*flagged, *held], model),
        at=at,
        sources=mine,
        team=team,
        around=replace(
            beside,
            told=Editions(database).told(names, team.profile) if team.profile else {},
            before=_before(database, team, old, since=since),
            alarms=Alarms(database).open(),
            resting=_resting(database, since=since, until=until),
        ),
    )


def archives(sources: Iterable[Source]) -> frozenset[str]:
    """The sources that are files with old articles."""
    return frozenset(source.name for source in sources if source.kind is SourceKind.ARCHIVE)


def judged_by(articles: Iterable[StoredArticle], now: str = "") -> str:
    """The versions of the models whose verdicts are shown."""
    return ", ".join(sorted({stored.verdict.model for stored in articles} - {NO_MODEL})) or now or NO_MODEL


def _activity(
    database: Database, team: Team, old: Collection[str], *, since: datetime, until: datetime, there: Collection[str]
) -> Activity:
    """What was seen of the team's sources. What a source that is not `there` any more left behind waits for nobody."""
    account = Ledger(database).account(since=since, until=until)
    found = [
        tally
        for source, tallies in account.found.items()
        if source not in old and team.wanted.source(source)
        for tally in tallies
    ]
    return Activity(
        since=since,
        until=until,
        links=sum(tally.count for tally in found),
        tallies=tuple(found),
        sources=tuple(
            poll
            for poll in Polls(database).latest(since=since, until=until)
            if poll.source not in old and team.wanted.source(poll.source)
        ),
        before=tuple(tally for source in there for tally in account.before.get(source, ())),
    )


def _resting(database: Database, *, since: datetime, until: datetime) -> frozenset[str]:
    """The sources that answered when they were last looked at, and are due for a look only after the window.

    In a window of minutes it is no fault that no crawl came by, even where one will have to soon.
    """
    due_from = until - OVERDUE if until - since < SHORT else until
    return frozenset(
        name
        for name, state in Sources(database).states().items()
        if not state.rhythm.failures and state.rhythm.next_at is not None and state.rhythm.next_at >= due_from
    )


def _news(
    articles: Iterable[StoredArticle], excerpts: Mapping[str, int | None], old: Collection[str]
) -> list[StoredArticle]:
    return [stored for stored in within_contract(articles, excerpts) if stored.source not in old]


def _stories(
    database: Database,
    articles: Sequence[StoredArticle],
    excerpts: Mapping[str, int | None],
    *,
    since: datetime,
    until: datetime,
) -> list[StoredStory]:
    """The stories that the articles are in, and those of which something became known in the window."""
    store = Stories(database)
    found = [*store.of([stored.id for stored in articles], known=articles), *store.changed(since=since, until=until)]
    return [
        replace(story, articles=tuple(within_contract(story.articles, excerpts)))
        for story in {story.id: story for story in found}.values()
    ]


def _before(database: Database, team: Team, old: Collection[str], *, since: datetime) -> list[Before]:
    """What was flagged in the weeks before that the team asks for."""
    wanted = team.wanted
    found = Subjects(database).flagged(since=since - USUAL, until=since, also=sorted(wanted.actors))
    return [
        Before(story=str(subject.story), at=subject.at, named=about)
        for subject in found
        if subject.source not in old
        and wanted.article(subject.source, subject.language)
        and wanted.story(about := _named(subject), None if subject.by_hand else subject.score)
    ]


def _named(subject: Subject) -> Named:
    by_kind: dict[EntityKind, dict[str, str]] = {kind: {} for kind in EntityKind}
    for kind, entity, name in subject.named:
        by_kind[kind][entity] = name
    states = {entity.upper(): name for entity, name in by_kind[EntityKind.STATE].items()}
    return Named(
        actors=by_kind[EntityKind.ACTOR],
        countries={code: country_name(code) for code in subject.victims} | states,
        sectors={slug(sector): sector for sector in subject.sectors} | by_kind[EntityKind.SECTOR],
        entities=frozenset(entity for _, entity, _ in subject.named),
    )
