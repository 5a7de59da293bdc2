"""What the sender makes, when, and what it does with what goes wrong."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event
from typer.testing import CliRunner

from jobs.cli import app
from jobs.digest.edition import Day, Standing
from jobs.digest.send import SendJob, send
from jobs.exits import Exit, NothingThereError, UsageError
from jobs.settings import load_settings
from storage.audits import Audits
from storage.outbox import Outbox
from storage.records import Decision, DeliveryState, EditionKind, Membership, NewStory, Rhythm, SourceState
from storage.runs import Runs
from storage.sources import Sources
from storage.stories import Stories
from tests.jobs.digest_archive import BEGAN, DAY, SEVEN, Newsroom, newsroom, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NIGHT = SEVEN - timedelta(hours=5)
BROKEN = """
[profile.daily]
channels = ["shelf"]
[channel.shelf]
kind = "folder"
path = "taken"
"""
URGENT = """
[profile.daily]
channels = []
alert_score = 0.9
alert_origins = {origins}
quiet_hours = "{quiet}"
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = newsroom(tmp_path / "home")
    yield room
    room.database.close()


def test_without_a_profile_there_is_one_that_writes_into_the_home(room: Newsroom) -> None:
    room.report(1, at=NIGHT)
    posted = room.send(SEVEN)
    assert [stored.key for stored in posted.made] == ["2026-11-21"]
    (page,) = (room.home.data / "digests").glob("*.html")
    assert "Report 1 about APT29" in page.read_text()
    assert posted.exit is Exit.OK


def test_a_digest_is_made_once_however_often_the_sender_is_called(room: Newsroom) -> None:
    room.report(1, at=NIGHT)
    for minutes in (-5, 0, 5, 60, 600):
        room.send(SEVEN + timedelta(minutes=minutes))
    assert len(room.editions()) == 1


def test_a_sender_with_nothing_to_do_leaves_no_record(room: Newsroom) -> None:
    room.send(SEVEN - timedelta(hours=1))
    assert [run.job for run in Runs(room.database).recent(limit=5)] == ["init"]
    room.send(SEVEN)
    (run, *_) = Runs(room.database).recent(limit=5)
    assert (run.job, run.exit_code, run.counts) == ("digest", 0, {"editions": 1, "deliveries.sent": 1})


def test_an_empty_day_is_told(room: Newsroom) -> None:
    (stored,) = room.send(SEVEN).made
    (edition,) = room.editions()
    assert (stored.number, edition.number, edition.flagged.stories) == (1, 1, 0)
    assert edition.coverage.day is Day.BLIND  # nobody looked at a source


def test_where_nothing_ever_ran_the_first_call_is_the_beginning(tmp_path: Path) -> None:
    room = newsroom(tmp_path / "home")
    other = Newsroom(home=room.home, database=room.database)
    room.database.close()
    (room.home.data / "spywire.db").unlink()
    assert other.send(SEVEN - timedelta(hours=1)).made == []
    assert [stored.key for stored in other.send(SEVEN).made] == ["2026-11-21"]
    other.database.close()


def test_what_reached_nobody_is_covered_by_the_next_and_not_sent_any_more(room: Newsroom) -> None:
    room.configure(BROKEN)
    (room.home.config / "taken").write_text("a file where the folder should be")
    room.report(1, at=NIGHT)
    first = room.send(SEVEN)
    assert first.exit in {Exit.PARTIAL, Exit.UNREACHABLE}
    room.report(2, at=NIGHT + DAY, actor="Kimsuky")
    (room.home.config / "taken").unlink()
    second = room.send(SEVEN + DAY)
    one, two = room.editions()
    assert (two.since, two.days, two.flagged.stories) == (one.since, 2, 2)
    assert {item.standing for item in two.flagged.items} == {Standing.NEW}  # nobody was told of the first
    (late,) = Outbox(room.database).of(first.made[0].id)
    assert (late.state, late.detail) == (DeliveryState.FAILED, "edition 2 covers the same time")
    assert [path.name for path in (room.home.config / "taken").iterdir()] == ["daily-00002.html"]
    assert second.exit is Exit.OK


def answered(room: Newsroom, *, next_at: datetime) -> None:
    urls = {"wire": "https://wire.example/feed", "blog": "https://blog.example/feed"}
    rhythm = Rhythm(next_at=next_at, polled_at=next_at - timedelta(hours=1))
    Sources(room.database).keep(SourceState(name=name, url=url, rhythm=rhythm) for name, url in urls.items())


