"""A profile's editions: its next digest and the alerts that cannot wait, composed, frozen, and owed to its readers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs.digest.alerts import Candidate, alerts
from jobs.digest.asking import Asked, ask
from jobs.digest.card import card_line
from jobs.digest.compose import Around, choose, compose
from jobs.digest.document import to_document
from jobs.digest.due import FIRST, covered, timetable, window_start
from jobs.digest.edition import Counts, Coverage, Day
from jobs.digest.gather import archives, gather, judged_by
from jobs.digest.items import old
from jobs.digest.profiles import addresses, team
from jobs.digest.told import tell
from jobs.excerpts import within_contract
from jobs.teaching.judges import judges
from jobs.teaching.shelf import card_of
from storage.archive import Archive
from storage.audits import Audits
from storage.editions import Editions
from storage.records import Activity, Decision, EditionKind, NewEdition
from storage.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from crawler.sources import Source
    from jobs.digest.agenda import Entry
    from jobs.digest.compose import Team
    from jobs.digest.edition import Edition
    from jobs.digest.told import Told
    from jobs.home import Home
    from jobs.settings import Settings
    from storage.database import Database
    from storage.records import StoredEdition, StoredStory

NOT_ASKED = Coverage(day=Day.NORMAL, words=(), sources=0, answered=0, failed=())  # an alert does not speak of the day


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where editions are made: an installation, with its settings and sources."""

    database: Database
    home: Home
    settings: Settings
    sources: Sequence[Source]


def draft(desk: Desk, entry: Entry, *, at: datetime, since: datetime | None = None) -> tuple[Edition, Asked]:
    """The profile's digest as it would be now, with what it asks its readers. Nothing is kept."""
    profile, start = desk.settings.profile[entry.profile], since or entry.since
    table, for_whom = timetable(profile), team(desk.settings, entry.profile, desk.sources)
    model = judges(desk.settings, desk.home, desk.database).model
    first = entry.past.first_since is None
    asked = ask(
        desk.database,
        profile=entry.profile,
        n=profile.check,
        day=_day(entry, at),
        since=start,
        until=entry.until,
        wanted=for_whom.wanted,
        without=archives(desk.sources),
    )
    around = Around(
        began=entry.past.began,
        fresh_since=entry.until - FIRST if first else None,
        alerted=_alerted(desk, entry.profile, since=start) if first else (),
        asked=asked.articles,
        card=card_line(card_of(model)),
        days=covered(table, start, entry.until),
        next_at=entry.next_at,
    )
    edition = gather(
        desk.database,
        for_whom,
        sources=desk.sources,
        since=start,
        until=entry.until,
        at=at,
        around=around,
        model=str(card_of(model).get("version") or ""),
    )
    return edition, asked


def into_stories(desk: Desk, *, at: datetime) -> None:
    """Put into stories what a crawl that is under way has stored so far.

    It does that itself when it ends; until then each of its reports would be told alone, and as something new.
    """
    if Stories(desk.database).unassigned(limit=1):
        from jobs.stories.assign import assign_all

        houses = {source.name: source.family for source in desk.sources if source.family}
        assign_all(desk.database, houses=houses, at=at)


def digest(desk: Desk, entry: Entry, *, at: datetime) -> StoredEdition:
    """Compose the profile's digest and keep it; it is owed to everybody who gets it from then on.

    Of two who do this at once, both are given the one that was kept. One that is made though none is due stands beside
    those of the days.
    """
    owed = addresses(desk.settings, entry.profile)
    edition, asked = draft(desk, entry, at=at)
    new = NewEdition(
        profile=entry.profile,
        kind=EditionKind.DIGEST,
        key=entry.due.day.isoformat() if entry.due else f"extra-{at:%Y%m%dT%H%M%SZ}",
        since=edition.since,
        until=edition.until,
        due_at=entry.due.at if entry.due else at,
        composed_at=at,
        body=to_document(edition),
        told=tuple(item.id for item in edition.flagged.items),
    )
    stored = desk.database.again(Editions(desk.database).add, new, owed)
    if stored.composed_at == at:
        desk.database.again(Audits(desk.database).keep, asked.draws)
    return stored


