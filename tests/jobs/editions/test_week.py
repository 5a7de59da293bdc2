"""Seven editions of a week: new, updated and ongoing stories, a day that was missed, a blind one and a quiet one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from jobs.digest.document import from_document
from jobs.digest.edition import Day, Edition, Fault, Standing
from jobs.digest.render import Form, render
from storage.editions import Editions
from tests.conftest import made_database
from tests.jobs.editions.newsdesk import GOLD, MORNINGS, Newsdesk, opened, printed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.records import StoredEdition

NUMBERS = range(1, 8)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsdesk]:
    folder = tmp_path_factory.mktemp("week")
    desk = opened(folder / "home", f"sqlite:///{folder / 'week.db'}")
    desk.week()
    yield desk
    desk.database.close()


@pytest.fixture(scope="module")
def stored(desk: Newsdesk) -> dict[int, StoredEdition]:
    return {each.number: each for each in Editions(desk.database).listed()}


@pytest.fixture(scope="module")
def week(stored: dict[int, StoredEdition]) -> dict[int, Edition]:
    return {number: from_document(each.body) for number, each in stored.items()}


def standings(edition: Edition) -> dict[str, Standing]:
    return {item.id: item.standing for item in edition.flagged.items}


@pytest.mark.parametrize("number", NUMBERS)
def test_each_edition_reads_as_it_should(stored: dict[int, StoredEdition], number: int) -> None:
    gold = (GOLD / f"{number}.txt").read_text(encoding="utf-8")
    assert printed(stored[number]) == gold, "see what changed, then run `python -m tests.jobs.editions.regold`"


@pytest.mark.parametrize("number", NUMBERS)
def test_what_was_delivered_is_what_was_kept(desk: Newsdesk, stored: dict[int, StoredEdition], number: int) -> None:
    (delivered,) = (desk.home.config / "shelf").glob(f"*{number}.txt")
    assert delivered.read_bytes() == printed(stored[number]).encode()


@pytest.mark.parametrize("form", list(Form))
def test_a_kept_edition_gives_the_same_bytes_as_often_as_it_is_asked(
    stored: dict[int, StoredEdition], form: Form
) -> None:
    kept = json.loads(json.dumps(stored[2].body))
    assert render(from_document(kept), form) == render(from_document(stored[2].body), form)


def test_stories_are_new_then_updated_or_ongoing(week: dict[int, Edition]) -> None:
    assert [standings(week[number]) for number in NUMBERS] == [
        {"S-20261115-01": Standing.NEW, "S-20261115-02": Standing.NEW},
        {"S-20261116-02": Standing.NEW, "S-20261115-01": Standing.UPDATED},
        {},
        {"S-20261118-01": Standing.NEW, "S-20261115-01": Standing.ONGOING},
        {},
        {"S-20261121-01": Standing.NEW, "S-20261115-02": Standing.UPDATED},
        {"S-20261118-01": Standing.ONGOING},
    ]


def test_an_update_says_what_became_known(week: dict[int, Edition]) -> None:
    (_, ministry), (_, spyware) = week[2].flagged.items, week[6].flagged.items
    assert ministry.changes == ("APT29 is named", "Corland names APT29 (stated)")
    assert ministry.actors == ("APT29",)
    assert ministry.first_seen == datetime(2026, 11, 15, 19, tzinfo=UTC)
    assert spyware.changes == ("removed by its publisher (Signal Desk)",)


def test_the_days_are_normal_quiet_or_blind(week: dict[int, Edition]) -> None:
    normal, quiet, blind = Day.NORMAL, Day.QUIET, Day.BLIND
    days = [week[number].coverage.day for number in NUMBERS]
    assert days == [normal, normal, quiet, normal, blind, normal, normal]


def test_windows_follow_each_other_and_a_missed_day_is_covered_by_the_next(week: dict[int, Edition]) -> None:
    assert [week[number].until for number in NUMBERS] == list(MORNINGS)
    assert all(week[number].since == week[number - 1].until for number in NUMBERS if number > 1)
    assert [week[number].days for number in NUMBERS] == [1, 1, 1, 2, 1, 1, 1]


def test_a_report_that_was_found_late_says_so(week: dict[int, Edition]) -> None:
    assert [item.id for number in NUMBERS for item in week[number].flagged.items if item.late] == ["S-20261121-01"]


def test_rejects_are_asked_about_once(week: dict[int, Edition]) -> None:
    asked = [question.id for number in NUMBERS for question in week[number].questions]
    assert len(asked) == len(set(asked)) == 4


def test_a_silent_source_is_told(week: dict[int, Edition]) -> None:
    (note,) = week[7].coverage.unwell
    assert (note.source, note.fault) == ("kastell-bote", Fault.SILENT)


def test_counts_stand_beside_what_is_usual(week: dict[int, Edition]) -> None:
    assert [(count.name, count.stories, count.usual) for count in week[7].counts.actors] == [
        ("Salt Typhoon", 1, 0.15)
    ]  # one in the 6.5 days before


def test_the_sender_that_is_called_again_makes_nothing_twice(desk: Newsdesk) -> None:
    posted = desk.send(MORNINGS[-1] + timedelta(hours=3))
    assert (posted.made, posted.sent) == ([], None)


def test_another_database_gives_the_same_editions(
    week: dict[int, Edition], tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> None:
    other = opened(tmp_path_factory.mktemp("other"), postgres_url)
    try:
        other.week()
        again = {each.number: from_document(each.body) for each in Editions(other.database).listed()}
    finally:
        other.database.close()
    assert again == week


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    with made_database(postgres_server) as url:
        yield url