@pytest.mark.parametrize(
    ("minutes", "due_since", "day"),
    [
        (12, timedelta(hours=-1), Day.IDLE),
        (12, timedelta(hours=5), Day.IDLE),
        (12, timedelta(hours=30), Day.BLIND),
        (120, timedelta(hours=-1), Day.IDLE),
        (120, timedelta(hours=1), Day.BLIND),
    ],
)
def test_a_window_in_which_no_crawl_was_due_is_not_called_blind(
    room: Newsroom, minutes: int, due_since: timedelta, day: Day
) -> None:
    room.send(SEVEN)
    again = SEVEN + timedelta(minutes=minutes)
    answered(room, next_at=again - due_since)
    room.send(again, now=True)
    assert room.editions()[-1].coverage.day is day


def test_who_asks_for_a_digest_soon_after_another_is_told_how_little_it_covers(room: Newsroom) -> None:
    before = datetime.now(UTC) - timedelta(minutes=12)
    room.send(before, now=True)
    answered(room, next_at=before + timedelta(hours=1))
    done = CliRunner().invoke(app, ["--home", str(room.home.config), "digest", "send", "--now"])
    assert (done.exit_code, len(room.editions())) == (0, 2)
    assert "daily digest 2 covers less than an hour, " in done.stderr
    assert done.stderr.endswith(" UTC; nothing was read since the last one\n")


def test_a_digest_of_now_stands_beside_those_of_the_days(room: Newsroom) -> None:
    room.report(1, at=NIGHT)
    room.send(SEVEN)
    room.report(2, at=SEVEN + timedelta(hours=1))
    (extra,) = room.send(SEVEN + timedelta(hours=2), now=True).made
    room.report(3, at=SEVEN + timedelta(hours=3))
    (regular,) = room.send(SEVEN + DAY).made
    assert extra.key.startswith("extra-")
    assert (regular.key, regular.since) == ("2026-11-22", extra.until)
    assert [[item.title for item in each.flagged.items] for each in room.editions()] == [
        ["Report 1 about APT29"],
        ["Report 2 about APT29"],
        ["Report 3 about APT29"],
    ]


def test_a_mistake_in_one_profile_stops_no_other(room: Newsroom) -> None:
    room.configure('[profile.good]\nchannels = []\n[profile.bad]\nactors = ["Nobody Known"]\n')
    posted = room.send(SEVEN)
    assert [stored.profile for stored in posted.made] == ["good"]
    assert posted.exit is Exit.CONFIG
    assert "no actor is known as 'Nobody Known'" in str(posted.troubles[0])


def test_a_mistake_in_a_profile_is_told_before_its_digest_is_due(room: Newsroom) -> None:
    room.configure('[profile.lux]\ncountries = ["AQ"]\n')
    posted = room.send(SEVEN - timedelta(hours=1))
    assert posted.exit is Exit.CONFIG
    assert [str(trouble).partition(":")[0] for trouble in posted.troubles] == ["[profile.lux] countries"]


def test_a_mistake_in_a_profile_is_told_while_another_is_at_work(room: Newsroom) -> None:
    room.configure('[profile.good]\nalert_score = 0.9\n[profile.bad]\nchannels = ["nowhere"]\n')
    posted = room.send(SEVEN - timedelta(hours=1))
    assert [str(trouble).partition(":")[0] for trouble in posted.troubles] == ["[profile.bad] channels"]


def test_a_bug_that_one_profile_comes_upon_stops_no_other(room: Newsroom) -> None:
    room.configure("[profile.bad]\nchannels = []\n[profile.good]\nchannels = []\n")
    room.report(1, at=NIGHT)
    settings = load_settings(room.home, {}).settings
    bad = settings.profile["bad"].model_copy(update={"excerpt": None})
    settings = settings.model_copy(update={"profile": settings.profile | {"bad": bad}})
    posted = send(SendJob(home=room.home, settings=settings, at=SEVEN))
    assert ([stored.profile for stored in posted.made], posted.exit) == (["good"], Exit.BUG)
    assert str(posted.troubles[0]) == "[profile.bad] a bug in spywire, please report it: TypeError"


def test_two_teams_get_their_own_from_one_archive(room: Newsroom) -> None:
    room.configure(
        '[profile.north]\nactors = ["Cozy Bear"]\n[profile.east]\nzone = "Asia/Tokyo"\nactors = ["Volt Typhoon"]\n'
    )
    room.report(1, at=NIGHT - timedelta(hours=6))
    room.report(2, at=NIGHT - timedelta(hours=6), actor="Volt Typhoon")
    room.send(SEVEN)
    assert [[item.actors for item in each.flagged.items] for each in room.editions("north")] == [[("APT29",)]]
    assert [[item.actors for item in each.flagged.items] for each in room.editions("east")] == [[("Volt Typhoon",)]]
    assert room.editions("north")[0].left_out == 1


