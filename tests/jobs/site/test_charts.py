"""What the front page draws, beside what the digests of the same days said."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from jobs.digest.coverage import IDLE
from jobs.digest.edition import Coverage, Day
from jobs.settings import load_settings
from jobs.settings.sections import Settings
from jobs.site.build import read
from jobs.site.charts import actors, health, troubled
from storage.database import Database
from tests.jobs.digest_archive import SEVEN, newsroom
from tests.jobs.digest_edition import COVERAGE, edition, quiet
from tests.jobs.site.desk import DAY, add

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobs.digest.edition import Edition

NOT_LOOKED = Coverage(day=Day.IDLE, words=(IDLE,), sources=0, answered=0, failed=())
NAMED = (
    "The group APT41 breached {}, officials said. The hackers copied what lay there.",
    "{} was read for years. Analysts compared the tools with those of APT28 and of APT41, and named nobody.",
    "Agencies said that Russian spies broke into {}, and that the tools were those of APT28.",
)
PLACES = ("the carrier Northline", "the Belling shipyard", "a laboratory for vaccines")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    yield opened
    opened.close()


def after(whole: Edition, time: timedelta, **changes: Any) -> Edition:
    """The same edition, so much later."""
    until = whole.until + time
    return replace(whole, since=until - DAY, until=until, composed_at=until, **changes)


def test_actors_are_drawn_as_often_as_the_digest_of_the_day_counts_them(tmp_path: Path) -> None:
    room = newsroom(tmp_path / "room", "[profile.daily]\nchannels = []\n")
    for number, (said, place) in enumerate(zip(NAMED, PLACES, strict=True), 1):
        room.report(number, at=SEVEN - timedelta(hours=number), text=said.format(place), actor="hackers")
    room.send(SEVEN)
    (whole,) = room.editions()
    drawn = actors(read(room.database, load_settings(room.home, {}).settings))
    room.database.close()
    assert [(row.name, row.total) for row in drawn] == [(count.name, count.stories) for count in whole.counts.actors]
    assert dict.fromkeys(row.name for row in drawn).keys() == {"APT41", "APT28"}
    assert any(set(item.actors) - {"APT41", "APT28"} for item in whole.flagged.items)


def test_an_edition_made_between_two_looks_says_nothing_of_the_sources(database: Database) -> None:
    first, second = edition(coverage=COVERAGE), after(quiet(), DAY)
    add(database, first)
    add(database, after(first, timedelta(hours=2), coverage=NOT_LOOKED))
    add(database, second)
    add(database, after(second, timedelta(hours=1), coverage=NOT_LOOKED))
    add(
        database, after(second, timedelta(hours=2), coverage=replace(NOT_LOOKED, day=Day.NORMAL, sources=3, answered=3))
    )
    drawn = health(read(database, Settings()))
    assert drawn is not None
    assert drawn.says == "Last: 96 well, 0 silent or degraded, 0 failed."
    assert [words for _, words in drawn.rows] == [
        "91 well, 2 silent or degraded, 3 failed",
        "96 well, 0 silent or degraded, 0 failed",
    ]
    assert ("signal-and-noise", "failed on 1 of 2 days") in troubled(read(database, Settings()))


def test_of_two_digests_of_a_day_that_looked_at_as_many_sources_the_last_counts(database: Database) -> None:
    whole = edition(coverage=COVERAGE)
    add(database, whole)
    add(database, after(whole, timedelta(hours=6), profile="embassies", coverage=quiet().coverage))
    drawn = health(read(database, Settings()))
    assert drawn is not None
    assert [words for _, words in drawn.rows] == ["96 well, 0 silent or degraded, 0 failed"]


def test_the_health_of_thirty_days_is_drawn_where_they_are_and_no_more(database: Database) -> None:
    first = edition(coverage=COVERAGE)
    for day in (0, 20, 49):
        add(database, after(first, day * DAY))
    drawn = health(read(database, Settings()))
    assert drawn is not None
    assert (drawn.start, drawn.end) == ("12 Dec 2026", "10 Jan 2027")
    assert [day for day, _ in drawn.rows] == ["12 Dec 2026", "10 Jan 2027"]
    assert set(re.findall(r'x="(\d+)"', drawn.drawing)) == {"0", "290"}


def test_an_archive_in_which_no_source_was_ever_looked_at_has_no_chart_of_them(database: Database) -> None:
    add(database, edition(coverage=NOT_LOOKED))
    assert health(read(database, Settings())) is None
