"""The retain job: text whose time is over goes, in short transactions; every row that says what happened stays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.catalogue import guarded_sources, read_sources
from jobs.exits import ConfigError, Exit
from jobs.runs import recorded
from jobs.spans import kept
from jobs.watch.failing import MISWRITTEN
from storage.records import FOREVER, Contracts, Keeping
from storage.retention import Retention
from storage.upkeep import last_find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from crawler.sources import Source
    from jobs.settings import Retention as Terms
    from storage.database import Database
    from storage.records import KeptText
    from storage.retention import Thinned

BATCH = 100  # articles in one transaction: a crawl beside it waits no longer than that
ROWS = 1000  # polls or runs in one transaction
LEAP = timedelta(days=400)  # without a link found: a clock that is wrong is likelier, and what is purged stays purged
RUNS = 1000  # the newest runs, which stay whole however old they are


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Articles of one source that are kept for one time."""

    source: str
    notable: bool  # flagged, held or labelled; the others are rejected


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What was agreed about texts. `broken` says by source why its terms cannot be read: its texts are spared."""

    contracts: Contracts
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Retained:
    """What went, or in a dry run would go. `broken` are the sources that were spared, and why."""

    at: datetime
    dry_run: bool
    articles: Counter[Shelf] = field(default_factory=Counter)
    characters: Counter[Shelf] = field(default_factory=Counter)
    polls: int = 0
    runs: int = 0
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit(self) -> Exit:
        """What it means to a scheduler."""
        return Exit.PARTIAL if self.broken else Exit.OK

    def add(self, gone: Iterable[KeptText]) -> None:
        """Count texts."""
        for text in gone:
            shelf = Shelf(source=text.source, notable=text.notable)
            self.articles[shelf] += 1
            self.characters[shelf] += text.size


def agreed(path: Path, terms: Terms) -> Agreed:
    """What the sources of this file have agreed to, and what the settings say of all others.

    Raises `ConfigError` where the file is missing, names no source, or cannot be read at all: terms that are not known
    might have said `forever`.
    """
    sources, broken = guarded_sources(path)
    if not sources:
        read_sources(path)  # which says what is missing
    return Agreed(contracts=contracts(sources, terms), broken=broken)


def contracts(sources: Iterable[Source], terms: Terms) -> Contracts:
    """What holds for each source: its own word, else the settings'."""
    default = Keeping(notable=kept(terms.keep_flagged), rejected=kept(terms.keep_rejected))
    named = {
        source.name: Keeping(
            notable=default.notable if source.keep_flagged is None else source.keep_flagged,
            rejected=default.rejected if source.keep_rejected is None else source.keep_rejected,
        )
        for source in sources
    }
    return Contracts(default=default, sources=named)


@dataclass(frozen=True, kw_only=True)
class Records:
    """How long records without text are kept whole."""

    polls: timedelta
    runs: timedelta

    @classmethod
    def of(cls, terms: Terms) -> Records:
        """As the settings have it."""
        return cls(polls=kept(terms.keep_polls), runs=kept(terms.keep_runs))


def retain(
    database: Database,
    agree: Callable[[], Agreed],
    records: Records,
    *,
    clock: Callable[[], datetime],
    dry_run: bool,
) -> Retained:
    """Purge what has been kept for its time, and thin old polls and runs. What `agree` raises is on record, too.

    Killed at any moment, it leaves each article whole or purged; the next one goes on.
    """
    if dry_run:
        return _retain(database, agree(), records, at=clock(), dry_run=True)
    with recorded(database, "retain", clock=clock) as run:
        check_leap(last_find(database), now=run.started_at)
        done = _retain(database, agree(), records, at=run.started_at, dry_run=False)
        run.exit_code, run.error = done.exit, next(iter(done.broken.values()), "")
        run.sources = {name: {"state": MISWRITTEN, "detail": wrong} for name, wrong in done.broken.items()}
        run.counts = {"articles.purged": done.articles.total(), "polls.thinned": done.polls, "runs.thinned": done.runs}
    return done


def check_leap(found: datetime | None, *, now: datetime) -> None:
    """Raises `ConfigError` where nothing was found for so long that the clock is more likely to have leapt ahead."""
    if found is not None and now - found > LEAP:
        raise ConfigError(
            f"nothing is purged: the clock says {now:%Y-%m-%d}, and the last link was found on {found:%Y-%m-%d}; "
            "set the clock, or run `spywire crawl` first if it is right"
        )


def _retain(database: Database, agreed: Agreed, records: Records, *, at: datetime, dry_run: bool) -> Retained:
    done, retention = Retained(at=at, dry_run=dry_run, broken=agreed.broken), Retention(database)
    for gone in _texts(retention, agreed.contracts, at=at, dry_run=dry_run):
        done.add(gone)
    if records.polls != FOREVER:
        polls = partial(retention.thin_polls, before=at - records.polls, limit=ROWS, dry=dry_run)
        done.polls = sum(_thinned(polls))
    if records.runs != FOREVER:
        runs = partial(retention.thin_runs, before=at - records.runs, keep=RUNS, limit=ROWS, dry=dry_run)
        done.runs = sum(_thinned(runs))
    return done


def retained_json(done: Retained) -> dict[str, Any]:
    """What went as plain data."""
    return {
        "at": done.at.isoformat(),
        "dry_run": done.dry_run,
        "articles": done.articles.total(),
        "polls": done.polls,
        "runs": done.runs,
        "sources": [
            {"source": s.source, "class": _class(s), "articles": count, "characters": done.characters[s]}
            for s, count in _sorted(done)
        ],
    }


def retained_text(done: Retained) -> str:
    """What went, a line for each source and class."""
    would = "would purge" if done.dry_run else "purged"
    lines = [
        f"  {s.source:<24} {_class(s):<9} {count:>7,} articles  {done.characters[s]:>12,} characters"
        for s, count in _sorted(done)
    ]
    polls = f"{'would drop' if done.dry_run else 'dropped'} {done.polls:,} old polls that brought nothing"
    runs = f"{'would empty' if done.dry_run else 'emptied'} {done.runs:,} old runs of their counts"
    return "\n".join([f"{would} the text of {done.articles.total():,} articles", *lines, polls, runs])


def _texts(retention: Retention, agreed: Contracts, *, at: datetime, dry_run: bool) -> Iterator[list[KeptText]]:
    after = 0
    while found := retention.expired(agreed, at=at, after=after, limit=BATCH):
        after = found[-1].article_id
        for start in range(0, len(found), BATCH):
            some = found[start : start + BATCH]
            yield some if dry_run else retention.purge([text.article_id for text in some], agreed, at=at)


def _thinned(page: Callable[..., Thinned]) -> Iterator[int]:
    """How many rows each page had to spare, a transaction each."""
    after: int | None = 0
    while after is not None:
        thinned = page(after=after)
        after = thinned.last
        yield thinned.rows


def _sorted(done: Retained) -> list[tuple[Shelf, int]]:
    return sorted(done.articles.items(), key=lambda item: (item[0].source, not item[0].notable))


def _class(shelf: Shelf) -> str:
    return "flagged" if shelf.notable else "rejected"
