"""The hard weeks of a year; `make proof-year` plays all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from storage.database import Database
from tests.years import Year, check

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("began", "days"),
    [
        pytest.param((3, 27), 5, id="a night too short, and a month's end"),
        pytest.param((4, 19), 3, id="a clock that is ahead for six hours"),
        pytest.param((6, 10), 4, id="three days asleep"),
        pytest.param((9, 6), 3, id="a clock that is behind for eight hours"),
        pytest.param((10, 30), 3, id="a night too long, and a month's end"),
    ],
)
def test_every_job_runs_exactly_as_often_as_it_is_due(tmp_path: Path, began: tuple[int, int], days: int) -> None:
    start = datetime(2027, *began, 9, tzinfo=UTC)
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    year = Year(database, true=start, ended=start + timedelta(days=days))
    year.live()
    check(year, start)
    database.close()