def urgent(desk: Desk, entry: Entry, *, at: datetime) -> Iterator[StoredEdition]:
    """Keep an alert for each story that cannot wait for the profile's next digest."""
    profile = desk.settings.profile[entry.profile]
    if not profile.alert_score:
        return
    store, owed = Editions(desk.database), addresses(desk.settings, entry.profile)
    for_whom = team(desk.settings, entry.profile, desk.sources)
    last = store.latest(entry.profile)
    since = window_start(entry.past, at=at) if last is None else last.until
    stories = _flagged(desk, for_whom, since=since, until=entry.until)
    names = [story.public for story in stories]
    known = {*store.told(names, entry.profile, kind=None), *store.made_for(names, entry.profile, EditionKind.ALERT)}
    news = {one.public: one for one in _news(desk, for_whom, stories, until=entry.until) if one.public not in known}
    candidates = [
        Candidate(story=one.public, score=one.score, origins=one.origins, first_seen=one.first_seen)
        for one in news.values()
    ]
    sent = [each.composed_at for each in store.listed(entry.profile, kind=EditionKind.ALERT, limit=profile.alert_cap)]
    for chosen in alerts(candidates, profile, sent=sent, at=at):
        edition = _alert(news[chosen.story], stories, for_whom, at=at, until=entry.until)
        new = NewEdition(
            profile=entry.profile,
            kind=EditionKind.ALERT,
            key=chosen.story,
            since=edition.since,
            until=edition.until,
            due_at=at,
            composed_at=at,
            body=to_document(edition),
            told=(chosen.story,),
        )
        yield desk.database.again(store.add, new, owed)


def _day(entry: Entry, at: datetime) -> date:
    return entry.due.day if entry.due else at.date()


def _alerted(desk: Desk, profile: str, *, since: datetime) -> frozenset[str]:
    """The stories that alerts told since then."""
    return frozenset(stored.key for stored in Editions(desk.database).since(profile, EditionKind.ALERT, at=since))


def _flagged(desk: Desk, for_whom: Team, *, since: datetime, until: datetime) -> list[StoredStory]:
    """The stories with articles that were flagged since then and that the team asks for."""
    old = archives(desk.sources)
    new = for_whom.wanted.those(Archive(desk.database).decided(Decision.FLAG, since=since, until=until))
    excerpts = {source.name: source.excerpt for source in desk.sources}
    found = Stories(desk.database).of([stored.id for stored in new if stored.source not in old])
    return [replace(story, articles=tuple(within_contract(story.articles, excerpts))) for story in found]


def _news(desk: Desk, for_whom: Team, stories: Sequence[StoredStory], *, until: datetime) -> list[Told]:
    """The stories as an alert would tell them, as far as the team asks for that and it was published lately.

    They are told by what was flagged of the sources and languages that are asked for, and chosen by no more than that.
    """
    old_papers, wanted = archives(desk.sources), for_whom.wanted
    flagged = (a for story in stories for a in story.articles if a.verdict.decision is Decision.FLAG)
    reports = [stored for stored in wanted.those(flagged) if stored.source not in old_papers]
    told = [one for one in tell(reports, stories, wanted=wanted) if not old(one.articles, until - FIRST)]
    return choose(told, wanted).flagged


def _alert(news: Told, stories: Sequence[StoredStory], for_whom: Team, *, at: datetime, until: datetime) -> Edition:
    """An edition of one story, which says nothing of the day."""
    since = min(news.first_seen.replace(microsecond=0), until)
    nothing = Activity(since=since, until=until, links=0, tallies=(), sources=())
    edition = compose(
        news.articles,
        [],
        nothing,
        stories=[story for story in stories if story.public == news.public],
        model=judged_by(news.articles),
        at=at,
        team=for_whom,
        around=Around(began=since),  # it has no window that a report could be late for
    )
    return replace(edition, coverage=NOT_ASKED, counts=Counts())
