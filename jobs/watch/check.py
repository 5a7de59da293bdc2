"""What a standing means to Nagios and those like it: a code and one line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from jobs.exits import Exit
from jobs.runs import OLDEST, RunState
from jobs.watch.failing import MISWRITTEN, telling
from jobs.watch.look import span
from storage.records import AlarmKind, DeliveryState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobs.watch.standing import JobStanding, Standing

NAMED = 5  # sources in the line
FAILED_RUNS = 3  # in a row; fewer are a blip
FORGOTTEN = timedelta(days=7)  # a job that a person called once and never again is no news after that
LITTLE, TOO_LITTLE = 1_000_000_000, 200_000_000  # bytes free
BROKEN: dict[int | None, str] = {
    Exit.CONFIG: "settings, sources or model are broken",
    Exit.STORAGE: "the database fails",
    Exit.BUG: "a bug",
}
WARNED = (*map(str, AlarmKind), MISWRITTEN)  # states of sources of which there should be none


class Level(IntEnum):
    """The codes of a monitoring plugin."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as it should be."""

    level: Level
    words: str


def check(standing: Standing, *, max_age: timedelta) -> tuple[Finding, ...]:
    """What is not as it should be, the worst first; nothing when all is well."""
    found = [
        *_clock(standing),
        *_crawls(standing, max_age),
        *_jobs(standing),
        *_sources(standing),
        *_deliveries(standing),
        *_disk(standing),
    ]
    return tuple(sorted(found, key=lambda finding: -finding.level))


def level_of(findings: tuple[Finding, ...]) -> Level:
    """The worst of them."""
    return max((finding.level for finding in findings), default=Level.OK)


def line(standing: Standing, findings: tuple[Finding, ...], *, max_age: timedelta) -> str:
    """The plugin's answer: a word, what is wrong, and figures (Nagios plugin guidelines, section 2.6)."""
    crawl, sources = standing.job("crawl"), sum(standing.sources.values())
    said = "; ".join(finding.words for finding in findings)
    well = f"last crawl {span(standing.at - crawl.done_at)} ago, " if crawl and crawl.done_at else ""
    said = said or f"{well}{standing.sources['ok']} of {sources} sources ok"
    return f"SPYWIRE {level_of(findings).name} - {_plain(said)} | {' '.join(_figures(standing, max_age))}"


def unknown(words: str) -> str:
    """The answer when nothing can be told."""
    return f"SPYWIRE UNKNOWN - {_plain(words)}"


def _plain(words: str) -> str:
    return " ".join(words.replace("|", "/").split())


def _clock(standing: Standing) -> Iterator[Finding]:
    if standing.at < OLDEST:
        words = f"the clock says {standing.at:%Y-%m-%d %H:%M} UTC, and no job runs: set it (timedatectl set-ntp true)"
        yield Finding(level=Level.CRITICAL, words=words)


def _crawls(standing: Standing, max_age: timedelta) -> Iterator[Finding]:
    crawl = standing.job("crawl")
    if crawl is None:
        yield Finding(level=Level.CRITICAL, words="nothing was ever crawled")
    elif crawl.done_at is None:
        yield Finding(level=Level.CRITICAL, words=f"no crawl ever did its work, {_end(crawl)}")
    elif standing.at - crawl.done_at > max_age:
        words = f"the last crawl that did its work was {span(standing.at - crawl.done_at)} ago"
        yield Finding(level=Level.CRITICAL, words=f"{words}, {_end(crawl)}")
    elif crawl.done_at > standing.at + max_age:
        yield Finding(level=Level.CRITICAL, words="the last crawl lies in the future: the clock was set back")
    else:
        yield from _streaks(standing)


