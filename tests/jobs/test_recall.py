"""The recall audit's arithmetic: who is drawn, and whether the interval keeps its promise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.teaching.recall import Answers, answers, estimate, interval, sample, stratum_of
from storage.records import Draw, Reject, Stratum, Word

DAY = date(2026, 11, 22)
BELOW = 0.03
SCORES = {Stratum.NEAR: 0.02, Stratum.MIDDLE: 0.005, Stratum.FAR: 0.001}


def reject(n: int, score: float = 0.001) -> Reject:
    return Reject(
        article_id=n, score=score, reject_below=BELOW, judged_at=datetime(2026, 11, 22, tzinfo=UTC), model="m"
    )


def population(*sizes: int) -> list[Reject]:
    scores = [score for score, size in zip(SCORES.values(), sizes, strict=True) for _ in range(size)]
    return [reject(n, score) for n, score in enumerate(scores, 1)]


def test_strata_lie_below_the_threshold_of_their_own_verdict() -> None:
    assert [stratum_of(reject(1, BELOW * share)) for share in (0.99, 0.41, 0.39, 0.11, 0.09, 0.0)] == [
        Stratum.NEAR,
        Stratum.NEAR,
        Stratum.MIDDLE,
        Stratum.MIDDLE,
        Stratum.FAR,
        Stratum.FAR,
    ]


def test_the_draw_leans_towards_the_threshold() -> None:
    drawn = sample(population(60, 190, 750), 12, DAY)
    counts = {stratum: sum(draw.stratum is stratum for draw in drawn) for stratum in Stratum}
    assert counts == dict.fromkeys(Stratum, 4)
    assert [draw.size for draw in drawn] == [60] * 4 + [190] * 4 + [750] * 4


def test_what_a_small_stratum_lacks_the_others_give() -> None:
    drawn = sample(population(1, 0, 50), 12, DAY)
    assert [draw.stratum for draw in drawn] == [Stratum.NEAR] + [Stratum.FAR] * 11


@given(st.lists(st.integers(0, 30), min_size=3, max_size=3), st.integers(0, 60), st.randoms(use_true_random=False))
def test_a_day_draws_the_same_ones_whatever_their_order(sizes: list[int], n: int, random: Random) -> None:
    rejects = population(*sizes)
    drawn = sample(rejects, n, DAY)
    random.shuffle(rejects)
    assert sample(rejects, n, DAY) == drawn
    assert len({draw.reject.article_id for draw in drawn}) == len(drawn) == min(n, sum(sizes))


def test_another_day_draws_others() -> None:
    rejects = population(60, 190, 750)
    days = [{draw.reject.article_id for draw in sample(rejects, 12, DAY + timedelta(days=n))} for n in range(5)]
    assert len(set.union(*days)) > 50


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (3, 10, 0.0667, 0.6525), (10, 10, 0.6915, 1.0), (1, 100, 0.0003, 0.0545)],
)
def test_the_exact_interval_is_that_of_the_tables(hits: int, of: int, low: float, high: float) -> None:
    assert interval(hits, of) == pytest.approx((low, high), abs=1e-4)


def test_nothing_asked_is_nothing_known() -> None:
    result = estimate([Answers(stratum=Stratum.FAR, size=100, asked=0, missed=0)])
    assert (result.share, result.low, result.high) == (None, 0.0, 1.0)
    assert estimate([]).share is None


def test_a_stratum_of_which_nobody_was_asked_may_hold_anything() -> None:
    strata = [
        Answers(stratum=Stratum.NEAR, size=10, asked=10, missed=1),
        Answers(stratum=Stratum.FAR, size=90, asked=0, missed=0),
    ]
    result = estimate(strata)
    assert result.unasked == (Stratum.FAR,)
    assert result.share == pytest.approx(0.01)
    assert result.high > 0.9


def test_what_was_looked_at_to_the_last_one_is_known() -> None:
    result = estimate([Answers(stratum=Stratum.NEAR, size=8, asked=8, missed=2)])
    assert (result.share, result.low, result.high) == (0.25, 0.25, 0.25)


def test_unanswered_draws_count_among_the_rejects_and_not_among_the_answers() -> None:
    draws = [Draw(day=DAY, stratum=Stratum.NEAR, size=9, reject=reject(n, 0.02)) for n in (1, 2)]
    draws += [Draw(day=DAY, stratum=Stratum.NEAR, size=9, reject=reject(3, 0.02), answer=Word.FLAG)]
    near = answers([reject(4, 0.02)], draws)[0]
    assert (near.size, near.asked, near.missed) == (4, 1, 1)


@pytest.mark.parametrize(
    ("rates", "sizes", "n", "days"),
    [
        ((0.1, 0.02, 0.002), (60, 190, 750), 12, 8),
        ((0.3, 0.1, 0.03), (60, 190, 750), 12, 5),
        ((0.2, 0.0, 0.01), (5, 20, 400), 9, 3),
        ((0.0, 0.0, 0.0), (60, 190, 750), 12, 3),
        ((0.5, 0.5, 0.5), (60, 190, 750), 12, 4),
    ],
    ids=["what a good gate misses", "what a poor one does", "few near the threshold", "nothing", "half of everything"],
)
def test_the_interval_covers_the_truth(rates: tuple[float, ...], sizes: tuple[int, ...], n: int, days: int) -> None:
    runs = 100
    covered = sum(_covers(rates, sizes, n, days, seed) for seed in range(runs))
    assert covered >= 0.93 * runs


def _covers(rates: tuple[float, ...], sizes: tuple[int, ...], n: int, days: int, seed: int) -> bool:
    """Audit a made-up population whose missed share is known, day after day, with true answers."""
    random, rate = Random(seed), dict(zip(Stratum, rates, strict=True))
    waiting = {each.article_id: each for each in population(*sizes)}
    missed = {n: random.random() < rate[stratum_of(each)] for n, each in waiting.items()}
    draws: list[Draw] = []
    for day in range(days):
        for draw in sample(waiting.values(), n, DAY + timedelta(days=31 * seed + day)):
            del waiting[draw.reject.article_id]
            word = Word.FLAG if missed[draw.reject.article_id] else Word.REJECT
            draws.append(Draw(day=draw.day, stratum=draw.stratum, size=draw.size, reject=draw.reject, answer=word))
    result = estimate(answers(waiting.values(), draws))
    return result.low - 1e-9 <= sum(missed.values()) / len(missed) <= result.high + 1e-9
