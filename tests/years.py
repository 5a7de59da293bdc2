"""A year of the scheduler on a real database: nights that are too long or too short, clocks that jump, a sleep."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.sources import Source
from jobs.digest.agenda import agenda
from jobs.schedule.plan import Job, due, plan
from jobs.schedule.state import read_known, wanted_by
from jobs.settings import Settings
from storage.editions import Editions
from storage.records import EditionKind, NewEdition, Rhythm, SourceState
from storage.runs import Runs
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.schedule.plan import Errand
    from storage.database import Database

BEGAN = datetime(2027, 1, 1, 9, tzinfo=UTC)
ENDED = datetime(2028, 1, 1, 9, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SLEPT = (datetime(2027, 6, 10, 15, tzinfo=UTC), datetime(2027, 6, 13, 15, tzinfo=UTC))
JUMPS = {  # from, until: what the clock is wrong by
    (datetime(2027, 4, 20, 12, tzinfo=UTC), datetime(2027, 4, 20, 18, tzinfo=UTC)): DAY,
    (datetime(2027, 9, 7, 12, tzinfo=UTC), datetime(2027, 9, 7, 20, tzinfo=UTC)): -DAY,
}
ZONES = {"berlin": ("Europe/Berlin", "02:30"), "auckland": ("Pacific/Auckland", "08:00")}
SOURCES = tuple(Source(name=name, url=f"https://{name}.example/feed") for name in ("wire", "blog"))
EVERY = timedelta(hours=23)
SETTINGS = Settings.model_validate(
    {
        "profile": {name: {"zone": zone, "at": at} for name, (zone, at) in ZONES.items()},
        "backup": {"folder": "backups"},
    }
)


@dataclass
class Year:
    """The scheduler's loop, with a clock of its own, and jobs that leave behind what real ones leave behind."""

    database: Database
    true: datetime = BEGAN  # the time it is
    ended: datetime = ENDED
    done: list[tuple[Job, datetime]] = field(default_factory=list)  # what was due, and when by the clock
    polls: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))  # the true times

    @property
    def clock(self) -> datetime:
        """The time that the machine thinks it is."""
        return self.true + next((by for (start, end), by in JUMPS.items() if start <= self.true < end), timedelta())

    def live(self) -> None:
        while self.true < self.ended:
            errands = plan(
                read_known(self.database, SETTINGS, SOURCES, now=self.clock), wanted_by(SETTINGS), now=self.clock
            )
            now = due(errands, now=self.clock)
            for errand in now:
                self.do(errand)
            if not now:
                self.sleep(errands)

    def sleep(self, errands: tuple[Errand, ...]) -> None:
        """Until something is due or the clock jumps; at least a minute."""
        ahead = min(errand.at for errand in errands) - self.clock
        wake = max(self.true + ahead, self.true + MINUTE)
        edges = [edge for jump in JUMPS for edge in jump if edge > self.true]
        self.true = min([wake, *edges])
        if SLEPT[0] <= self.true < SLEPT[1]:
            self.true = SLEPT[1]

    def do(self, errand: Errand) -> None:
        at = self.clock
        self.done.append((errand.job, errand.at))
        run = Runs(self.database).start(errand.job, version="1", at=at)
        if errand.job is Job.CRAWL:
            self.poll(at)
        elif errand.job is Job.DIGEST:
            self.send(at)
        Runs(self.database).end(run, at=at, exit_code=0, counts={})

    def poll(self, at: datetime) -> None:
        states = Sources(self.database).states()
        for source in SOURCES:
            rhythm = states[source.name].rhythm if source.name in states else Rhythm()
            if rhythm.next_at is None or rhythm.polled_at is None or rhythm.polled_at > at or rhythm.next_at <= at:
                self.polls[source.name].append(self.true)
                rhythm = Rhythm(interval=EVERY, polled_at=at, read_at=at, next_at=at + EVERY)
                Sources(self.database).keep([SourceState(name=source.name, url=source.url, rhythm=rhythm)])

    def send(self, at: datetime) -> None:
        for entry in agenda(self.database, SETTINGS, at=at):
            if entry.due:
                Editions(self.database).add(
                    NewEdition(
                        profile=entry.profile,
                        kind=EditionKind.DIGEST,
                        key=entry.due.day.isoformat(),
                        since=entry.since,
                        until=entry.until,
                        due_at=entry.due.at,
                        composed_at=at,
                        body={},
                        told=(),
                    ),
                    [],
                )


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def check(year: Year, began: datetime) -> None:
    """Every job exactly as often as it was due."""
    slept = {SLEPT[0].date() + DAY, SLEPT[0].date() + 2 * DAY}  # the third is caught up with
    for job in (Job.RETAIN, Job.BACKUP):
        dates = Counter(at.date() for done, at in year.done if done is job)
        assert set(dates.values()) == {1}, "no day twice"
        assert set(days(began.date() + DAY, year.ended.date())) - set(dates) <= slept, "no day lost"
    for name, (zone, _) in ZONES.items():
        editions = list(reversed(Editions(year.database).listed(name, limit=1000)))
        made = {edition.key for edition in editions}
        first, last = (moment.astimezone(ZoneInfo(zone)).date() for moment in (began + DAY, year.ended - DAY))
        wanted = {day.isoformat() for day in days(first, last)}
        nights = {day.isoformat() for day in days(SLEPT[0].date(), SLEPT[1].date())}
        assert len(made) == len(editions), "no local day has two editions"
        assert wanted - made <= nights, "only nights that were slept through are told with the next one"
        assert len(wanted - made) in {0, 2}
        assert all(one.until == two.since for one, two in pairwise(editions)), "no gap, no overlap"
        assert all(edition.since < edition.until for edition in editions)
    for times in year.polls.values():
        gaps = [two - one for one, two in pairwise(times)]
        assert sum(gap < EVERY for gap in gaps) <= 2 * len(JUMPS), (
            "a clock that goes wrong, or is put right, costs a poll"
        )
        assert sum(gap > EVERY + MINUTE for gap in gaps) <= 3, "only a sleep and a clock that was behind make one late"
    crawls = sum(job is Job.CRAWL for job, _ in year.done)
    assert crawls <= sum(map(len, year.polls.values())), "no crawl without anything to do"
