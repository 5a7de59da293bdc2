"""Which reports are one event, on events that were made up for it."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from crawler.shingles import sketch
from jobs.exits import UsageError
from jobs.stories import hand
from jobs.stories.assign import Known, assign
from jobs.stories.origins import Texts
from jobs.stories.view import story_text
from storage.database import Database
from storage.stories import Stories
from tests.stories.newsstand import HALVES, START, Telling, b_cubed, group, tellings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.records import StoredStory


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('stories') / 'spywire.db'}")
    group(database, tellings(*HALVES), runs=14)
    yield database
    database.close()


@pytest.fixture(scope="module")
def stories(archive: Database) -> list[StoredStory]:
    return Stories(archive).open(since=START - timedelta(days=1))


def with_title(stories: list[StoredStory], title: str) -> StoredStory:
    return next(story for story in stories for stored in story.articles if stored.article.title == title)


def own(database: Database, *texts: tuple[str, str, str], language: str = "en") -> list[StoredStory]:
    told = [
        Telling(event=title, language=language, outlet=outlet, at=START + timedelta(hours=at), title=title, text=text)
        for at, (outlet, title, text) in enumerate(texts)
    ]
    return group(database, told, runs=1)


def test_the_set_is_as_large_and_as_many_tongued_as_it_says() -> None:
    told = tellings(*HALVES)
    assert len({telling.event for telling in told}) >= 60
    assert len(told) >= 239
    assert len({telling.language for telling in told}) >= 5


def test_events_are_told_apart_and_their_reports_found(stories: list[StoredStory]) -> None:
    precision, recall = b_cubed(stories, tellings(*HALVES))
    assert precision >= 0.97
    assert recall >= 0.90


def test_a_wire_copy_is_another_article_and_no_other_origin(stories: list[StoredStory]) -> None:
    story = with_title(stories, "Norwegian fisheries officials spied on for a year")
    members = dict(zip((stored.article.outlet for stored in story.articles), story.members, strict=True))
    assert members["Harbor Post"].origin == members["Nordlys Wire"].article
    assert members["Harbor Post"].origin_why == "the same text as at Nordlys Wire"
    assert story.origins == len(story.articles) - 1


def test_who_credits_another_outlet_is_no_origin(stories: list[StoredStory]) -> None:
    story = with_title(stories, "Debt papers stolen from Kenya's presidency over three years")
    members = dict(zip((stored.article.outlet for stored in story.articles), story.members, strict=True))
    assert members["Rift Valley Post"].origin == members["Nairobi Chronicle"].article


def test_two_events_of_one_actor_stay_two(stories: list[StoredStory]) -> None:
    rail = with_title(stories, "APT28 caught in Polish railway's timetable servers")
    fish = with_title(stories, "Spies read mail of Norway's fisheries ministry for a year")
    assert rail.id != fish.id


def test_a_round_up_is_kept_apart(stories: list[StoredStory]) -> None:
    story = with_title(stories, "Weekly threat round-up: APT28, Volt Typhoon, MuddyWater and more")
    assert story.roundup
    assert len(story.articles) == 1


def test_every_join_and_every_refusal_says_why(stories: list[StoredStory]) -> None:
    story = with_title(stories, "Railway removes SteelHook backdoor after spy hunt")
    assert all(member.why for member in story.members)
    shown = story_text(story, why=True)
    assert "joined: actor apt28; names" in shown
    assert "not S-" in shown


def test_what_becomes_known_later_is_told_as_such(stories: list[StoredStory]) -> None:
    changed = [change.what for story in stories for change in story.changes]
    assert any("is named" in what or "named" in what for what in changed)


def test_names_of_stories_say_their_day_and_do_not_repeat(stories: list[StoredStory]) -> None:
    assert len({story.public for story in stories}) == len(stories)
    assert all(story.public.startswith(f"S-{story.first_seen:%Y%m%d}-") for story in stories)


def test_the_order_within_a_run_makes_no_difference(archive: Database, stories: list[StoredStory]) -> None:
    articles = [stored for story in stories for stored in story.articles][:80]
    ids = [stored.id for stored in articles]
    store = Stories(archive)
    known = Known(texts=Texts(families=store.families(ids), shares=store.likenesses(ids), houses={}))
    straight = assign(articles, [], known)
    for seed in range(3):
        shuffled = articles.copy()
        Random(seed).shuffle(shuffled)
        assert assign(shuffled, [], known) == straight


def test_what_a_person_merged_or_split_stays_so(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    one, other = own(
        database,
        ("Post", "Spies in the port of Aldmoor", "Unknown spies were found in the port of Aldmoor, the harbour said."),
        ("Herald", "Cranes stop in Aldmoor", "All cranes stood still for an hour and nobody could say what it was."),
    )
    merged = hand.merge(database, one.public, other.public, by="ada", at=START)
    assert len(merged.articles) == 2
    named = Stories(database).named(other.public)
    assert named is not None
    assert named.id == merged.id
    alone = hand.split(database, merged.public, [merged.articles[1].id], by="ada", at=START)
    assert [stored.article.title for stored in alone.articles] == ["Cranes stop in Aldmoor"]
    with pytest.raises(UsageError, match="all of"):
        hand.split(database, alone.public, [alone.articles[0].id], by="ada", at=START)
    with pytest.raises(UsageError, match="is not in"):
        hand.split(database, alone.public, [999], by="ada", at=START)
    database.close()


def test_ten_thousand_copies_are_one_story_of_one_origin_and_nothing_grows(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    text = "The wire reports that spies of APT28 read the mail of the ministry of fisheries in Norvia for a year. " * 3
    copies = [(f"Outlet {number}", f"Spies read mail ({number})", text) for number in range(300)]
    (story,) = own(database, *copies)
    assert len(story.articles) == 300
    assert story.origins == 1
    database.close()


def test_navigation_and_empty_texts_are_no_event(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    menu = "Home News Politics Sport Weather Video Contact Imprint Privacy Cookies Newsletter"
    found = own(
        database,
        ("Post", "Spies in Aldmoor's town hall", menu),
        ("Herald", "Bakery robbed at night", menu.replace("Sport", "Culture")),
        ("Mail", "", ""),
        ("Times", "Nothing", ""),
    )
    assert len(found) >= 3
    assert sketch("").hashes == ()
    database.close()
