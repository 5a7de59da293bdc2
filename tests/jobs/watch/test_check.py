"""What a standing means: to Nagios, to a person, to Prometheus."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from jobs.runs import RunState
from jobs.schedule.plan import Errand, Job
from jobs.watch.check import Level, check, level_of, line, unknown
from jobs.watch.figures import text_of
from jobs.watch.standing import JobStanding, Standing, streaks
from jobs.watch.status import status_json, status_text
from storage.records import Alarm, AlarmKind, DeliveryState, LinkState, Run

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AGE = 26 * HOUR
CRAWL = JobStanding(
    name="crawl",
    state=RunState.ENDED,
    started_at=NOON - 4 * MINUTE,
    ended_at=NOON - 3 * MINUTE,
    exit_code=0,
    done_at=NOON - 4 * MINUTE,
    failures=0,
)
WELL = Standing(
    at=NOON,
    jobs=(CRAWL,),
    due=(),
    upcoming=(Errand(job=Job.CRAWL, at=NOON + MINUTE, why="poll of wire"),),
    sources={"ok": 60, "failing": 0, "silent": 0, "degraded": 0, "broken": 0, "new": 0},
    broken=(),
    pollable=60,
    unanswered=0,
    unanswering=0,
    idle=0,
    alarms=(),
    looked_at=NOON - 12 * MINUTE,
    held=4,
    deliveries={DeliveryState.SENT: 3},
    links=dict.fromkeys(LinkState, 7),
    size=123_456_789,
    schema="0006",
    model="gate-1.1",
    model_why="came with the program",
    model_since=None,
    free=20_000_000_000,
)


def alarm(source: str, kind: AlarmKind, detail: str = "HTTP 503; 5 looks in a row") -> Alarm:
    return Alarm(source=source, kind=kind, since=NOON - 5 * HOUR, ended_at=None, detail=detail)


ILL = replace(
    WELL,
    sources={"ok": 57, "failing": 2, "silent": 1, "degraded": 0, "broken": 0, "new": 0},
    alarms=(
        alarm("courier", AlarmKind.FAILING),
        alarm("herald", AlarmKind.FAILING),
        alarm("post", AlarmKind.SILENT, "nothing new for 9 days; 19 of 20 gaps are shorter than 26 h"),
    ),
)


def test_all_is_well() -> None:
    assert check(WELL, max_age=AGE) == ()
    said = line(WELL, (), max_age=AGE)
    assert said.startswith("SPYWIRE OK - last crawl 4 min ago, 60 of 60 sources ok | crawl_age=240s;;93600;0 ")
    assert level_of(()) is Level.OK


def test_sources_that_fail_are_a_warning_that_names_them() -> None:
    findings = check(ILL, max_age=AGE)
    assert level_of(findings) is Level.WARNING
    assert line(ILL, findings, max_age=AGE).startswith(
        "SPYWIRE WARNING - 2 of 60 sources failing (courier, herald); 1 of 60 sources silent (post) | "
    )


@pytest.mark.parametrize(
    ("ill", "words"),
    [
        (replace(WELL, jobs=()), "nothing was ever crawled"),
        (
            replace(WELL, jobs=(replace(CRAWL, done_at=NOON - 27 * HOUR, exit_code=75),)),
            "the last crawl that did its work was 27 h ago, the latest ended with 75",
        ),
        (
            replace(WELL, jobs=(replace(CRAWL, done_at=None, state=RunState.KILLED, exit_code=None),)),
            "no crawl ever did its work, the latest was killed",
        ),
        (replace(WELL, unanswered=3, unanswering=30), "no source answered the last 3 crawls"),
        (
            replace(WELL, sources=dict.fromkeys(WELL.sources, 0), pollable=0),
            "there is no source to crawl: sources.toml is missing or names none that can be read",
        ),
        (
            replace(WELL, jobs=(replace(CRAWL, exit_code=78),)),
            "crawl ended with 78: settings, sources or model are broken",
        ),
        (
            replace(WELL, jobs=(replace(CRAWL, done_at=NOON + 300 * HOUR),)),
            "the last crawl lies in the future: the clock was set back",
        ),
        (
            replace(WELL, sources=WELL.sources | {"ok": 20, "failing": 40}),
            "40 of 60 sources failing",
        ),
        (replace(WELL, free=150_000_000), "150 MB free on the disk"),
    ],
)
def test_what_is_critical(ill: Standing, words: str) -> None:
    findings = check(ill, max_age=AGE)
    assert level_of(findings) is Level.CRITICAL
    assert findings[0].words == words


@pytest.mark.parametrize(
    ("unanswered", "asked", "sources", "level"),
    [
        (1, 1, 11, Level.OK),  # a lone poll says nothing about the others
        (9, 1, 11, Level.OK),  # nor the same one again and again: that it fails is its own alarm
        (9, 4, 11, Level.OK),
        (1, 11, 11, Level.WARNING),  # the network went away for a moment
        (2, 11, 11, Level.WARNING),
        (3, 6, 11, Level.CRITICAL),
        (3, 5, 300, Level.CRITICAL),  # five do not go down together by chance
        (1, 1, 1, Level.WARNING),
        (3, 1, 1, Level.CRITICAL),
    ],
)
def test_that_nothing_can_be_reached_takes_several_sources_and_several_crawls(
    unanswered: int, asked: int, sources: int, level: Level
) -> None:
    standing = replace(WELL, sources=WELL.sources | {"ok": sources}, unanswered=unanswered, unanswering=asked)
    assert level_of(check(standing, max_age=AGE)) is level


@given(unanswered=st.integers(0, 20), asked=st.integers(0, 400), known=st.integers(1, 400))
def test_more_crawls_in_vain_and_more_sources_never_look_better(unanswered: int, asked: int, known: int) -> None:
    def level(crawls: int, sources: int) -> Level:
        ill = replace(WELL, sources=WELL.sources | {"ok": known}, unanswered=crawls, unanswering=sources)
        return level_of(check(ill, max_age=AGE))

    assert level(unanswered, asked) <= level(unanswered + 1, asked) <= level(unanswered + 1, asked + 1)


def test_crawls_that_run_out_of_time_again_and_again_are_a_warning() -> None:
    assert check(replace(WELL, idle=2), max_age=AGE) == ()
    (finding,) = check(replace(WELL, idle=3), max_age=AGE)
    assert (finding.level, finding.words) == (
        Level.WARNING,
        "the last 3 crawls ran out of time before a page was settled: give them longer",
    )


def test_a_source_that_is_written_wrongly_is_a_warning_that_names_it() -> None:
    ill = replace(WELL, sources=WELL.sources | {"broken": 1}, broken=("courier",))
    findings = check(ill, max_age=AGE)
    assert level_of(findings) is Level.WARNING
    said = line(ill, findings, max_age=AGE)
    assert said.startswith("SPYWIRE WARNING - 1 of 61 sources written wrongly in sources.toml (courier) | ")
    assert " sources_broken=1;0;;0;61 " in said
    assert 'spywire_sources{state="broken"} 1.0' in text_of(ill)


def run_of(exit_code: int | None, *, settled: int = 0, **sources: str) -> Run:
    told = {name: {"state": state} for name, state in sources.items()}
    counts = {"pages.settled": settled} if settled else {}
    ended = None if exit_code is None else NOON
    return Run(
        id=1,
        job="crawl",
        version="1",
        started_at=NOON,
        ended_at=ended,
        exit_code=exit_code,
        counts=counts,
        sources=told,
    )


def test_a_streak_ends_with_the_first_crawl_that_was_otherwise_and_skips_the_one_under_way() -> None:
    down = run_of(69, wire="http-error", post="broken")
    assert streaks([run_of(None), down, down, run_of(0), down]) == ([down, down], [])
    late, some = run_of(124), run_of(124, settled=3)
    assert streaks([late, late, some, late]) == ([], [late, late])
    assert streaks([]) == ([], [])


def test_a_job_that_is_late_is_a_warning_and_one_that_never_ran_is_not() -> None:
    digest = replace(CRAWL, name="digest")
    due = (Errand(job=Job.DIGEST, at=NOON - 3 * HOUR, why="digest of cert"),)
    assert check(replace(WELL, due=due), max_age=AGE) == ()
    (late,) = check(replace(WELL, due=due, jobs=(CRAWL, digest)), max_age=AGE)
    assert (late.level, late.words) == (Level.WARNING, "digest is 3 h late")


def test_a_job_that_was_called_once_and_failed_is_not_told_of_for_ever() -> None:
    copied = replace(CRAWL, name="backup", exit_code=74, done_at=None, failures=1)
    (finding,) = check(replace(WELL, jobs=(CRAWL, copied)), max_age=AGE)
    assert finding.words == "backup ended with 74: the database fails"
    assert check(replace(WELL, jobs=(CRAWL, replace(copied, started_at=NOON - 169 * HOUR))), max_age=AGE) == ()


def test_deliveries_that_failed_and_jobs_that_keep_failing_are_warnings() -> None:
    outbox = {DeliveryState.FAILED: 2, DeliveryState.UNCERTAIN: 1, DeliveryState.DEFERRED: 9}
    digest = replace(CRAWL, name="digest", failures=3)
    findings = check(replace(WELL, deliveries=outbox, jobs=(CRAWL, digest)), max_age=AGE)
    assert [(finding.level, finding.words) for finding in findings] == [
        (Level.WARNING, "digest failed 3 times in a row"),
        (Level.WARNING, "2 deliveries failed"),
        (Level.WARNING, "1 delivery uncertain"),
    ]


@given(st.text(max_size=200))
def test_nothing_that_is_said_breaks_the_line(words: str) -> None:
    assert re.fullmatch(r"SPYWIRE UNKNOWN - [^|\n\r]*", unknown(words))


@pytest.mark.parametrize("standing", [WELL, ILL])
def test_the_figures_of_the_check_are_performance_data(standing: Standing) -> None:
    _, _, figures = line(standing, check(standing, max_age=AGE), max_age=AGE).partition(" | ")
    for figure in figures.split():
        assert re.fullmatch(r"[a-z_]+=\d+(s|B)?(;[\d:]*){0,3}(;\d*)?", figure), figure


@pytest.mark.parametrize("standing", [WELL, ILL])
def test_the_screen_is_eighty_columns_wide_and_one_page_long(standing: Standing) -> None:
    text = status_text(standing, check(standing, max_age=AGE))
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 30


def test_the_screen_says_first_what_is_wrong() -> None:
    lines = status_text(ILL, check(ILL, max_age=AGE)).splitlines()
    assert lines[0].endswith(" WARNING")
    assert lines[1] == "  ! 2 of 60 sources failing (courier, herald)"
    assert "  failing  courier: HTTP 503; 5 looks in a row" in lines
    assert "crawl      4 min ago       ok         4 min ago       in 1 min" in lines


def test_plain_data_says_the_same() -> None:
    said = status_json(ILL, check(ILL, max_age=AGE))
    assert said["level"] == "warning"
    assert said["sources"]["failing"] == 2
    assert said["alarms"][2]["source"] == "post"
    assert said["deliveries"]["sent"] == 3


def test_prometheus_reads_the_figures_as_they_were_written() -> None:
    families = {family.name: family for family in text_string_to_metric_families(text_of(ILL))}
    values = {(sample.name, *sample.labels.values()): sample.value for f in families.values() for sample in f.samples}
    assert values["spywire_sources", "failing"] == 2
    assert values["spywire_last_success_timestamp_seconds", "crawl"] == (NOON - 4 * MINUTE).timestamp()
    assert values["spywire_last_exit_code", "crawl"] == 0
    assert values["spywire_deliveries", "sent"] == 3
    assert values["spywire_links_last_day", "flagged"] == 7
    assert values["spywire_database_bytes",] == 123_456_789
    assert families["spywire_info"].samples[0].labels["model"] == "gate-1.1"
    for name, family in families.items():
        assert re.fullmatch(r"spywire_[a-z_]+", name)
        assert family.documentation
        assert not name.endswith("_total"), "a total never shrinks, and these may"
        assert not re.search(r"(?<!last)_(day|hour|minute|kb|mb|ms)s?$", name), "seconds and bytes are the units"


def test_a_crawl_that_runs_has_no_exit_code_and_one_that_was_killed_has() -> None:
    running = replace(CRAWL, state=RunState.RUNNING, exit_code=None)
    assert 'spywire_last_exit_code{job="crawl"}' not in text_of(replace(WELL, jobs=(running,)))
    killed = replace(running, state=RunState.KILLED)
    assert 'spywire_last_exit_code{job="crawl"} -1.0' in text_of(replace(WELL, jobs=(killed,)))
