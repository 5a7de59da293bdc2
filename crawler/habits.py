"""What hosts repeat on their articles, as the database knew it a few pages ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.records import NOTHING_REPEATED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storage.records import HostLines

FRESH = 2  # pages of a host that one look serves, as long as the host is new
SETTLED = 4  # afterwards, one page in as many as a quarter of the articles that taught it


class Habits:
    """Looks up what a host repeats: often while there is much to learn, then ever more seldom."""

    def __init__(self, look_up: Callable[[str], Awaitable[HostLines]]) -> None:
        self._look_up = look_up
        self._known: dict[str, tuple[HostLines, int]] = {}

    async def of(self, host: str) -> HostLines:
        """The lines that the host repeats."""
        if not host:
            return NOTHING_REPEATED
        known, left = self._known.get(host, (NOTHING_REPEATED, 0))
        if not left:
            known = await self._look_up(host)
            left = max(FRESH, known.articles // SETTLED)
        self._known[host] = known, left - 1
        return known
