"""What is wrong with a source for longer than a blip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class AlarmKind(StrEnum):
    """What is wrong."""

    FAILING = "failing"  # it has not answered for several looks in a row
    SILENT = "silent"  # it answers, and has had nothing new for longer than its rhythm allows
    DEGRADED = "degraded"  # its articles come out otherwise than they used to


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm about one source, open until `ended_at`."""

    source: str
    kind: AlarmKind
    since: datetime
    ended_at: datetime | None
    detail: str
