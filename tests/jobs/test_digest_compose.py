from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.digest.compose import compose
from jobs.digest.coverage import cover
from jobs.digest.edition import Day, Edition
from storage.records import Activity, Decision, LinkState, Membership, PollState, SourcePoll, StoredArticle, Tally
from tests.jobs.digest_day import COMPOSED, SINCE, UNTIL, activity, flagged, held, stored, stories


def edition(
    articles: list[StoredArticle] | None = None, doubtful: list[StoredArticle] | None = None, **known: Activity
) -> Edition:
    return compose(
        flagged() if articles is None else articles,
        held() if doubtful is None else doubtful,
        known.get("activity", activity()),
        stories=stories(),
        model="m-1",
        at=COMPOSED,
    )


def poll(source: str, state: PollState = PollState.OK, *, hours: int = 1) -> SourcePoll:
    return SourcePoll(source=source, at=SINCE + timedelta(hours=hours), state=state)


def seen(*polls: SourcePoll, tallies: tuple[Tally, ...] = ()) -> Activity:
    links = sum(tally.count for tally in tallies)
    return Activity(since=SINCE, until=UNTIL, links=links, tallies=tallies, sources=polls)


def test_stories_stand_by_score_then_origins_then_newest() -> None:
    articles = [
        stored(11, title="older", text="One.", score=0.8),
        stored(12, title="newer", text="Two.", score=0.801),
        stored(13, title="two origins", text="Three.", outlet="A", score=0.8),
        stored(14, title="the other", text="Four.", outlet="B", score=0.7),
        stored(15, title="best", text="Five.", score=0.9),
    ]
    both = [Membership(article=n, why="", origin=n, origin_why="") for n in (13, 14)]
    (one,) = stories()
    two = replace(one, public="S-20261121-08", articles=tuple(articles[2:4]), members=tuple(both), changes=())
    ranked = compose(articles, [], activity(), stories=[two], model="m-1", at=COMPOSED).flagged.items
    assert [item.title for item in ranked] == ["best", "two origins", "newer", "older"]


def test_a_story_keeps_its_name_and_what_stands_alone_has_one_too() -> None:
    whole = edition()
    assert [item.id for item in (*whole.flagged.items, *whole.held.items)] == ["S-20261121-07", "A-3", "A-4", "A-5"]


def test_an_item_is_told_by_its_best_article_and_points_to_the_others() -> None:
    item = edition().flagged.items[0]
    assert item.outlets == ("Example Times", "Harbour Daily")
    assert [(copy.outlet, copy.url) for copy in item.copies] == [
        ("Harbour Daily", "https://harbour.example/2026/11/21/ministry-mail")
    ]
    assert (item.story, item.articles, item.origins) == (1, 2, 1)
    assert (item.score, item.url) == (0.942, "https://news.example/1")
    assert item.changes == ("a victim is named: the ministry (VN)",)
    assert [sentence.outlet for sentence in item.sentences] == ["Example Times"] * 3


def test_spun_text_does_not_tell_a_story() -> None:
    first, second, *_ = flagged()
    spun = replace(first, article=replace(first.article, quality=0.4))
    (item,) = compose([spun, second], [], activity(), stories=stories(), model="m-1", at=COMPOSED).flagged.items
    assert item.outlets[0] == "Harbour Daily"


def test_a_held_article_of_a_flagged_story_belongs_to_it() -> None:
    doubtful = replace(flagged()[1], verdict=replace(flagged()[1].verdict, decision=Decision.HOLD))
    whole = edition([flagged()[0]], [*held(), doubtful])
    assert [item.title for item in whole.held.items] == ["Council asks whether harbour cranes report to their maker"]
    assert "Harbour Daily" in whole.flagged.items[0].outlets


def test_what_has_no_room_is_counted() -> None:
    articles = [stored(n, title=f"Story {n}", text=" ".join(f"w{n}x{k}" for k in range(40))) for n in range(11, 111)]
    section = edition(articles).flagged
    assert (len(section.items), section.stories, section.articles, section.more) == (60, 100, 100, 40)


def test_the_links_add_up_with_reasons_where_they_say_something() -> None:
    fates = {fate.state: fate for fate in edition().fates}
    assert sum(fate.count for fate in fates.values()) == 120
    assert [(r.text, r.count) for r in fates[LinkState.NOT_AN_ARTICLE].reasons] == [("listing", 7), ("login", 1)]
    assert fates[LinkState.DISCOVERED].count == 8  # with those that a run holds a lease on
    assert fates[LinkState.REJECTED].reasons == ()


@given(
    st.lists(st.tuples(st.sampled_from(LinkState), st.text(max_size=5), st.integers(0, 999)), max_size=30),
    st.integers(0, 9_999),
)
def test_the_fates_always_add_up_to_the_links(tallies: list[tuple[LinkState, str, int]], links: int) -> None:
    tallied = tuple(Tally(state=state, reason=reason, count=count) for state, reason, count in tallies)
    whole = edition(activity=replace(activity(), links=links, tallies=tallied))
    assert sum(fate.count for fate in whole.fates) == links


