"""What a crawl knows from before and leaves behind."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from crawler.assess import regard
from crawler.habits import Habits
from crawler.report import Wait
from crawler.revisits import edited
from storage.archive import Archive
from storage.ledger import Ledger
from storage.lines import Lines
from storage.polls import Polls
from storage.records import (
    HostLines,
    Judged,
    Link,
    LinkState,
    Poll,
    PollState,
    Revisit,
    Seen,
    Settled,
    SourceFeed,
    SourcePoll,
    SourceState,
    StoredArticle,
    Validators,
    Verdict,
    Waited,
)
from storage.revisions import Revisions
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from crawler.report import Tracker
    from storage.database import Database

P = ParamSpec("P")
T = TypeVar("T")

# A dead run's links are free after it. While a run lives it renews its leases with whatever it remembers, and between
# two of those there is no more than a pause between two pages (an hour, if a host is to have it) and a page.
LEASE = timedelta(hours=2)
RENEWED = timedelta(minutes=10)
IDLE_AT_ONCE = 400  # polls and states that are written in one
REJUDGED_AT_ONCE = 1000
FORGOTTEN = timedelta(days=2)  # without a look; before that a source may be another home's, in the same database


class Memory(Protocol):
    """What a crawl asks of the past and tells the future. Times are aware UTC."""

    async def validators(self, source: str, url: str) -> Validators:
        """What makes the next poll of the URL conditional."""

    async def poll(self, poll: Poll) -> int:
        """Note a poll and its links; gives how many are new."""

    async def unknown(self, links: Sequence[Link]) -> int:
        """How many of the links were never seen."""

    async def state(self, source: str, url: str) -> SourceState:
        """What earlier polls have taught about the source."""

    async def keep(self, state: SourceState) -> None:
        """Remember what this poll has taught."""

    async def feed(self, source: str, url: str) -> SourceFeed | None:
        """The feed found at a source's URL, if that was ever looked for."""

    async def follow(self, source: str, url: str, feed: SourceFeed) -> None:
        """Remember the feed found at a source's URL."""

    async def start(self) -> None:
        """Take back what the last crawl had leased, if it was killed."""

    async def any_waiting(self, sources: Iterable[str], *, at: datetime) -> bool:
        """Whether there is anything to lease of these sources, or to look at again."""

    async def lease(self, source: str, *, at: datetime, limit: int) -> list[Link]:
        """Links of a source to fetch now, none of them twice in a crawl."""

    async def waiting(self, source: str, because: Wait, *, at: datetime) -> int:
        """How many links of a source are left to lease, and remember why."""

    async def put_back(self, key: str, because: Wait) -> None:
        """Let a link that was leased wait for the next crawl, and remember why."""

    async def orphans(self) -> dict[str, int]:
        """By source, how many links wait for one that is not there any more."""

    async def attempts(self, key: str) -> int:
        """How often the link was tried before."""

    async def waited(self, key: str) -> Waited | None:
        """How a link waited that could not be had the last time."""

    async def repeated(self, host: str) -> HostLines:
        """The lines that a host repeats on its articles."""

    async def settle(self, outcome: Settled) -> None:
        """Note what became of a link that gave no article."""

    async def store(self, judged: Judged, outcome: Settled) -> LinkState:
        """Keep an article with its verdict; gives the state its link ended in."""

    async def revisits(self, source: str, *, at: datetime, limit: int) -> list[Revisit]:
        """Young articles of a source to look at again."""

    async def saw(self, seen: Seen) -> bool:
        """Note what such a look gave; gives whether there was a page."""

    async def unjudged(self) -> list[StoredArticle]:
        """Articles held because there was no model when they came."""

    async def rejudge(self, article: StoredArticle, verdict: Verdict, *, at: datetime) -> None:
        """Let a new verdict stand."""

    def hurry(self) -> None:
        """The crawl is to end at once: a database that does not answer is not waited for any longer."""

    async def close(self) -> None:
        """Give back what was leased and not finished."""


