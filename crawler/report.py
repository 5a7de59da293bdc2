"""What a crawl did, in numbers and in words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from signal import Signals
from traceback import format_exception
from typing import TYPE_CHECKING, NamedTuple

from storage.records import LinkState, PollState, SourcePoll

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


JUDGED = {LinkState.FLAGGED, LinkState.HELD, LinkState.REJECTED}
OF_STORED = {LinkState.DUPLICATE: "same article", LinkState.NOT_AN_ARTICLE: "soft 404"}  # reasons that storage finds
LONGEST_NAME = 60
# What makes two reasons of one kind: an address, a port, a time, a URL.
_PARTICULARS = re.compile(r" until .*| (?:of |as )?https?://.*|(?<=^address )\S+ |(?<=^port )[0-9]+ ")


class Trouble(StrEnum):
    """What stops a crawl or makes its result doubtful."""

    STORAGE = "storage"
    GATE = "gate"
    BUG = "bug"
    STOPPED = "stopped"
    BROWSER = "browser"
    OUT_OF_TIME = "out-of-time"


class Flagged(NamedTuple):
    """An article that the gate let through."""

    source: str
    title: str
    url: str


class Wait(StrEnum):
    """Why a link waits that nobody asked for: the reason in the ledger, and the name of its counter."""

    SOURCE_LIMIT = "more than [fetch] pages_per_source"
    CRAWL_LIMIT = "more than --max-pages"
    PATIENCE = "longer than [fetch] patience"
    NO_SOURCE = "its source is not in sources.toml any more"


@dataclass(frozen=True, kw_only=True)
class CrawlReport:
    """The result of one crawl. `troubles` maps what went wrong to its first message."""

    started: datetime
    ended: datetime
    sources: tuple[SourcePoll, ...]
    counts: dict[str, int]
    troubles: dict[Trouble, str]
    flagged: tuple[Flagged, ...]  # in the order they came
    received: int = 0  # bytes that came over the network
    signal: int = 0  # the one that stopped it, if one did

    @property
    def failed(self) -> tuple[SourcePoll, ...]:
        """The sources that did not answer with what they are for."""
        return tuple(poll for poll in self.sources if not poll.state.succeeded)


@dataclass
class Tracker:
    """Counts while a crawl goes on, and tells whoever watches after each step."""

    watch: Callable[[Tracker], None] | None = None
    sources: int = 0  # to be polled
    polls: dict[str, SourcePoll] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    troubles: dict[Trouble, str] = field(default_factory=dict)
    flagged: list[Flagged] = field(default_factory=list)
    received: int = 0
    signal: int = 0
    hurry: Callable[[], None] = field(default=lambda: None)  # what a signal does at once
    _waiting: dict[str, tuple[int, Wait]] = field(default_factory=dict)

    def polled(self, poll: SourcePoll, *, dropped: tuple[tuple[str, int], ...] = ()) -> None:
        """A source answered, or failed to. Of several answers (a sitemap's parts) the worst speaks for the source."""
        before = self.polls.get(poll.source)
        self.polls[poll.source] = poll if before is None else _together(before, poll)
        self.counts[f"polls.{poll.state}"] += 1
        self.counts["links.found"] += poll.found
        self.counts["links.new"] += poll.new
        for reason, count in dropped:
            self.counts[f"links.dropped.{reason}"] += count
        self._tell()

    def leased(self, links: int) -> None:
        """Links are on their way to being fetched."""
        self.counts["pages.requested"] += links
        self._tell()

    def waiting(self, source: str, links: int, because: Wait) -> None:
        """Links of a source are more than this crawl fetches; said again, it is so many now."""
        before, why = self._waiting.get(source, (0, because))
        self._wait(-before, why)
        self._waiting[source] = links, because
        self._wait(links, because)

    def put_back(self, source: str) -> None:
        """A link that was on its way is not fetched by this crawl after all: its source has had its time."""
        self.counts["pages.requested"] -= 1
        before, _ = self._waiting.get(source, (0, Wait.PATIENCE))
        self.waiting(source, before + 1, Wait.PATIENCE)
        self._tell()

    def _wait(self, links: int, because: Wait) -> None:
        self.counts["links.waiting"] += links
        self.counts[f"links.waiting.{because}"] += links

    def settled(self, state: LinkState, *, reason: str = "", source: str = "", title: str = "", url: str = "") -> None:
        """A link reached a state. For what is judged the verdict is the reason, and has no name."""
        self.counts[f"pages.{state}"] += 1
        self.counts["pages.settled"] += 1
        if reason and state not in JUDGED:
            self.counts[f"pages.{state}.{name_of(reason)}"] += 1
        if state is LinkState.FLAGGED:
            self.flagged.append(Flagged(source, title, url))
        self._tell()

    def trouble(self, kind: Trouble, message: str) -> None:
        """Something is wrong; the first message of a kind is kept.

        A database that fails after a signal was not waited for any more: the crawl was stopped before that.
        """
        if kind is Trouble.STORAGE and self.signal and Trouble.STOPPED not in self.troubles:
            self.stopped()
        self.troubles.setdefault(kind, message)
        self.counts[f"troubles.{kind}"] += 1

    def out_of_time(self) -> None:
        """The crawl was given no more time."""
        self.trouble(Trouble.OUT_OF_TIME, "the time it was given (--max-runtime) is over; what is left waits")

    def signalled(self, number: int) -> None:
        """A signal wants the crawl to end; of several the first counts."""
        self.signal = self.signal or number
        self.hurry()

    def stopped(self) -> None:
        """The crawl ends because of a signal."""
        named = Signals(self.signal).name if self.signal else "a signal"
        self.trouble(Trouble.STOPPED, f"stopped by {named}; what was under way waits for the next run")

    def bug(self, error: Exception) -> str:
        """Note what a worker raised and nobody expected; gives the reason for the ledger."""
        self.trouble(Trouble.BUG, "".join(format_exception(error)[-2:]).strip())
        return f"internal error: {type(error).__name__}"

    def report(self, *, started: datetime, ended: datetime) -> CrawlReport:
        """What it came to."""
        return CrawlReport(
            started=started,
            ended=ended,
            sources=tuple(poll for _, poll in sorted(self.polls.items())),
            counts=dict(sorted(self.counts.items())),
            troubles=dict(self.troubles),
            flagged=tuple(self.flagged),
            received=self.received,
            signal=self.signal,
        )

    def _tell(self) -> None:
        if self.watch is not None:
            self.watch(self)


def name_of(reason: str) -> str:
    """The kind of a reason, by which links are counted: what stands before its first colon, without particulars."""
    return _PARTICULARS.sub("", reason.partition(": ")[0])[:LONGEST_NAME]


def _together(one: SourcePoll, two: SourcePoll) -> SourcePoll:
    worse = one if not one.state.succeeded or two.state is PollState.EMPTY else two
    return SourcePoll(
        source=one.source,
        at=two.at,
        state=worse.state,
        detail=worse.detail,
        found=one.found + two.found,
        new=one.new + two.new,
    )
