"""`make soak`: the daemon crawls the demo newsroom again and again; its memory and its descriptors stay as they are.

By default an hour of crawls a minute apart, pressed into five minutes: a tick every second, sources due every few
seconds. `--minutes 60 --every 60` plays it in full.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from jobs.demo.newsroom import Newsroom
from storage.database import Database
from storage.runs import Runs

MOST = 1024  # KiB of growth after the warm-up
WARM_UP = 0.4  # of the time: the first hundred looks fill caches


def main() -> None:
    """Print the figures; exit 1 if memory or descriptors grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--every", type=int, default=4, help="seconds between two looks at a source")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Newsroom(port=8900, at=datetime.now(UTC), edition=1) as newsroom:
            _configure(home, newsroom, every=options.every)
            samples = _sampled(home, seconds=options.minutes * 60)
        with closing(Database.open(f"sqlite:///{home / 'spywire.db'}")) as database:
            crawls = [run for run in Runs(database).recent(limit=100_000, job="crawl") if run.exit_code in {0, 1}]
    warm = samples[int(len(samples) * WARM_UP) :]
    growth, descriptors = warm[-1][0] - warm[0][0], (min(s[1] for s in warm), max(s[1] for s in warm))
    peak = max(size for size, _ in warm)
    result = {
        "crawls": len(crawls),
        "minutes": options.minutes,
        "rss_kib_after_warm_up": warm[0][0],
        "rss_kib_at_the_end": warm[-1][0],
        "rss_kib_peak": peak,
        "growth_kib": growth,
        "descriptors": descriptors,
    }
    print(json.dumps(result))
    if growth > MOST or descriptors[1] - descriptors[0] > 3 or not crawls:  # a look has a few files open
        raise SystemExit(1)


def _configure(home: Path, newsroom: Newsroom, *, every: int) -> None:
    ports = list(newsroom.ports)
    (home / "spywire.toml").write_text(
        f'[fetch]\ndelay = 0\nallow_networks = ["127.0.0.0/8"]\nallow_ports = {ports}\n[schedule]\ntick = 1\n'
    )
    sources = newsroom.sources().splitlines()
    lines = [line for text in sources for line in ([text, f'every = "{every}s"'] if text.startswith("url") else [text])]
    (home / "sources.toml").write_text("\n".join(lines) + "\n")


def _sampled(home: Path, *, seconds: float) -> list[tuple[int, int]]:
    """Resident memory (KiB) and open files of the daemon, every second."""
    daemon = subprocess.Popen([sys.executable, "-m", "jobs", "--home", str(home), "schedule"])
    until, samples = time.monotonic() + seconds, []
    try:
        while time.monotonic() < until and daemon.poll() is None:
            time.sleep(1)
            samples.append(_sample(daemon.pid))
    finally:
        daemon.terminate()
        daemon.wait(60)
    return samples


def _sample(process: int) -> tuple[int, int]:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(resident.split()[1]), sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


if __name__ == "__main__":
    main()