async def note(poll: Poll, *, memory: Memory, tracker: Tracker) -> int:
    """Remember a poll and report it; gives how many of its links are new."""
    new = await memory.poll(poll)
    seen = SourcePoll(
        source=poll.source, at=poll.at, state=poll.state, detail=poll.detail, found=len(poll.links), new=new
    )
    tracker.polled(seen, dropped=poll.dropped)
    return new


class StoredMemory:
    """Keeps everything in the database, in a thread of its own: a slow disk or server does not stop the downloads."""

    def __init__(
        self,
        database: Database,
        *,
        run: int,
        owner: str,
        states: Mapping[str, SourceState] | None = None,
        catalogue: Collection[str] | None = None,
        shared: bool = False,
    ) -> None:
        self._ledger, self._polls, self._sources = Ledger(database), Polls(database), Sources(database)
        self._archive, self._lines = Archive(database, regard=regard, edited=edited), Lines(database)
        self._habits = Habits(lambda host: self._do(self._lines.of_host, host))
        self._revisions = Revisions(database, edited=edited)
        self._database, self._run, self._owner = database, run, owner
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storage")
        self._states = dict(states or {})
        self._catalogue = None if catalogue is None else frozenset(catalogue)
        self._shared = shared
        self._forgotten: frozenset[str] = frozenset()  # sources that are nobody's any more, with links that wait
        self._feeds: dict[tuple[str, str], SourceFeed] = {}
        self._validators: dict[tuple[str, str], Validators] = {}
        self._waiting: set[str] = set()  # sources with links to fetch
        self._returning: set[str] = set()  # and those with articles to look at again
        self._renewed: datetime | None = None
        self._idle: list[Poll] = []
        self._changed: dict[str, SourceState] = {}

    async def start(self) -> None:
        await self._do(self._look_back, datetime.now(UTC))

    async def validators(self, source: str, url: str) -> Validators:
        known = self._validators.get((source, url))
        return await self._do(self._polls.validators, source, url) if known is None else known

    async def poll(self, poll: Poll) -> int:
        if poll.state is not PollState.UNCHANGED or poll.links:
            if poll.links:  # one that was known may have come to wait for this source
                self._waiting.add(poll.source)
            return await self._do(self._polls.record, poll, run=self._run, forgotten=self._forgotten)
        self._idle.append(poll)
        await self._flush(when=IDLE_AT_ONCE)
        return 0

    async def unknown(self, links: Sequence[Link]) -> int:
        return len(await self._do(self._ledger.unknown, links))

    async def state(self, source: str, url: str) -> SourceState:
        known = self._states.get(source)
        return known if known is not None and known.url == url else SourceState(name=source, url=url)

    async def keep(self, state: SourceState) -> None:
        self._states[state.name] = state
        self._changed[state.name] = state
        await self._flush(when=IDLE_AT_ONCE)

    async def feed(self, source: str, url: str) -> SourceFeed | None:
        return self._feeds.get((source, url))

    async def follow(self, source: str, url: str, feed: SourceFeed) -> None:
        self._feeds[source, url] = feed
        await self._do(self._sources.follow, source, url, feed)

    async def waiting(self, source: str, because: Wait, *, at: datetime) -> int:
        count = await self._do(self._ledger.count_waiting, source, at=at)
        if count:
            await self._do(self._ledger.explain, source, because)
        return count

    async def put_back(self, key: str, because: Wait) -> None:
        await self._do(self._ledger.put_back, key, owner=self._owner, reason=because)

    async def orphans(self) -> dict[str, int]:
        return await self._do(self._left_behind, datetime.now(UTC))

    async def any_waiting(self, sources: Iterable[str], *, at: datetime) -> bool:  # noqa: ARG002 - those of the start
        return not (self._waiting | self._returning).isdisjoint(sources)

    async def lease(self, source: str, *, at: datetime, limit: int) -> list[Link]:
        if limit <= 0 or source not in self._waiting:
            return []
        links = await self._do(self._ledger.lease, source, owner=self._owner, at=at, until=at + LEASE, limit=limit)
        self._renewed = self._renewed or at
        return links

    async def attempts(self, key: str) -> int:
        return await self._do(self._ledger.attempts, key)

    async def waited(self, key: str) -> Waited | None:
        return await self._do(self._ledger.waited, key)

    async def repeated(self, host: str) -> HostLines:
        return await self._habits.of(host)

    async def settle(self, outcome: Settled) -> None:
        await self._do(self._ledger.settle, outcome, run=self._run)

    async def store(self, judged: Judged, outcome: Settled) -> LinkState:
        return await self._do(self._archive.add, judged, outcome, run=self._run)

    async def revisits(self, source: str, *, at: datetime, limit: int) -> list[Revisit]:
        if limit <= 0 or source not in self._returning:
            return []
        return await self._do(self._revisions.take, source, at=at, limit=limit)

    async def saw(self, seen: Seen) -> bool:
        return await self._do(self._revisions.note, seen)

    async def unjudged(self) -> list[StoredArticle]:
        return await self._do(self._archive.unjudged, limit=REJUDGED_AT_ONCE)

    async def rejudge(self, article: StoredArticle, verdict: Verdict, *, at: datetime) -> None:
        await self._do(self._archive.rejudge, article.id, verdict, at=at)

    def hurry(self) -> None:
        self._database.hurry()

    async def close(self) -> None:
        await self._flush(when=1)
        self._renewed = None
        await self._do(self._ledger.release, owner=self._owner)

    def _look_back(self, at: datetime) -> None:
        """Take back what a killed crawl had leased, and learn in a few queries what each source would ask for."""
        self._ledger.release(owner=self._owner)
        self._states = self._states or self._sources.states()
        self._feeds = self._sources.feeds()
        self._validators = self._polls.last_read()
        self._waiting = self._ledger.sources_waiting(at=at)
        self._returning = self._revisions.sources_due(at=at)
        if self._catalogue is not None:
            strangers = self._waiting - self._catalogue
            self._forgotten = frozenset(source for source in strangers if self._is_forgotten(source, at))

    def _is_forgotten(self, source: str, at: datetime) -> bool:
        """Whether a source that this home does not know is no other's either: nobody has looked at it for days."""
        polled_at = self._states[source].rhythm.polled_at if source in self._states else None
        return not self._shared or polled_at is None or at - polled_at >= FORGOTTEN

    def _left_behind(self, at: datetime) -> dict[str, int]:
        counts = {source: self._ledger.count_waiting(source, at=at) for source in sorted(self._forgotten)}
        left = {source: count for source, count in counts.items() if count}
        for source in left:
            self._ledger.explain(source, Wait.NO_SOURCE)
        return left

    async def _flush(self, *, when: int) -> None:
        """Write what can wait, once there is enough of it. What a kill takes with it is only looked at once more."""
        if len(self._idle) + len(self._changed) < when:
            return
        idle, changed, self._idle, self._changed = self._idle, self._changed, [], {}
        await self._do(self._polls.record_idle, idle, run=self._run)
        await self._do(self._sources.keep, list(changed.values()))

    async def _do(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        at = datetime.now(UTC)
        if self._renewed is not None and abs(at - self._renewed) >= RENEWED:
            self._renewed = at
            await self._in_thread(self._ledger.renew, owner=self._owner, until=at + LEASE)
        return await self._in_thread(function, *args, **kwargs)

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        # whoever asked may be stopped; what is to be written is written all the same, and again if a server drops it
        done = self._thread.submit(lambda: self._database.again(function, *args, **kwargs))
        return await asyncio.shield(asyncio.wrap_future(done))