def _streaks(standing: Standing) -> Iterator[Finding]:
    """What the latest crawls have in common. That one source is down alone is its own affair, told by its alarm."""
    crawls = standing.unanswered
    if telling(standing.unanswering, sum(standing.sources.values())):
        level = Level.CRITICAL if crawls >= FAILED_RUNS else Level.WARNING
        yield Finding(level=level, words=f"no source answered the last {f'{crawls} crawls' if crawls > 1 else 'crawl'}")
    if standing.idle >= FAILED_RUNS:
        words = f"the last {standing.idle} crawls ran out of time before a page was settled: give them longer"
        yield Finding(level=Level.WARNING, words=words)


def _end(job: JobStanding) -> str:
    if job.state is not RunState.ENDED:
        return f"the latest {'is under way' if job.state is RunState.RUNNING else 'was killed'}"
    return f"the latest ended with {job.exit_code}"


def _jobs(standing: Standing) -> Iterator[Finding]:
    for job in standing.jobs:
        if standing.at - job.started_at > FORGOTTEN:
            continue
        if job.exit_code in BROKEN:
            yield Finding(level=Level.CRITICAL, words=f"{job.name} ended with {job.exit_code}: {BROKEN[job.exit_code]}")
        elif job.failures >= FAILED_RUNS:
            yield Finding(level=Level.WARNING, words=f"{job.name} failed {job.failures} times in a row")
    for errand in standing.late:
        yield Finding(level=Level.WARNING, words=f"{errand.job} is {span(standing.at - errand.at)} late")


def _sources(standing: Standing) -> Iterator[Finding]:
    counts = standing.sources
    looked_at = sum(counts.values()) - counts["new"] - counts[MISWRITTEN]
    if not standing.pollable:
        words = "there is no source to crawl: sources.toml is missing or names none that can be read"
        yield Finding(level=Level.CRITICAL, words=words)
    if standing.broken:
        words = f"{_of(standing, MISWRITTEN)} written wrongly in sources.toml{_named(standing.broken)}"
        yield Finding(level=Level.WARNING, words=words)
    for kind in AlarmKind:
        if counts[kind]:
            most = kind is AlarmKind.FAILING and 2 * counts[kind] > looked_at
            names = [alarm.source for alarm in standing.alarms if alarm.kind is kind]
            words = f"{_of(standing, kind)} {kind}{_named(names)}"
            yield Finding(level=Level.CRITICAL if most else Level.WARNING, words=words)


def _of(standing: Standing, kind: str) -> str:
    return f"{standing.sources[kind]} of {sum(standing.sources.values())} sources"


def _named(names: Sequence[str]) -> str:
    return f" ({', '.join(names[:NAMED])}{' ...' if len(names) > NAMED else ''})" if names else ""


def _deliveries(standing: Standing) -> Iterator[Finding]:
    for state in (DeliveryState.FAILED, DeliveryState.UNCERTAIN):
        if count := standing.deliveries.get(state, 0):
            yield Finding(level=Level.WARNING, words=f"{count} deliver{'y' if count == 1 else 'ies'} {state}")


def _disk(standing: Standing) -> Iterator[Finding]:
    if standing.free < LITTLE:
        level = Level.CRITICAL if standing.free < TOO_LITTLE else Level.WARNING
        yield Finding(level=level, words=f"{standing.free // 1_000_000} MB free on the disk")


def _figures(standing: Standing, max_age: timedelta) -> Iterator[str]:
    crawl = standing.job("crawl")
    if crawl and crawl.done_at:
        age = max((standing.at - crawl.done_at).total_seconds(), 0)
        yield f"crawl_age={age:.0f}s;;{max_age.total_seconds():.0f};0"
    total = sum(standing.sources.values())
    for state, count in standing.sources.items():
        yield f"sources_{state}={count};{'0' if state in WARNED else ''};;0;{total}"
    yield f"held={standing.held};;;0"
    for state in DeliveryState:
        yield f"deliveries_{state}={standing.deliveries.get(state, 0)};;;0"
    yield f"database={standing.size}B;;;0"
    yield f"disk_free={standing.free}B;{LITTLE}:;{TOO_LITTLE}:;0"
