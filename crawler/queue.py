"""The requests that wait, a queue for each host, served in turns.

Scrapy's own queue looks at every host for each request it gives, so ten thousand hosts cost a hundred times what a
thousand do. This one looks at no more hosts than are busy at the moment.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class FairQueue:
    """A memory queue for Scrapy's scheduler (SCHEDULER_PRIORITY_QUEUE).

    `pop` gives a request of the host that has waited longest and has none under way; if all that wait are busy, of the
    one that has waited longest. Of one host, urgent requests come first (a redirect has begun), then the oldest.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._hosts: dict[str, deque[Request]] = {}
        self._turns: deque[str] = deque()  # each host with requests, once
        self._length = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, **_: Any) -> Self:
        return cls(crawler)

    def push(self, request: Request) -> None:
        """Let a request wait."""
        host = self._downloader.get_slot_key(request)
        if host not in self._hosts:
            self._hosts[host] = deque()
            self._turns.append(host)
        queue = self._hosts[host]
        if request.priority > 0:
            queue.appendleft(request)
        else:
            queue.append(request)
        self._length += 1

    def pop(self) -> Request | None:
        """The next request, or None when nothing waits."""
        if not self._turns:
            return None
        self._turns.rotate(-self._next())
        host = self._turns.popleft()
        queue = self._hosts[host]
        request = queue.popleft()
        self._length -= 1
        if queue:
            self._turns.append(host)
        else:
            del self._hosts[host]
        return request

    def peek(self) -> Request | None:
        """What `pop` would give."""
        return self._hosts[self._turns[self._next()]][0] if self._turns else None

    def close(self) -> None:
        """Nothing is kept: the ledger knows what was waiting."""

    def __len__(self) -> int:
        return self._length

    def _next(self) -> int:
        """How many turns away the first idle host is. Only busy hosts are passed, and few are busy at once."""
        slots = self._downloader.slots
        for turn, host in enumerate(self._turns):
            slot = slots.get(host)
            if slot is None or not slot.active:
                return turn
        return 0

    @property
    def _downloader(self) -> Any:
        assert self._crawler.engine is not None
        return self._crawler.engine.downloader
