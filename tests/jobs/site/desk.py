"""An archive with editions of two profiles in it, an alert, and stories that go on from day to day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from jobs.digest.document import to_document
from jobs.digest.edition import Edition, Item, Section, Standing
from jobs.stories.origins import outlet
from jobs.stories.view import primary
from storage.archive import Archive
from storage.editions import Editions
from storage.polls import Polls
from storage.records import (
    Address,
    Article,
    Change,
    Decision,
    EditionKind,
    EntityKind,
    Findings,
    Judged,
    Link,
    LinkState,
    Membership,
    Mention,
    NewEdition,
    NewStory,
    Poll,
    PollState,
    Settled,
    StoryChange,
    Verdict,
)
from storage.runs import Runs
from storage.stories import Stories
from tests.jobs.digest_edition import COUNTS, CRANES, MINISTRY, NONE, SINCE, edition, item, quiet

if TYPE_CHECKING:
    from datetime import datetime

    from storage.database import Database
    from storage.records import StoredStory

DAY = timedelta(days=1)
# Of each story: on which day its articles came, where, in which language, and which one each repeats
EVENTS = [
    ("Intruders read a foreign ministry's mail", [(0, "Example Times", "en", 0), (0, "Nordblatt", "de", 1),
                                                  (0, "Harbour Daily", "en", 0), (2, "Le Phare du Soir", "fr", 3)]),
    ("海洋研究所遭境外国家级黑客组织入侵 窃密活动持续十四个月", [(0, "长滩晚报", "zh", 0)]),
    ("Shipyard says spies stayed for two years " + "in every one of its networks " * 5, [(1, "Example Times", "en", 0),
                                                                                      (3, "Harbour Daily", "en", 1)]),
    ("خبر عاجل: تجسس على وزارة الخارجية", [(2, "الميناء", "ar", 0), (2, "Example Times", "en", 0)]),
    ("Spyware<script>alert(1)</script> hides in calendar reminders", [(4, "Signal & Noise", "en", 0)]),
]  # fmt: skip
DAYS = 6
NAMED = Findings(
    mentions=(Mention(kind=EntityKind.ACTOR, name="APT28", entity="apt28", text="APT28", start=0, end=5),)
)  # in each report


def fill(database: Database) -> None:
    """Stories of invented outlets, and the editions that told them."""
    run = Runs(database).start("crawl", version="1", at=SINCE)
    for number, (title, reports) in enumerate(EVENTS):
        _tell(database, number, title, reports, run=run)
    stories = Stories(database).of(range(1, 100))
    for day in range(DAYS):
        until = SINCE + (day + 1) * DAY
        items = tuple(filter(None, (_told(story, until) for story in stories)))
        add(database, edition_of(items, until=until, profile="embassies" if day % 3 == 2 else "cert"))
    lone = item(999_999, "A report that is in no story", id="A-999999")
    add(database, edition_of((lone,), until=until + DAY, profile="cert"))
    still = replace(quiet(), since=until + DAY, until=until + 2 * DAY, composed_at=until + 2 * DAY)
    add(database, still)
    add(database, edition_of((_item(stories[0], Standing.NEW),), until=until, profile="cert"), kind=EditionKind.ALERT)


def add(database: Database, whole: Edition, *, kind: EditionKind = EditionKind.DIGEST) -> None:
    """Freeze an edition as the program does."""
    new = NewEdition(
        profile=whole.profile,
        kind=kind,
        key=f"{whole.until:%Y-%m-%d-%H}",
        since=whole.since,
        until=whole.until,
        due_at=whole.until,
        composed_at=whole.composed_at,
        body=to_document(whole),
        told=tuple(item.id for item in whole.flagged.items),
    )
    Editions(database).add(new, [Address(channel="folder")])


def edition_of(items: tuple[Item, ...], *, until: datetime, profile: str) -> Edition:
    """An edition of these stories."""
    return edition(
        profile=profile,
        since=until - DAY,
        until=until,
        composed_at=until + timedelta(minutes=1),
        next_at=until + DAY,
        flagged=Section(items=items, stories=len(items), articles=len(items)),
        held=Section(items=(CRANES,), stories=1, articles=1) if len(items) % 2 else NONE,
        counts=COUNTS,
    )


def _tell(database: Database, number: int, title: str, reports: list[tuple[int, str, str, int]], *, run: int) -> None:
    ids: list[int] = []
    for place, (day, name, language, _) in enumerate(reports):
        at = SINCE + day * DAY + timedelta(hours=number + 1, minutes=place)
        ids.append(_store(database, f"{title} {place or ''}".strip(), name, language, at=at, run=run))
    first, last = (SINCE + reports[place][0] * DAY + timedelta(hours=number + 1) for place in (0, -1))
    members = tuple(
        Membership(
            article=one,
            why="the same event",
            origin=ids[repeats - 1] if repeats else one,
            origin_why=f"the same text as at {reports[repeats - 1][1]}" if repeats else "reports on its own",
        )
        for one, (_, _, _, repeats) in zip(ids, reports, strict=True)
    )
    became = Change(at=last, article=ids[-1], kind=StoryChange.VICTIM, what="a victim is named: the ministry (VN)")
    changes = (became,) if len(ids) > 1 else ()
    story = NewStory(id=None, first_seen=first, last_seen=last, roundup=False, members=members, changes=changes)
    Stories(database).record([story], at=last)


def _store(database: Database, title: str, name: str, language: str, *, at: datetime, run: int) -> int:
    slug = f"{name}-{at:%d-%H-%M}".replace(" ", "-")
    url, source = f"https://news.example/{slug}", name.casefold().replace(" ", "-")
    link = Link(key=url, url=url, source=source, title=title)
    Polls(database).record(Poll(source=source, url="https://news.example/", at=at, state=PollState.OK, links=(link,)),
                           run=run)  # fmt: skip
    verdict = Verdict(decision=Decision.FLAG, score=0.9, threshold=0.6, reject_below=0.1, model="m", why="spies")
    article = Article(url=url, title=title, text=f"{title}, says {name}.", outlet=name, language=language)
    outcome = Settled(key=url, state=LinkState.FLAGGED, reason="spies", at=at, http_status=200)
    Archive(database).add(Judged(key=url, article=article, verdict=verdict, findings=NAMED), outcome, run=run)
    return Stories(database).unassigned(limit=9)[-1].id


def _told(story: StoredStory, until: datetime) -> Item | None:
    """What the edition that ends then says of a story; None when nothing new was written."""
    if not any(until - DAY <= stored.first_seen < until for stored in story.articles):
        return None
    return _item(story, Standing.NEW if story.first_seen >= until - DAY else Standing.UPDATED)


def _item(story: StoredStory, standing: Standing) -> Item:
    lead = primary(story)
    return item(
        1,
        lead.article.title,
        id=story.public,
        story=lead.id,
        url=lead.article.url,
        outlets=tuple(dict.fromkeys(map(outlet, story.articles))),
        first_seen=story.first_seen,
        language=lead.article.language,
        articles=len(story.articles),
        origins=story.origins,
        changes=tuple(change.what for change in story.changes),
        standing=standing,
        actors=MINISTRY.actors if len(story.articles) > 1 else (),
        victims=MINISTRY.victims,
        attributions=MINISTRY.attributions if len(story.articles) > 1 else (),
    )
