"""`make proof-kill`: kill -9 at random moments of a crawl; nothing may be lost and nothing stored twice.

`--database postgresql+psycopg://...` names an empty database to do it on; without it, it is SQLite.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.crash import torment


def main() -> None:
    """Print the toll; exit 1 if it is more than what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--links", type=int, default=2000)
    parser.add_argument("--database", default="", help="URL of an empty PostgreSQL database")
    parser.add_argument("--longest", type=float, default=3.0, help="seconds from a start to its kill")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        toll = torment(
            Path(folder) / "home",
            kills=options.kills,
            links=options.links,
            seed=options.seed,
            storage=options.database,
            longest=options.longest,
        )
    print(toll)
    if toll.lost or toll.twice or toll.repeated or toll.integrity != "ok":
        raise SystemExit(1)


if __name__ == "__main__":
    main()
