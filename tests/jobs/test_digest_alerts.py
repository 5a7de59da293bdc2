from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from jobs.digest.alerts import Candidate, alerts
from jobs.settings import Profile

NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)  # 12:00 in Vienna


def profile(**known: object) -> Profile:
    return Profile.model_validate({"zone": "Europe/Vienna", "alert_score": 0.9, "alert_cap": 2} | known)


def candidate(story: str, *, score: float | None = 0.95, origins: int = 2, minutes: int = 0) -> Candidate:
    return Candidate(story=story, score=score, origins=origins, first_seen=NOON - timedelta(minutes=minutes))


def names(
    *candidates: Candidate, of: Profile | None = None, sent: tuple[datetime, ...] = (), at: datetime = NOON
) -> list[str]:
    return [one.story for one in alerts(candidates, of or profile(), sent=sent, at=at)]


def test_a_story_that_passes_score_and_origins_is_sent_at_once() -> None:
    urgent, weak, alone, unjudged = (
        candidate("S-1"), candidate("S-2", score=0.89), candidate("S-3", origins=1), candidate("S-4", score=None),
    )  # fmt: skip
    assert names(urgent, weak, alone, unjudged) == ["S-1"]


def test_a_profile_that_asks_for_none_gets_none() -> None:
    assert names(candidate("S-1"), of=profile(alert_score=0.0)) == []


def test_the_best_come_first_and_the_rest_waits_for_the_digest() -> None:
    some = candidate("S-1", score=0.91), candidate("S-2", score=0.99), candidate("S-3", score=0.95, origins=4)
    assert names(*some) == ["S-2", "S-3"]


def test_the_cap_is_that_of_the_local_day() -> None:
    before_midnight = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)  # 23:30 in Vienna, on the 21st
    after_midnight = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # 00:30, on the 22nd
    assert names(candidate("S-1"), candidate("S-2"), sent=(before_midnight, after_midnight)) == ["S-1"]
    assert names(candidate("S-1"), sent=(after_midnight, after_midnight)) == []


@pytest.mark.parametrize(
    ("hours", "local", "quiet"),
    [
        ("22:00-06:00", time(21, 59), False),
        ("22:00-06:00", time(22, 0), True),
        ("22:00-06:00", time(2, 0), True),
        ("22:00-06:00", time(6, 0), False),
        ("12:00-13:30", time(13, 0), True),
        ("12:00-13:30", time(13, 30), False),
        ("", time(3, 0), False),
    ],
)
def test_in_quiet_hours_everything_waits(hours: str, local: time, *, quiet: bool) -> None:
    at = datetime.combine(NOON.date(), local, UTC) - timedelta(hours=1)
    assert names(candidate("S-1"), of=profile(quiet_hours=hours), at=at) == ([] if quiet else ["S-1"])


@pytest.mark.parametrize("hours", ["25:00-06:00", "6-7", "22:00-22:00", "22:00"])
def test_quiet_hours_are_two_times_of_day(hours: str) -> None:
    with pytest.raises(ValidationError):
        profile(quiet_hours=hours)
