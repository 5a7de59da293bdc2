"""When a source is looked at again, and what that costs and brings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.outcomes import NO_HOST
from crawler.polling import freshness
from crawler.schedule import CEILING, FLOOR, STEP, Findings, draw, due, next_poll, together
from storage.records import PollState, Rhythm
from tests.bench.polls import KINDS, adaptive, fixed, weeks

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
QUIET = Findings(state=PollState.UNCHANGED, status=304)
BROKEN = Findings(state=PollState.HTTP_ERROR, status=403)

spans = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400))
times = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
rhythms = st.builds(
    Rhythm,
    interval=st.none() | spans,
    next_at=st.none() | times,
    polled_at=st.none() | times,
    read_at=st.none() | times,
    roomy=st.integers(0, 5),
    failures=st.integers(0, 10_000),
    gravity=st.floats(0, 10_000),
)
counts = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(sorted)
findings = st.builds(
    lambda state, numbers, period, max_age, retry_after, status: Findings(
        state=state,
        offered=numbers[1],
        new=numbers[0],
        period=period,
        max_age=max_age,
        retry_after=retry_after,
        status=status,
    ),
    st.sampled_from(PollState),
    counts,
    st.none() | spans,
    st.none() | spans,
    st.none() | spans,
    st.none() | st.integers(100, 599),
)
jitters = st.floats(0, 1, exclude_max=True)


def settled(interval: timedelta, *, roomy: int = 0) -> Rhythm:
    """A healthy source that is on time at noon."""
    last = NOON - interval
    return Rhythm(interval=interval, next_at=NOON, polled_at=last, read_at=last, roomy=roomy)


def interval_after(rhythm: Rhythm, found: Findings, *, at: datetime = NOON) -> timedelta:
    interval = next_poll(rhythm, found, at=at, jitter=0.5).interval
    assert interval is not None
    return interval


def wait_after(rhythm: Rhythm, found: Findings, *, jitter: float = 0.5, every: timedelta | None = None) -> timedelta:
    next_at = next_poll(rhythm, found, at=NOON, jitter=jitter, every=every).next_at
    assert next_at is not None
    return next_at - NOON


def ok(offered: int, new: int, *, period: timedelta | None = None) -> Findings:
    return Findings(state=PollState.OK, status=200, offered=offered, new=new, period=period)


@given(rhythms, findings, times, jitters)
def test_the_next_look_comes_in_five_minutes_at_the_soonest_and_a_day_at_the_latest(
    rhythm: Rhythm, found: Findings, at: datetime, jitter: float
) -> None:
    after = next_poll(rhythm, found, at=at, jitter=jitter)
    assert after.next_at is not None
    assert FLOOR <= after.next_at - at <= CEILING
    assert (after.failures > 0) == (not found.state.succeeded)


@given(rhythms, findings, jitters, st.timedeltas(min_value=MINUTE, max_value=timedelta(days=30)))
def test_every_is_kept_to_the_second_while_a_source_answers(
    rhythm: Rhythm, found: Findings, jitter: float, every: timedelta
) -> None:
    wait = wait_after(rhythm, found, jitter=jitter, every=every)
    if found.state.succeeded and found.retry_after is None:
        assert wait == every
    assert wait >= every


@given(rhythms, counts, st.integers(0, 5000), times, jitters)
def test_more_news_is_never_looked_for_later(
    rhythm: Rhythm, numbers: list[int], more: int, at: datetime, jitter: float
) -> None:
    new, offered = numbers
    few, many = (
        next_poll(rhythm, ok(offered, count), at=at, jitter=jitter) for count in (new, min(new + more, offered))
    )
    assert few.next_at is not None
    assert many.next_at is not None
    assert many.next_at <= few.next_at


@settings(deadline=None)
@given(rhythms, times, jitters, st.integers(1, 200))
def test_a_source_that_goes_on_failing_is_asked_less_and_less_and_never_given_up(
    rhythm: Rhythm, at: datetime, jitter: float, times_failed: int
) -> None:
    waits = []
    for _ in range(times_failed):
        rhythm = next_poll(rhythm, BROKEN, at=at, jitter=jitter)
        assert rhythm.next_at is not None
        waits.append(rhythm.next_at - at)
        at = rhythm.next_at
    assert waits == sorted(waits)
    assert waits[-1] <= CEILING


@given(rhythms, counts, spans, spans)
def test_a_source_that_asks_for_more_patience_is_not_asked_sooner(
    rhythm: Rhythm, numbers: list[int], one: timedelta, two: timedelta
) -> None:
    short, long = (ok(numbers[1], numbers[0], period=period) for period in sorted((one, two)))
    assert wait_after(rhythm, short) <= wait_after(rhythm, long)


@given(rhythms, findings)
def test_a_rhythm_is_due_at_its_time_and_not_before(rhythm: Rhythm, found: Findings) -> None:
    after = next_poll(rhythm, found, at=NOON, jitter=0.5)
    assert after.next_at is not None
    assert due(after, at=after.next_at)
    assert not due(after, at=after.next_at - MINUTE)
    assert due(after, at=NOON - MINUTE), "the clock went back"


def test_it_gets_longer_in_small_steps_after_two_looks_that_found_nothing() -> None:
    once = next_poll(settled(HOUR), QUIET, at=NOON, jitter=0)
    assert (once.interval, once.roomy) == (HOUR, 1)
    twice = next_poll(once, QUIET, at=NOON + HOUR, jitter=0)
    assert (twice.interval, twice.roomy) == (STEP * HOUR, 0)


@pytest.mark.parametrize("passed", [timedelta(minutes=1), timedelta(hours=5)], ids=["too early", "much too late"])
def test_a_look_out_of_turn_does_not_make_it_longer(passed: timedelta) -> None:
    rhythm = Rhythm(interval=HOUR, next_at=NOON + HOUR, polled_at=NOON, read_at=NOON, roomy=5)
    assert interval_after(rhythm, QUIET, at=NOON + passed) == HOUR


def test_a_look_right_after_another_learns_no_haste() -> None:
    rhythm = Rhythm(interval=HOUR, next_at=NOON + HOUR, polled_at=NOON, read_at=NOON)
    assert interval_after(rhythm, ok(20, 1), at=NOON + timedelta(seconds=10)) == HOUR


def test_it_gets_shorter_at_once_when_links_were_missed_or_nearly() -> None:
    assert interval_after(settled(4 * HOUR), ok(10, 10)) <= 2 * HOUR
    assert interval_after(settled(10 * MINUTE), ok(10, 9)) <= 6 * MINUTE


def test_where_a_third_of_the_links_is_new_it_gets_no_longer() -> None:
    assert interval_after(settled(15 * MINUTE, roomy=1), ok(3, 1)) == 15 * MINUTE
    assert interval_after(settled(15 * MINUTE, roomy=1), ok(4, 1)) > 15 * MINUTE


@pytest.mark.parametrize("found", [QUIET, Findings(state=PollState.EMPTY, status=200), ok(50, 0)])
def test_unchanged_empty_and_all_known_are_the_same_full_overlap(found: Findings) -> None:
    assert found.overlap == 1
    assert interval_after(settled(HOUR, roomy=1), found) == STEP * HOUR


@pytest.mark.parametrize("wish", ["period", "max_age"])
def test_a_source_may_ask_for_patience_but_not_at_the_price_of_links(wish: str) -> None:
    three_hours = {wish: 3 * HOUR}
    assert interval_after(settled(HOUR), replace(ok(50, 2), **three_hours)) == 3 * HOUR  # type: ignore[arg-type]
    assert interval_after(settled(HOUR), replace(ok(10, 4), **three_hours)) == 75 * MINUTE  # type: ignore[arg-type]
    assert interval_after(settled(HOUR), replace(QUIET, **{wish: 300 * DAY})) == DAY  # type: ignore[arg-type]


def test_a_server_that_asks_to_be_left_alone_is_for_a_day_at_most() -> None:
    busy = Findings(state=PollState.HTTP_ERROR, status=429, retry_after=5 * HOUR)
    assert 5 * HOUR <= wait_after(settled(FLOOR), busy, jitter=0) <= 6 * HOUR
    assert wait_after(settled(FLOOR), replace(busy, retry_after=90 * DAY)) == DAY
    assert wait_after(settled(FLOOR), busy, jitter=0) < wait_after(settled(FLOOR), busy, jitter=0.9)


@pytest.mark.parametrize(
    ("found", "gravity"),
    [
        (BROKEN, 1),
        (Findings(state=PollState.HTTP_ERROR, status=410), 1),
        (Findings(state=PollState.NOT_A_FEED, status=200), 1),
        (Findings(state=PollState.BLOCKED), 1),
        (Findings(state=PollState.HTTP_ERROR, status=404), 0.5),
        (Findings(state=PollState.HTTP_ERROR, status=429), 0.5),
        (Findings(state=PollState.HTTP_ERROR, status=503), 0.5),
        (Findings(state=PollState.UNREACHABLE, detail="timeout"), 0.5),
        (Findings(state=PollState.UNREACHABLE, detail=NO_HOST), 0.25),
    ],
)
def test_what_tends_to_pass_weighs_less(found: Findings, gravity: float) -> None:
    assert found.gravity == gravity
    assert wait_after(settled(HOUR), found, jitter=0) == HOUR + gravity * 30 * MINUTE


def test_a_source_that_answers_again_is_back_in_its_rhythm() -> None:
    rhythm = settled(HOUR)
    for _ in range(3):
        rhythm = next_poll(rhythm, BROKEN, at=NOON, jitter=0)
    assert (rhythm.failures, rhythm.interval, rhythm.read_at) == (3, HOUR, NOON - HOUR)
    back = next_poll(rhythm, QUIET, at=NOON + 9 * HOUR, jitter=0.5)
    assert (back.failures, back.gravity, back.interval) == (0, 0, HOUR)


def test_cron_need_not_be_a_chronometer() -> None:
    rhythm = Rhythm(interval=30 * MINUTE, next_at=NOON + 30 * MINUTE, polled_at=NOON, read_at=NOON)
    assert due(rhythm, at=NOON + 28 * MINUTE, every=30 * MINUTE)
    assert not due(rhythm, at=NOON + 27 * MINUTE, every=30 * MINUTE)
    assert not due(replace(rhythm, failures=1), at=NOON + 29 * MINUTE, every=30 * MINUTE), "a failure backs off"
    assert due(rhythm, at=NOON + 10 * MINUTE, every=10 * MINUTE), "another `every` holds at once"


def test_the_parts_of_an_index_are_one_look() -> None:
    whole = together([BROKEN, ok(30, 10), replace(QUIET, retry_after=HOUR), ok(10, 2)])
    assert (whole.gravity, whole.offered, whole.new, whole.retry_after) == (0, 40, 12, HOUR)
    assert together([BROKEN, Findings(state=PollState.HTTP_ERROR, status=500)]).gravity == 0.5


@pytest.mark.parametrize(
    ("cache_control", "age", "seconds"),
    [
        ("max-age=300", None, 300),
        ('public, s-maxage=9, Max-Age="300"', "100", 200),
        ("max-age=300", "900", 0),
        ("max-age=300", "young", 300),
        ("no-store", None, None),
        ("s-maxage=300", None, None),
        ("max-age=-1", None, None),
        (None, None, None),
    ],
)
def test_cache_control_says_how_long_an_answer_is_fresh(
    cache_control: str | None, age: str | None, seconds: int | None
) -> None:
    assert freshness(cache_control, age) == (None if seconds is None else timedelta(seconds=seconds))


def test_a_draw_is_the_same_for_the_same_source_and_time_and_even_over_all() -> None:
    drawn = [draw("jitter", f"source-{n}", NOON) for n in range(4000)]
    assert drawn == [draw("jitter", f"source-{n}", NOON) for n in range(4000)]
    assert all(0 <= number < 1 for number in drawn)
    assert all(350 < sum(tenth / 10 <= number < (tenth + 1) / 10 for number in drawn) < 450 for tenth in range(10))
    assert draw("jitter", "a", NOON) != draw("audit", "a", NOON)


@pytest.mark.parametrize("seed", [0, 100, 200])
def test_half_the_polls_find_the_news_as_soon(seed: int) -> None:
    """A week, four outlets of each kind, against a poll every 15 minutes; docs/polling.md has the figures."""
    theirs, ours = (weeks(KINDS, policy, seed=seed) for policy in (fixed(15 * MINUTE), adaptive))
    assert ours.polls <= theirs.polls / 2
    assert ours.median <= theirs.median
    assert (ours.lost, theirs.lost) == (0, 0)
    assert len(ours.delays) == pytest.approx(len(theirs.delays), rel=0.01)
