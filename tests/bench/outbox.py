"""`make proof-outbox`: kill -9 at random moments of `digest send`; every recipient gets one mail, or a known pair."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.jobs.delivery.crash import torment


def main() -> None:
    """Print the toll; exit 1 if it is more than what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peace", action="store_true", help="a send in peace after each kill, not kill upon kill")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        toll = torment(Path(folder) / "home", kills=options.kills, seed=options.seed, peace=options.peace)
    print(toll)
    if not toll.clean:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