def test_what_a_crawl_under_way_has_stored_is_told_as_the_story_that_it_belongs_to(room: Newsroom) -> None:
    room.report(1, at=NIGHT)
    room.send(SEVEN)
    told = room.editions()[0].flagged.items[0].id
    morning = SEVEN + DAY - timedelta(minutes=10)
    room.report(11, at=morning, text=text_of(1, "APT29"), crawling=True)
    room.report(12, at=morning, source="blog", text=text_of(1, "APT29"), crawling=True)
    room.send(SEVEN + DAY)
    (item,) = room.editions()[1].flagged.items
    assert (item.id, item.articles, item.standing) == (told, 2, Standing.ONGOING)


def test_two_who_put_an_article_into_a_story_put_it_into_one(room: Newsroom) -> None:
    room.report(1, at=NIGHT, crawling=True)
    room.report(2, at=NIGHT, actor="Kimsuky", crawling=True)
    store = Stories(room.database)
    begun = [
        NewStory(
            id=None,
            first_seen=NIGHT,
            last_seen=NIGHT,
            roundup=False,
            members=(Membership(article=number, why="alone", origin=number, origin_why=""),),
        )
        for number in (1, 2)
    ]
    assert store.record(begun[:1], at=NIGHT) == ["S-20261121-01"]
    assert store.record(begun, at=NIGHT) == ["S-20261121-02"]
    assert [[stored.id for stored in story.articles] for story in store.open(since=NIGHT)] == [[1], [2]]


def test_a_source_that_is_not_due_in_the_window_has_not_failed(room: Newsroom) -> None:
    blog = SourceState(name="blog", url="https://blog.example/feed", rhythm=Rhythm(next_at=SEVEN + timedelta(hours=1)))
    room.report(1, at=NIGHT, decision=Decision.REJECT, score=0.01)
    Sources(room.database).keep([blog])
    room.send(SEVEN)
    coverage = room.editions()[0].coverage
    assert (coverage.day, coverage.failed, coverage.answered, coverage.sources) == (Day.QUIET, (), 1, 1)
    assert coverage.words[:2] == ("The only source answered.", "1 more was not due for a look.")


def test_an_archive_that_is_read_after_the_fact_is_no_news(room: Newsroom) -> None:
    room.report(1, at=NIGHT, source="old-papers")
    room.send(SEVEN)
    (edition,) = room.editions()
    assert (edition.flagged.stories, edition.links) == (0, 0)
    assert "old-papers" not in {note.source for note in edition.coverage.failed}


def test_no_more_is_quoted_than_the_source_allows(room: Newsroom) -> None:
    room.report(1, at=NIGHT, source="blog")
    room.send(SEVEN)
    (item,) = room.editions()[0].flagged.items
    assert 0 < sum(len(sentence.text) for sentence in item.sentences) <= 80


def test_readers_are_asked_about_rejects_of_the_window_once(room: Newsroom) -> None:
    for number in range(1, 9):
        room.report(number, at=NIGHT, decision=Decision.REJECT, score=number / 100)
    room.send(SEVEN)
    room.send(SEVEN + DAY)
    first, second = room.editions()
    assert len(first.questions) == 3
    assert second.questions == ()  # what was rejected the day before is not asked about
    kept = Audits(room.database).draws(since=BEGAN)
    assert {f"A-{draw.reject.article_id}" for draw in kept} == {question.id for question in first.questions}


