"""What is due, from what the database says. Values in, values out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.schedule.plan import AHEAD, LONGEST_PAUSE, Job, Known, Wanted, due, pause, plan
from storage.records import JobHistory

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALL = Wanted(alerts=True, backups=True, site=True)
times = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside it


def past(done: datetime | None, *, failures: int = 0, started: datetime | None = None) -> JobHistory:
    at = started or done or NOON
    return JobHistory(started_at=at, ended_at=at, exit_code=0, done_at=done, failures=failures)


def jobs_due(known: Known, wanted: Wanted = ALL, *, now: datetime = NOON) -> list[Job]:
    return [errand.job for errand in due(plan(known, wanted, now=now), now=now)]


def test_a_new_installation_catches_up_with_what_is_daily_at_once() -> None:
    assert jobs_due(Known(fetches=NOON)) == [Job.CRAWL, Job.RETAIN, Job.BACKUP]
    assert jobs_due(Known(fetches=None), Wanted()) == [Job.RETAIN]


def test_jobs_come_in_an_order_that_lets_each_find_what_the_one_before_left() -> None:
    known = Known(fetches=NOON, digests={"daily": NOON}, composed_at=NOON)
    assert jobs_due(known) == [Job.CRAWL, Job.DIGEST, Job.SITE, Job.RETAIN, Job.BACKUP]


def test_a_digest_is_due_for_a_profile_for_a_delivery_and_for_alerts() -> None:
    quiet = Known(fetches=None, digests={"daily": NOON + HOUR}, deliveries=NOON + 2 * HOUR)
    (errand, *_) = plan(quiet, Wanted(), now=NOON)
    assert (errand.at, errand.why) == (NOON + HOUR, "digest of daily")
    assert Job.DIGEST in jobs_due(Known(fetches=None, deliveries=NOON))
    crawled: dict[str, JobHistory] = {Job.CRAWL: past(NOON - MINUTE), Job.DIGEST: past(NOON - HOUR)}
    assert Job.DIGEST in jobs_due(Known(fetches=None, jobs=crawled))
    assert Job.DIGEST not in jobs_due(Known(fetches=None, jobs=crawled), Wanted())
    looked: dict[str, JobHistory] = {Job.CRAWL: past(NOON - HOUR), Job.DIGEST: past(NOON - MINUTE)}
    assert Job.DIGEST not in jobs_due(Known(fetches=None, jobs=looked))


def test_a_site_is_built_once_for_an_edition() -> None:
    built = Known(fetches=None, composed_at=NOON - HOUR, jobs={Job.SITE: past(NOON - MINUTE)})
    assert Job.SITE not in jobs_due(built)
    assert Job.SITE in jobs_due(Known(fetches=None, composed_at=NOON, jobs={Job.SITE: past(NOON - MINUTE)}))


def test_a_job_that_fails_is_left_alone_for_longer_each_time() -> None:
    failed = Known(fetches=NOON, jobs={Job.CRAWL: past(None, failures=1, started=NOON - MINUTE)})
    assert Job.CRAWL not in jobs_due(failed)
    assert Job.CRAWL in jobs_due(failed, now=NOON + 2 * MINUTE)
    assert [pause(failures) // MINUTE for failures in range(8)] == [0, 2, 4, 8, 16, 32, 60, 60]
    assert pause(10_000) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("done", "now", "wanted"),
    [
        (NOON - timedelta(days=30), NOON, True),  # asleep for a month: once
        (datetime(2026, 11, 22, 3, 21, tzinfo=UTC), NOON, False),
        (datetime(2026, 11, 22, 3, 19, tzinfo=UTC), NOON, True),
        (NOON + DAY, NOON, False),  # a clock that was a day ahead has done that day
        (NOON + DAY, NOON + DAY, False),
        (NOON + DAY, NOON + 2 * DAY, True),
        (NOON + 400 * DAY, NOON, True),  # a clock that was years ahead is not believed
    ],
)
def test_what_is_daily_is_due_once_a_day_whatever_the_clock_did(done: datetime, now: datetime, *, wanted: bool) -> None:
    assert (Job.RETAIN in jobs_due(Known(fetches=None, jobs={Job.RETAIN: past(done)}), now=now)) is wanted


@given(done=st.none() | times, now=times, failures=st.integers(0, 50))
def test_after_a_job_was_done_it_is_not_due_at_once(done: datetime | None, now: datetime, failures: int) -> None:
    known = Known(fetches=None, jobs={Job.RETAIN: past(done, failures=failures, started=done or now - HOUR)})
    for errand in due(plan(known, Wanted(), now=now), now=now):
        after = Known(fetches=None, jobs={errand.job: past(now)})
        assert due(plan(after, Wanted(), now=now + 2 * MINUTE), now=now) == ()


@given(done=times, now=times)
def test_what_is_daily_is_never_further_away_than_a_day_and_a_clocks_error(done: datetime, now: datetime) -> None:
    (errand,) = plan(Known(fetches=None, jobs={Job.RETAIN: past(done)}), Wanted(), now=now)
    assert errand.at <= now + DAY + AHEAD
