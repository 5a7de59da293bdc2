"""`make proof-outage`: PostgreSQL crashes in the middle of a crawl and is away for a while; nothing may be lost.

python -m tests.bench.outage --seconds 20
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.conftest import plain
from tests.crash import publish
from tests.newsdesk import Desk
from tests.postgres import Cluster, binaries
from tests.web import Site

HOSTS = 5


@dataclass(frozen=True, kw_only=True)
class Outage:
    """What an outage of `seconds` did to one crawl of `links` links."""

    seconds: float
    links: int
    fetched_before: int  # pages, when the server went
    exit_code: int
    said: str
    lost: int  # links without a final state
    twice: int  # articles stored more than once
    refetched: int  # pages asked for more than once

    @property
    def good(self) -> bool:
        """Whether nothing was lost or done twice."""
        return not (self.exit_code or self.lost or self.twice or self.refetched)


def outage(folder: Path, programs: Path, *, seconds: float, links: int, delay: float) -> Outage:
    """Crawl once; after a third of the pages the server is killed as by a crash, and comes back `seconds` later."""
    desk = Desk(folder / "home")
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster(folder / "server", programs))
        sites = [stack.enter_context(Site(f"127.0.5.{n + 1}")) for n in range(HOSTS)]
        publish(sites, links)
        desk.configure(*sites, storage=cluster.url, delay=delay)
        desk.sources(**{f"host_{n}": f"{site.url}/feed.xml" for n, site in enumerate(sites)})
        command = [sys.executable, "-m", "jobs", "--home", str(desk.folder), "crawl", "--all"]
        crawl = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ})
        said: list[bytes] = []
        assert crawl.stderr is not None
        listening = threading.Thread(target=lambda: said.append(crawl.stderr.read() if crawl.stderr else b""))
        listening.start()
        while (before := sum(_fetched(sites).values())) < links // 3 and crawl.poll() is None:
            time.sleep(0.05)
        cluster.stop()
        time.sleep(seconds)
        cluster.start()
        code = crawl.wait(120)
        listening.join()
        crawl.stderr.close()
        fetched = _fetched(sites)
        with psycopg.connect(plain(cluster.url)) as connection:
            known, open_, stored, different = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE state IN ('discovered', 'leased', 'failed')), "
                "(SELECT count(*) FROM articles), (SELECT count(DISTINCT url) FROM articles) FROM links"
            ).fetchone() or (0, 0, 0, 0)
    return Outage(
        seconds=seconds,
        links=links,
        fetched_before=before,
        exit_code=code,
        said=b"".join(said).decode(errors="replace"),
        lost=open_ + links - known,
        twice=stored - different,
        refetched=sum(fetched.values()) - len(fetched),
    )


def _fetched(sites: list[Site]) -> Counter[str]:
    return Counter(site.url + path for site in sites for path in site.paths() if path.startswith("/story"))


def main() -> None:
    """Print what it did; exit 1 if something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--links", type=int, default=200)
    options = parser.parse_args()
    programs = binaries()
    if programs is None:
        raise SystemExit("needs the programs of a PostgreSQL server: initdb and pg_ctl")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        result = outage(Path(folder), programs, seconds=options.seconds, links=options.links, delay=0.2)
    print(result)
    if not result.good:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
