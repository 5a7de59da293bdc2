"""Every zone of tzdata through two years: one digest on each local day, windows without gap or overlap.

`python -m tests.bench.zones [YEAR]`, or `make proof-zones`. A zone that leaves out a day, or whose clocks change at the
hour of the digest, is among them; Samoa's December 2011 is looked at besides.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta
from time import monotonic
from zoneinfo import ZoneInfo, available_timezones

from tests.jobs.sender import check_zone

HOURS = (time(0, 0), time(2, 30), time(7, 0), time(23, 30))
LENGTH = timedelta(days=730)


def main(year: int) -> None:
    """Look at every zone; the first that breaks a promise ends it."""
    started, editions, zones = monotonic(), 0, sorted(available_timezones())
    for name in zones:
        editions += sum(check_zone(ZoneInfo(name), at, datetime(year, 1, 1, tzinfo=UTC), LENGTH) for at in HOURS)
    for name in ("Pacific/Apia", "Pacific/Fakaofo"):
        editions += sum(check_zone(ZoneInfo(name), at, datetime(2011, 1, 1, tzinfo=UTC), LENGTH) for at in HOURS)
    print(
        f"{len(zones)} zones, two years from {year}, {len(HOURS)} hours: {editions:,} digests, one on each local day, "
        f"no gap and no overlap ({monotonic() - started:.0f} s)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2026)
