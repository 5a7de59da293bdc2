"""What is known of a source's habits, and of how its articles came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from storage.records.articles import DateSource
    from storage.records.links import LinkState


@dataclass(frozen=True, kw_only=True)
class Discoveries:
    """When a source had something new, back to `since`. What its first look found was there before, and is left out."""

    since: datetime
    spells: tuple[tuple[datetime, datetime], ...]  # the first and the last time in each hour that had any, in order


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one link of a source came out."""

    at: datetime  # when it was discovered
    state: LinkState
    size: int | None = None  # characters of its article's text; None without one, or when its text is gone
    date_source: DateSource | None = None
    dropped_lines: int = 0
    headed: bool = False  # its text repeats its title


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The latest links of a source that came to an end, and those before them, each in order."""

    recent: tuple[Outcome, ...]
    earlier: tuple[Outcome, ...]
