"""Drift: articles that come out otherwise than they used to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from jobs.watch.drift import drift
from storage.health import EARLIER, RECENT
from storage.records import DateSource, LinkState, Outcome, Outcomes

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLAIN = Outcome(at=NOON, state=LinkState.REJECTED, size=3000, date_source=DateSource.JSON_LD)
READ = [LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED, LinkState.NOT_AN_ARTICLE]


def usual(random: Random, many: int) -> list[Outcome]:
    """An outlet with long reports, short notes, some pages that are none, and runs of each."""
    outcomes, short = [], False
    for _ in range(many):
        short = not short if random.random() < 0.3 else short
        size = int(random.lognormvariate(6.5 if short else 8.2, 0.5))
        dated = None if random.random() < 0.05 else DateSource.META if short else DateSource.JSON_LD
        state = random.choices(READ, (5, 1, 88, 6))[0]
        headed, dropped = random.random() < 0.1, 3 if random.random() < 0.2 else 0
        none = state is LinkState.NOT_AN_ARTICLE
        outcomes.append(
            Outcome(
                at=NOON,
                state=state,
                size=None if none else size,
                date_source=None if none else dated,
                dropped_lines=0 if none else dropped,
                headed=headed and not none,
            )
        )
    return outcomes


def windows(outcomes: list[Outcome]) -> Outcomes:
    return Outcomes(recent=tuple(outcomes[-RECENT:]), earlier=tuple(outcomes[-RECENT - EARLIER : -RECENT]))


def test_a_new_layout_is_told_in_figures() -> None:
    broken = [replace(PLAIN, size=64, date_source=None) for _ in range(30)]
    before = [replace(PLAIN, size=800 + n, date_source=None if n == 50 else PLAIN.date_source) for n in range(100)]
    assert drift(Outcomes(recent=tuple(broken), earlier=tuple(before))) == (
        "median text 850 -> 64 characters",
        "dates from 99 % to 0 %",
        "dates that are no guess from 99 % to 0 %",
    )


def test_pages_that_are_no_articles_any_more_are_drift() -> None:
    walls = [Outcome(at=NOON, state=LinkState.UNEXTRACTABLE) for _ in range(30)]
    assert drift(Outcomes(recent=tuple(walls), earlier=(PLAIN,) * 100)) == (
        "pages that are articles from 100 % to 0 %",
    )
    assert drift(Outcomes(recent=(PLAIN,) * 30, earlier=tuple(walls) * 4)) == (), "better is no alarm"


def test_dates_that_turn_into_guesses_are_drift() -> None:
    guessed = [replace(PLAIN, date_source=DateSource.GUESSED)] * 30
    assert drift(Outcomes(recent=tuple(guessed), earlier=(PLAIN,) * 100)) == (
        "dates that are no guess from 100 % to 0 %",
    )


def test_small_numbers_say_nothing() -> None:
    broken = replace(PLAIN, size=10, date_source=None)
    assert drift(Outcomes(recent=(broken,) * 19, earlier=(PLAIN,) * 120)) == ()
    assert drift(Outcomes(recent=(broken,) * 30, earlier=(PLAIN,) * 39)) == ()
    assert drift(Outcomes(recent=(), earlier=())) == ()


def test_text_that_is_gone_is_not_text_of_no_length() -> None:
    purged = [replace(PLAIN, size=None)] * 120
    assert drift(Outcomes(recent=(replace(PLAIN, size=100),) * 30, earlier=tuple(purged))) == ()


def test_fifty_source_years_have_no_false_alarm_and_a_new_layout_is_found_within_a_window() -> None:
    """Five outlets and 7,300 pages each: at two pages a day fifty years, with a look every ten pages."""
    false, delays = 0, []
    for seed in range(5):
        random = Random(seed)
        outcomes = usual(random, 7300)
        false += sum(bool(drift(windows(outcomes[:upto]))) for upto in range(RECENT + EARLIER, len(outcomes), 10))
        for new in range(1, RECENT + 1):
            broken = [replace(PLAIN, size=random.randrange(40, 90), date_source=None) for _ in range(new)]
            if drift(windows(outcomes + broken)):
                delays.append(new)
                break
    assert false == 0
    assert len(delays) == 5
    assert max(delays) <= 20


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 150))
def test_the_same_articles_in_another_order_say_the_same(seed: int, recent: int, earlier: int) -> None:
    random = Random(seed)
    before, now = usual(random, earlier), usual(random, recent)
    said = drift(Outcomes(recent=tuple(now), earlier=tuple(before)))
    random.shuffle(now)
    random.shuffle(before)
    assert drift(Outcomes(recent=tuple(now), earlier=tuple(before))) == said
