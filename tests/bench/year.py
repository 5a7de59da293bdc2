"""`make proof-year`: a simulated year of the scheduler, every job exactly as often as it is due."""

from __future__ import annotations

import tempfile
import time
from collections import Counter

from storage.database import Database
from tests.years import BEGAN, Year, check


def main() -> None:
    """Print what was done; an assertion fails if any of it was too much or too little."""
    with tempfile.TemporaryDirectory() as folder:
        database, started = Database.open(f"sqlite:///{folder}/spywire.db"), time.process_time()
        year = Year(database)
        year.live()
        check(year, BEGAN)
        database.close()
    counts = Counter(str(job) for job, _ in year.done)
    print(f"{dict(sorted(counts.items()))}: none lost, none twice; {time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