def test_an_alert_is_sent_at_once_and_once(room: Newsroom) -> None:
    room.configure(URGENT.format(origins=1, quiet=""))
    room.report(1, at=SEVEN + timedelta(hours=3))
    room.report(2, at=SEVEN + timedelta(hours=3), score=0.7, actor="Kimsuky")
    room.send(SEVEN)
    (alert,) = room.send(SEVEN + timedelta(hours=4)).made
    assert (alert.kind, alert.key, alert.number) == (EditionKind.ALERT, "S-20261121-01", 1)
    assert room.send(SEVEN + timedelta(hours=5)).made == []
    (edition,) = room.editions(kind=EditionKind.ALERT)
    assert [item.title for item in edition.flagged.items] == ["Report 1 about APT29"]
    room.send(SEVEN + DAY)
    assert [item.standing for item in room.editions()[-1].flagged.items] == [Standing.NEW, Standing.NEW]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of any database meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_however_many_stories_were_flagged_the_database_is_asked_as_often(tmp_path: Path) -> None:
    asked = []
    for number in (2, 8):
        room = newsroom(tmp_path / str(number), URGENT.format(origins=1, quiet=""))
        room.send(SEVEN)
        for each in range(number):
            room.report(each + 1, at=SEVEN + timedelta(hours=3), score=0.7, actor=f"UNC{4000 + each}")
        with statements() as said:
            assert room.send(SEVEN + timedelta(hours=4)).made == []
        assert len(Stories(room.database).open(since=BEGAN)) == number
        asked.append(len(said))
        room.database.close()
    few, many = asked
    assert few == many > 0


def test_an_alert_waits_for_a_second_origin_and_for_the_quiet_hours_to_end(room: Newsroom) -> None:
    room.configure(URGENT.format(origins=2, quiet="20:00-23:00"))
    evening = SEVEN + timedelta(hours=12, minutes=30)
    room.report(1, at=evening)
    room.send(SEVEN)
    assert room.send(evening + timedelta(minutes=5)).made == []
    own = "For months nobody at the foreign ministry of Norway saw that APT29 copied travel plans and draft treaties."
    room.report(2, at=evening + timedelta(minutes=40), source="blog", text=own)
    assert room.send(evening + timedelta(hours=1)).made == []
    (after,) = room.send(datetime(2026, 11, 21, 23, 0, tzinfo=UTC)).made
    assert after.key == "S-20261121-01"
    assert room.editions(kind=EditionKind.ALERT)[0].flagged.items[0].origins == 2


def test_what_a_digest_told_is_no_alert(room: Newsroom) -> None:
    room.configure(URGENT.format(origins=1, quiet=""))
    room.report(1, at=NIGHT)
    first = room.send(SEVEN)
    assert [stored.kind for stored in first.made] == [EditionKind.DIGEST]
    room.report(2, at=SEVEN + timedelta(hours=1), source="blog", text=text_of(1, "APT29") + " More.")
    assert room.send(SEVEN + timedelta(hours=2)).made == []


def asked(room: Newsroom, *arguments: str) -> str:
    """What a command says on standard output."""
    done = CliRunner().invoke(app, ["--home", str(room.home.config), "digest", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_editions_are_listed_with_what_became_of_them(room: Newsroom) -> None:
    room.report(1, at=NIGHT)
    room.send(SEVEN)
    listed = json.loads(asked(room, "list", "--json"))
    assert [(each["number"], each["stories"], each["deliveries"]) for each in listed] == [(1, 1, {"sent": 1})]
    assert "1 sent" in asked(room, "list")


def test_an_edition_is_shown_as_it_was_sent(room: Newsroom) -> None:
    room.report(1, at=NIGHT)
    room.send(SEVEN)
    (page,) = (room.home.data / "digests").glob("*.html")
    assert asked(room, "show", "1", "--format", "html") == page.read_text()
    with pytest.raises(NothingThereError, match="there is no digest 9 of daily; `spywire digest list` names"):
        asked(room, "show", "9")


def test_a_preview_is_what_a_profile_would_get_and_keeps_nothing(room: Newsroom) -> None:
    room.report(1, at=NIGHT)
    shown = asked(room, "preview", "--profile", "daily", "--since", "2026-11-20")
    assert "Report 1 about APT29" in shown
    assert room.editions() == []


def test_a_dry_run_says_what_is_due_and_makes_nothing(room: Newsroom) -> None:
    assert asked(room, "send", "--dry-run").startswith("daily: due since")
    assert room.editions() == []
    with pytest.raises(UsageError, match="there is no profile soc; there are daily"):
        asked(room, "send", "--dry-run", "--profile", "soc")


def test_a_dry_run_tells_the_mistakes_that_a_run_would(room: Newsroom) -> None:
    room.configure('[profile.good]\n[profile.lux]\ncountries = ["AQ"]\n')
    done = CliRunner().invoke(app, ["--home", str(room.home.config), "digest", "send", "--dry-run"])
    assert done.exit_code == Exit.CONFIG
    assert "[profile.lux] countries" in done.stderr
    assert "good: due since" in done.stdout


def test_the_list_of_an_installation_without_editions_says_when_there_will_be_one(room: Newsroom) -> None:
    with pytest.raises(NothingThereError, match="says when the next one is due"):
        asked(room, "list")
