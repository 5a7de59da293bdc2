"""The memory of a dry run: it writes nothing, and what it learns ends with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.ledger import Ledger
from storage.lines import Lines
from storage.records import NOTHING_REPEATED, SourceState, Validators
from storage.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from crawler.report import Wait
    from storage.database import Database
    from storage.records import (
        HostLines,
        Judged,
        Link,
        LinkState,
        Poll,
        Revisit,
        Seen,
        Settled,
        SourceFeed,
        StoredArticle,
        Verdict,
        Waited,
    )

MOST_LEFT = 10_000  # links of a source that are looked at


class DryMemory:
    """Reads the database, if there is one."""

    def __init__(self, database: Database | None = None, *, owner: str = "") -> None:
        self._ledger = Ledger(database) if database is not None else None
        self._sources = Sources(database) if database is not None else None
        self._lines = Lines(database) if database is not None else None
        self._owner = owner
        self._found: dict[str, list[Link]] = {}
        self._given: set[str] = set()

    async def validators(self, source: str, url: str) -> Validators:  # noqa: ARG002 - a dry run wants the whole body
        return Validators()

    async def poll(self, poll: Poll) -> int:
        new = self._unknown(poll.links)
        self._found.setdefault(poll.source, []).extend(new)
        return len(new)

    async def unknown(self, links: Sequence[Link]) -> int:
        return len(self._unknown(links))

    async def state(self, source: str, url: str) -> SourceState:
        return SourceState(name=source, url=url)

    async def keep(self, state: SourceState) -> None:
        """Forgotten at once."""

    async def feed(self, source: str, url: str) -> SourceFeed | None:
        return self._sources.feed(source, url) if self._sources else None

    async def follow(self, source: str, url: str, feed: SourceFeed) -> None:
        """Forgotten at once."""

    async def start(self) -> None:
        """Nothing is taken, nothing to take back."""

    async def waiting(self, source: str, because: Wait, *, at: datetime) -> int:  # noqa: ARG002
        return len(self._left(source, at))

    async def put_back(self, key: str, because: Wait) -> None:
        """It was never taken."""

    async def orphans(self) -> dict[str, int]:
        return {}

    async def any_waiting(self, sources: Iterable[str], *, at: datetime) -> bool:
        return any(self._left(source, at) for source in sources)

    async def lease(self, source: str, *, at: datetime, limit: int) -> list[Link]:
        links = self._left(source, at)[: max(limit, 0)]
        self._given.update(link.key for link in links)
        return links

    def _left(self, source: str, at: datetime) -> list[Link]:
        kept = self._ledger.waiting(source, owner=self._owner, at=at, limit=MOST_LEFT) if self._ledger else []
        return [link for link in [*kept, *self._found.get(source, [])] if link.key not in self._given]

    async def attempts(self, key: str) -> int:
        return self._ledger.attempts(key) if self._ledger else 0

    async def waited(self, key: str) -> Waited | None:
        return self._ledger.waited(key) if self._ledger else None

    async def repeated(self, host: str) -> HostLines:
        return self._lines.of_host(host) if self._lines else NOTHING_REPEATED

    async def settle(self, outcome: Settled) -> None:
        """Forgotten at once."""

    async def store(self, judged: Judged, outcome: Settled) -> LinkState:  # noqa: ARG002
        return outcome.state

    async def revisits(self, source: str, *, at: datetime, limit: int) -> list[Revisit]:  # noqa: ARG002
        return []

    async def saw(self, seen: Seen) -> bool:
        """Never asked: a dry run looks at nothing again."""
        return not seen.gone

    async def unjudged(self) -> list[StoredArticle]:
        return []

    async def rejudge(self, article: StoredArticle, verdict: Verdict, *, at: datetime) -> None:
        """Never asked: a dry run has nothing unjudged."""

    def hurry(self) -> None:
        """Nothing is waited for."""

    async def close(self) -> None:
        """Nothing was leased."""

    def _unknown(self, links: Sequence[Link]) -> list[Link]:
        return self._ledger.unknown(links) if self._ledger else list({link.key: link for link in links}.values())
