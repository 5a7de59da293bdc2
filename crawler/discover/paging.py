"""Whether a section page is followed to the next one: pure decisions, `crawler.spiders.reader` does it.

A look takes the first page. The next ones hold what is older, and are worth their requests only where that may be news:
on the first look at a source, and after a gap, when everything on a page is newer than what the last look saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.discover.kinds import Found

MOST_PAGES = 5  # of a section in one look, the first among them


class Turn(StrEnum):
    """What becomes of the link to the next page."""

    LEFT = "left"  # there is none, it was read in this look, or nothing new is behind it
    FOLLOWED = "followed"
    CUT = "cut"  # there may be news behind it, and it is too far away


@dataclass(frozen=True, kw_only=True)
class Leafed:
    """The pages of one look so far."""

    first: bool  # no earlier look has read the source
    pages: frozenset[str] = frozenset()  # their URLs, before and after redirects
    read: int = 0
    links: frozenset[str] = frozenset()  # the keys of what they offer
    fresh: bool = False  # the last one brought news, and nothing that an earlier look had seen if there was one

    def after(self, found: Found, *urls: str, new: int) -> Leafed:
        """With one page more, `new` of whose links nobody knew. What pages have in common is the first one's."""
        own = {link.key for link in found.links} - self.links
        return Leafed(
            first=self.first,
            pages=self.pages.union(urls),
            read=self.read + 1,
            links=self.links | own,
            fresh=new > 0 and (self.first or new >= len(own)),
        )


def turn(leafed: Leafed, upcoming: str | None) -> Turn:
    """Whether `upcoming`, which the last page read calls the next one, is asked for. Never goes in a circle."""
    if upcoming is None or upcoming in leafed.pages or not leafed.fresh:
        return Turn.LEFT
    return Turn.CUT if leafed.read >= MOST_PAGES else Turn.FOLLOWED
