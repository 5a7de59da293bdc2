"""A profile's digests and alerts are about what it asks for: its sources, its languages, its threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.actors import findings
from jobs.digest.compose import Around, Team, compose
from jobs.digest.edition import Day, Standing
from jobs.digest.render import Form, render
from jobs.digest.wanted import Wanted
from jobs.stories.assign import assign_all
from storage.labels import Labels
from storage.records import (
    Activity,
    Change,
    Decision,
    EditionKind,
    Label,
    Membership,
    PollState,
    Seen,
    StoryChange,
    Word,
)
from storage.revisions import Revisions
from tests.jobs.digest_archive import BEGAN, DAY, SEVEN, SOURCES, Newsroom, newsroom, text_of
from tests.jobs.digest_day import COMPOSED, SINCE, UNTIL, flagged, stories

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from jobs.digest.edition import Edition

    Made = Callable[[str], Newsroom]

HOUR = timedelta(hours=1)
NIGHT = SEVEN - 5 * HOUR
AGENCIES = f"""{SOURCES}
[bureau]
url = "https://bureau.example/feed"
tags = ["agency"]
"""
OWN = "For months nobody at the foreign ministry of Norway saw that APT29 copied travel plans and draft treaties."
NAMELESS = OWN.replace(" of Norway", "")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """An installation whose one profile asks for this."""

    def _made(asks: str) -> Newsroom:
        return newsroom(tmp_path / "home", f"[profile.daily]\nchannels = []\n{asks}", sources=AGENCIES)

    return _made


def alerts(room: Newsroom, *, at: datetime) -> list[Edition]:
    """The alerts there are after the sender was called."""
    room.send(at)
    return room.editions(kind=EditionKind.ALERT)


@pytest.mark.parametrize(("more", "second"), [("", OWN), ("threshold = 0.9", OWN), ('countries = ["NO"]', NAMELESS)])
def test_an_article_that_is_not_asked_for_makes_no_alert(made: Made, more: str, second: str) -> None:
    room = made(f'tags = ["agency"]\nalert_score = 0.9\nalert_origins = 1\n{more}')
    room.send(SEVEN)
    room.report(1, at=SEVEN + HOUR, source="blog", score=0.97, text=OWN)
    room.report(2, at=SEVEN + HOUR, source="wire", score=0.7, text=second)
    assert alerts(room, at=SEVEN + 2 * HOUR) == []


def test_an_origin_that_is_not_asked_for_does_not_count_for_an_alert(made: Made) -> None:
    room = made('tags = ["agency"]\nalert_score = 0.9\nalert_origins = 2\n')
    room.send(SEVEN)
    room.report(1, at=SEVEN + HOUR, source="blog", score=0.97)
    room.report(2, at=SEVEN + HOUR, source="wire", score=0.92, text=OWN)
    assert alerts(room, at=SEVEN + 2 * HOUR) == []
    room.report(1, at=SEVEN + 3 * HOUR, source="bureau", score=0.91, text=text_of(1, "APT29") + " So said the bureau.")
    (alert,) = alerts(room, at=SEVEN + 4 * HOUR)
    (item,) = alert.flagged.items
    assert (item.score, item.origins, set(item.outlets)) == (0.92, 2, {"Wire", "Bureau"})


def test_old_news_is_no_alert_though_we_only_hear_of_it_now(made: Made) -> None:
    room = made("alert_score = 0.9\nalert_origins = 1\n")
    found = BEGAN + timedelta(minutes=20)
    room.report(1, at=found, published=found - 40 * DAY)
    room.report(2, at=found, published=found - 2 * DAY, actor="Kimsuky")
    room.report(3, at=found, published=found - HOUR, actor="Turla")
    room.report(4, at=found, actor="Sandworm")  # without a date it may be of today
    told = {alert.flagged.items[0].title for alert in alerts(room, at=found + HOUR)}
    assert told == {"Report 3 about Turla", "Report 4 about Sandworm"}
    room.send(SEVEN)
    room.report(5, at=SEVEN + HOUR, published=SEVEN - 2 * DAY, actor="Sidewinder")
    assert len(alerts(room, at=SEVEN + 2 * HOUR)) == 2  # a source that was added later brings old news too


def test_the_first_digest_tells_what_an_alert_told(made: Made) -> None:
    room = made("alert_score = 0.9\nalert_origins = 1\n")
    found = BEGAN + timedelta(minutes=20)
    room.report(1, at=found, published=found - 10 * HOUR)
    room.report(2, at=found, score=0.8, published=found - 10 * HOUR, actor="Kimsuky")
    assert len(alerts(room, at=found + HOUR)) == 1
    room.send(SEVEN)  # 29 hours after both were published
    (first,) = room.editions()
    assert [(item.title, item.standing) for item in first.flagged.items] == [("Report 1 about APT29", Standing.NEW)]


def test_the_day_is_judged_by_the_sources_that_are_asked_for(made: Made) -> None:
    room = made('tags = ["agency"]')
    for source in ("wire", "bureau"):
        room.look(source, at=NIGHT, state=PollState.UNREACHABLE)
    room.report(1, at=NIGHT, source="blog")
    room.look("blog", at=NIGHT, found=(2, 3))
    room.send(SEVEN)
    (edition,) = room.editions()
    seen = edition.coverage
    assert (seen.day, seen.sources, seen.answered, edition.links, edition.articles) == (Day.BLIND, 2, 0, 0, 0)
    assert {note.source for note in seen.failed} == {"wire", "bureau"}
    assert edition.left_out == 1


def test_the_sources_of_others_do_not_make_a_day_blind(made: Made) -> None:
    room = made('tags = ["agency"]')
    for source in ("wire", "bureau"):
        room.look(source, at=NIGHT, state=PollState.UNCHANGED)
    room.look("blog", at=NIGHT, state=PollState.UNREACHABLE)
    room.send(SEVEN)
    (edition,) = room.editions()
    assert (edition.coverage.day, edition.coverage.failed) == (Day.QUIET, ())


def taken_off_the_web(room: Newsroom, article: int, *, at: datetime) -> None:
    """A publisher removes what it printed: two looks in a row find nothing."""
    for hours in (0, 1):
        Revisions(room.database).note(Seen(article_id=article, at=at + hours * HOUR, gone=True))
    assign_all(room.database, houses={}, at=at + HOUR)


def test_an_edit_of_an_article_that_is_not_asked_for_is_not_told(made: Made) -> None:
    room = made('tags = ["agency"]')
    room.report(1, at=NIGHT, source="blog", score=0.97, text=OWN)
    room.report(2, at=NIGHT, source="wire", score=0.9, text=OWN)
    room.send(SEVEN)
    taken_off_the_web(room, 1, at=SEVEN + HOUR)
    room.send(SEVEN + DAY)
    first, second = room.editions()
    assert [item.outlets for item in first.flagged.items] == [("Wire",)]
    assert second.flagged.items == ()
    taken_off_the_web(room, 2, at=SEVEN + DAY + HOUR)
    room.send(SEVEN + 2 * DAY)
    (item,) = room.editions()[-1].flagged.items
    assert (item.url, item.outlets) == ("https://wire.example/2", ("Wire",))
    assert item.changes == ("removed by its publisher (Wire)",)


def test_what_became_known_from_an_article_that_is_not_asked_for_makes_no_update(made: Made) -> None:
    room = made('tags = ["agency"]')
    room.report(1, at=NIGHT, source="blog", score=0.97, text=OWN)
    room.report(2, at=NIGHT, source="wire", score=0.9, text=OWN)
    room.send(SEVEN)
    taken_off_the_web(room, 1, at=SEVEN + HOUR)
    room.report(3, at=SEVEN + 3 * HOUR, source="bureau", text=f"{OWN} That is all that is known.")
    room.send(SEVEN + DAY)
    (item,) = room.editions()[-1].flagged.items
    assert (item.standing, item.changes) == (Standing.ONGOING, ())


@given(
    sources=st.lists(st.sampled_from(["wire", "bureau", "blog"]), min_size=4, max_size=4),
    asked=st.frozensets(st.sampled_from(["wire", "bureau", "blog"])),
    edited=st.integers(1, 4),
    news=st.booleans(),
)
def test_no_story_is_told_by_an_article_that_is_not_asked_for(
    *, sources: list[str], asked: frozenset[str], edited: int, news: bool
) -> None:
    articles = [replace(one, source=source) for one, source in zip(flagged(), sources, strict=True)]
    change = Change(at=UNTIL - HOUR, article=edited, kind=StoryChange.REVISED, what="its headline was changed")
    members = [Membership(article=one.id, why="", origin=one.id, origin_why="") for one in articles]
    (story,) = stories()
    story = replace(story, articles=tuple(articles), members=tuple(members), changes=(change,))
    whole = compose(
        articles if news else [],
        [],
        Activity(since=SINCE, until=UNTIL, links=0, tallies=(), sources=()),
        stories=[story],
        model="m-1",
        at=COMPOSED,
        team=Team(profile="cert", wanted=Wanted(sources=asked)),
        around=Around(told={story.public: SINCE}),
    )
    mine = {one.article.url for one in articles if one.source in asked}
    told = {url for item in whole.flagged.items for url in (item.url, *(copy.url for copy in item.copies))}
    assert told == (mine if news else told & mine)
    assert all(bool(item.changes) == (sources[edited - 1] in asked) for item in whole.flagged.items)
    assert bool(whole.flagged.items) == (bool(mine) if news else sources[edited - 1] in asked)


def test_what_a_person_flagged_is_below_no_threshold(made: Made) -> None:
    room = made("threshold = 0.6")
    room.report(1, at=NIGHT, score=0.05, decision=Decision.REJECT)
    room.report(2, at=NIGHT, score=0.5, actor="Turla")
    said = Label(article_id=1, url="https://wire.example/1", title="", word=Word.FLAG, by="ada", at=NIGHT + HOUR)
    found = findings(title="", text=text_of(1, "APT29"), language="en")
    Labels(room.database).give(said, now=NIGHT + HOUR, findings=found)
    room.send(SEVEN)
    room.send(SEVEN + DAY)
    room.report(3, at=SEVEN + DAY + HOUR)
    room.send(SEVEN + 2 * DAY)
    first, _, last = room.editions()
    assert [item.title for item in first.flagged.items] == ["Report 1 about APT29"]
    assert first.left_out == 1
    assert [(count.name, bool(count.usual)) for count in last.counts.actors] == [("APT29", True)]


@pytest.mark.parametrize("form", [Form.TEXT, Form.HTML, Form.MARKDOWN])
def test_a_day_with_nothing_for_a_profile_does_not_say_that_nothing_was_flagged(made: Made, form: Form) -> None:
    room = made('tags = ["agency"]')
    for source in ("wire", "bureau"):
        room.look(source, at=NIGHT)
    room.report(1, at=NIGHT, source="blog")
    room.send(SEVEN)
    (edition,) = room.editions()
    assert "Nothing for this profile." in edition.coverage.words
    assert "othing was flagged" not in render(edition, form)


def test_readers_are_asked_about_what_they_would_be_told(made: Made) -> None:
    room = made('tags = ["agency"]\nlanguages = ["de", "zh"]\ncheck = 5\n')
    for number, (source, language) in enumerate(
        [("wire", "en"), ("wire", "de"), ("blog", "zh"), ("bureau", "zh"), ("old-papers", "de")], 1
    ):
        room.report(
            number, at=NIGHT, source=source, language=language, decision=Decision.REJECT, score=0.01, actor="Turla"
        )
    room.send(SEVEN)
    (edition,) = room.editions()
    assert {question.id for question in edition.questions} == {"A-2", "A-4"}
