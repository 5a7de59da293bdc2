"""Which stories cannot wait for the next digest: decided from values, by the clock of the profile's zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobs.settings.teams import quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from jobs.settings import Profile


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A flagged story of which the readers were not told: its name, its best score, its independent reports."""

    story: str
    score: float | None
    origins: int
    first_seen: datetime


def alerts(
    candidates: Iterable[Candidate], profile: Profile, *, sent: Sequence[datetime], at: datetime
) -> tuple[Candidate, ...]:
    """Those to be sent now, best first. `sent` says when earlier alerts went out.

    In quiet hours none is: whatever still cannot wait when they end is sent then. What the day's cap leaves over, the
    digest tells.
    """
    if not profile.alert_score or _in_quiet_hours(profile, at):
        return ()
    zone = ZoneInfo(profile.zone)
    today = at.astimezone(zone).date()
    room = profile.alert_cap - sum(moment.astimezone(zone).date() == today for moment in sent)
    urgent = (one for one in candidates if _urgent(one, profile))
    return tuple(sorted(urgent, key=_rank)[: max(room, 0)])


def _urgent(one: Candidate, profile: Profile) -> bool:
    return one.score is not None and one.score >= profile.alert_score and one.origins >= profile.alert_origins


def _rank(one: Candidate) -> tuple[float, int, float, str]:
    return -(one.score or 0.0), -one.origins, one.first_seen.timestamp(), one.story


def _in_quiet_hours(profile: Profile, at: datetime) -> bool:
    hours = quiet(profile.quiet_hours)
    if hours is None:
        return False
    start, end = hours
    now = at.astimezone(ZoneInfo(profile.zone)).time()
    return start <= now < end if start < end else now >= start or now < end
