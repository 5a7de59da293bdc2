"""A look: the first request of a poll, asked before Scrapy is there wherever it is known to be right.

Most looks end with a 304, and for that neither a browserful of machinery nor a worker is needed. Which sources may be
looked at first is decided here; `crawler.scout` asks them, `crawler.opening` does both and remembers what came of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.follow import given_up
from crawler.guard import url_refusal
from crawler.hosts import FRESH
from crawler.robots import Robots, read_robots
from crawler.spiders.answers import conditions
from crawler.visits import Visit, visit

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from crawler.memory import Memory
    from crawler.sources import Source
    from storage.records import Parked, RobotsFile, Validators

OK, NOT_MODIFIED = 200, 304
# A URL that every client sends as it is written: no user, no IPv6, nothing to escape (RFC 3986, section 2).
PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::[1-9][0-9]{0,4})?(?:/(?:[A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?")


class Lost(StrEnum):
    """Why the answer to a request that was sent is not in hand."""

    TIMEOUT = auto()
    TOO_LARGE = auto()
    BROKEN = auto()  # the connection ended before the answer did, or it is not HTTP


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as it came, its body still packed."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""

    @property
    def size(self) -> int:
        """Bytes of the body and of the headers."""
        return len(self.body) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def header(self, name: str) -> str | None:
        """What a header says last, or None."""
        wanted = name.lower().encode()
        values = [value for key, value in self.headers if key.lower() == wanted]
        return values[-1].decode("latin-1") if values else None


@dataclass(kw_only=True)
class Look:
    """A visit to a source that has begun: where it is asked, what is sent along, and what came back so far."""

    source: Source
    url: str
    visit: Visit
    known: Validators  # what is sent along
    came: Answer | Lost | None = None  # None: the source was not asked, or could not be reached

    @property
    def host(self) -> str:
        """Whom it asks: one request at a time, with a pause."""
        return urlsplit(self.url).hostname or ""

    @property
    def idle(self) -> bool:
        """Whether it was told that nothing has changed, which it asked for."""
        return isinstance(self.came, Answer) and self.came.status == NOT_MODIFIED

    @property
    def healthy(self) -> bool:
        """Whether the host that gave this answer may be asked for another source."""
        return isinstance(self.came, Answer) and self.came.status in {OK, NOT_MODIFIED}


async def begin(source: Source, memory: Memory, *, at: datetime) -> Look:
    """Begin a visit to a source at `at`."""
    begun = visit(source, await memory.state(source.name, source.url), at=at)
    url = await _address(source, memory, at=at)
    return Look(source=source, url=url, visit=begun, known=begun.asks(url, await memory.validators(source.name, url)))


def goes_first(look: Look) -> bool:
    """Whether an empty answer would do: validators to send, and no failure that the last look ended with."""
    return bool(conditions(look.known)) and not look.visit.before.rhythm.failures and bool(PLAIN.fullmatch(look.url))


def rules_of(robots: RobotsFile | None, *, user_agent: str, at: datetime) -> Robots | None:
    """The rules of an origin for a User-Agent, if they are known and still fresh."""
    if robots is None or at - robots.fetched_at >= FRESH:
        return None
    return read_robots(robots.status, robots.body, user_agent=user_agent)


def may_ask(url: str, rules: Robots | None, parked: Parked | None, *, ports: Collection[int]) -> bool:
    """Whether the URL's host lets itself be asked now, by all that is known of it."""
    if rules is None or parked is not None or url_refusal(url, ports) is not None:
        return False
    return rules.refusal(url) is None


async def _address(source: Source, memory: Memory, *, at: datetime) -> str:
    """Where the source is polled: at the feed that was found for it, else at its own URL."""
    known = await memory.feed(source.name, source.url) if source.kind is None else None
    if known is None or known.url is None:
        return source.url
    if known.failing:
        await memory.follow(source.name, source.url, given_up(known, at=at))
        return source.url
    return known.url