@given(st.permutations(flagged()))
def test_the_order_of_the_articles_makes_no_difference(articles: list[StoredArticle]) -> None:
    assert edition(articles) == edition()


def test_a_day_on_which_every_source_answered_and_nothing_was_flagged_is_quiet() -> None:
    coverage = edition([], [], activity=activity(failing=0)).coverage
    assert (coverage.day, coverage.words[:2]) == (Day.QUIET, ("All 4 sources answered.", "Nothing was flagged."))


def test_a_failing_source_is_named_and_the_day_is_not_called_quiet() -> None:
    coverage = edition([], []).coverage
    assert coverage.day is Day.NORMAL
    assert [(note.source, note.detail) for note in coverage.failed] == [("Signal & Noise", "HTTP 503")]


@pytest.mark.parametrize(
    ("activity", "sources", "why"),
    [
        (seen(), (), "There is no source to look at."),
        (seen(poll("A", hours=-3)), (), "No source was looked at in this window."),
        (seen(), ("A", "B"), "No source was looked at in this window."),
        (
            seen(poll("A"), poll("B", PollState.HTTP_ERROR), poll("C", PollState.BLOCKED)),
            (),
            "Only 1 of 3 sources answered.",
        ),
        (seen(poll("A")), ("A", "B", "C"), "Only 1 of 3 sources answered."),
        (seen(poll("A", PollState.UNREACHABLE)), (), "The only source did not answer."),
        (
            seen(
                poll("A"),
                tallies=(
                    Tally(state=LinkState.DISCOVERED, reason="", count=6),
                    Tally(state=LinkState.REJECTED, reason="", count=5),
                    Tally(state=LinkState.DUPLICATE, reason="", count=90),
                ),
            ),
            (),
            "6 of 11 articles could not be judged yet.",
        ),
    ],
)
def test_a_day_of_which_too_little_was_seen_is_blind(activity: Activity, sources: tuple[str, ...], why: str) -> None:
    coverage = cover(activity, sources=sources, flagged=0, unjudged=0)
    assert (coverage.day, coverage.words[0]) == (Day.BLIND, why)


def test_half_of_the_sources_is_enough() -> None:
    assert cover(seen(poll("A"), poll("B", PollState.BLOCKED)), flagged=1, unjudged=0).day is Day.NORMAL


def test_a_source_that_is_due_only_after_the_window_is_told_apart() -> None:
    polls = seen(poll("A"), poll("B", PollState.HTTP_ERROR))
    coverage = cover(polls, sources=("C", "D"), flagged=0, unjudged=0, resting={"B", "C", "of another catalogue"})
    assert [note.source for note in coverage.failed] == ["B", "D"]
    assert (coverage.answered, coverage.sources, coverage.words[1]) == (1, 3, "1 more was not due for a look.")


def test_where_nobody_looked_at_any_source_and_one_was_due_the_day_is_blind() -> None:
    coverage = cover(seen(), sources=("A", "B"), flagged=0, unjudged=0, resting={"A", "of another catalogue"})
    assert (coverage.day, coverage.words[0]) == (Day.BLIND, "No source was looked at in this window.")
    assert [note.source for note in coverage.failed] == ["A", "B"]


def test_where_no_source_was_due_nothing_was_read_and_nobody_is_blamed() -> None:
    coverage = cover(seen(), sources=("A", "B"), flagged=0, unjudged=0, resting={"A", "B"})
    assert (coverage.day, coverage.failed) == (Day.IDLE, ())
    assert coverage.words == (
        "No source was due for a look in this window, and none was looked at.",
        "Nothing was flagged.",
    )


def test_what_was_flagged_though_no_source_was_due_makes_a_normal_day_and_no_model_a_blind_one() -> None:
    assert cover(seen(), sources=("A",), flagged=1, unjudged=0, resting={"A"}).day is Day.NORMAL
    assert cover(seen(), sources=("A",), flagged=0, unjudged=3, resting={"A"}).day is Day.BLIND


def test_an_empty_feed_and_an_unchanged_one_have_answered() -> None:
    polls = poll("A", PollState.EMPTY), poll("B", PollState.UNCHANGED)
    assert cover(seen(*polls), flagged=0, unjudged=0).day is Day.QUIET


def test_a_day_without_a_model_is_blind() -> None:
    doubtful = [replace(a, verdict=replace(a.verdict, decision=Decision.HOLD, score=None)) for a in flagged()]
    tallies = (Tally(state=LinkState.HELD, reason="no model", count=4),)
    coverage = edition([], doubtful, activity=seen(poll("A"), tallies=tallies)).coverage
    assert coverage.day is Day.BLIND
    assert "4 articles are held because no model could judge them." in coverage.words
