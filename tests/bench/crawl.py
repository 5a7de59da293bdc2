"""`make bench`: a whole crawl against stock trafilatura from memory, and against the script one would write.

Pages are served on loopback by a process of their own. With the corpora named in SPYWIRE_SHARED they are real news
pages; without, they are the demo newsroom's, repeated.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import Cost, measure
from tests.bench.server import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARED = Path(os.environ.get("SPYWIRE_SHARED", Path(__file__).parents[3] / "shared")) / "data"
CORES = os.cpu_count() or 1

ALONE = """
import sys, time, trafilatura
from pathlib import Path
pages = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.html"))]
start = time.process_time()
for page in pages:
    trafilatura.bare_extraction(page, with_metadata=True)
print(time.process_time() - start)
"""
NAIVE = """
import sys, feedparser, requests, trafilatura
texts = 0
for feed in sys.argv[1:]:
    for entry in feedparser.parse(requests.get(feed, timeout=30).content).entries:
        page = requests.get(entry.link, timeout=30)
        texts += trafilatura.bare_extraction(page.text, url=entry.link, with_metadata=True) is not None
print(texts)
"""


@dataclass(frozen=True)
class Measured:
    """One program over all pages, and what it took."""

    name: str
    articles: int
    cost: Cost

    def row(self, alone: float) -> str:
        """A line of the table; `alone` is articles/s."""
        rate = self.articles / self.cost.wall
        return (
            f"{self.name:<36}{self.articles:>9}{rate:>9.1f}{rate / alone:>9.2f}{self.cost.cpu:>8.1f}"
            f"{1000 * self.cost.cpu / self.articles:>9.1f}{self.cost.peak_mb:>8.0f}"
        )


def main() -> None:
    """Measure all three in one run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=400, help="how many pages to serve")
    parser.add_argument("--sources", type=int, default=20, help="over how many hosts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        kind = write_pages(site, options.pages)
        with serve(site, hosts=options.sources) as feeds:
            rows = [_alone(site, options.pages), _spywire(Path(folder), feeds), _naive(feeds)]
    rate = rows[0].articles / rows[0].cost.wall
    print(f"{options.pages} pages ({kind}) on {options.sources} hosts, {CORES} cores")
    print(f"{'':<36}{'articles':>9}{'art./s':>9}{'share':>9}{'CPU s':>8}{'ms/art.':>9}{'MB':>8}")
    for row in rows:
        print(row.row(rate))


def write_pages(folder: Path, count: int) -> str:
    """Put `count` pages into the folder; says what they are."""
    folder.mkdir()
    pages = _real_pages() or _demo_pages()
    for number in range(count):
        html = pages[number % len(pages)]
        copy = number // len(pages)  # a copy differs in one word, so that it is no duplicate
        if copy:
            html = re.sub(rb"<p>", b"<p>Copy %d of this text. " % copy, html, count=1)
            html = re.sub(rb'<link[^>]+rel="?canonical[^>]*>', b"", html)
        (folder / f"{number:05}.html").write_bytes(html)
    return "real news pages" if _real_pages() else "the demo newsroom's"


def _real_pages() -> list[bytes]:
    paths = [
        path for corpus in ("fundus-a", "aeb") for path in sorted((SHARED / "pages" / corpus / "pages").glob("*.gz"))
    ]
    return [gzip.decompress(path.read_bytes()) for path in paths]


def _demo_pages() -> list[bytes]:
    from datetime import UTC, datetime

    from jobs.demo.newsroom import Newsroom
    from tests.bench.server import fetch

    with Newsroom(port=0, at=datetime.now(UTC)) as newsroom:
        return [page for url in sorted(newsroom.expectations()) if (page := fetch(url))]


def _alone(site: Path, count: int) -> Measured:
    cost = measure([sys.executable, "-c", ALONE, str(site)])
    seconds = float(cost.out)  # of the extraction alone, without imports and reading
    return Measured(f"trafilatura from memory x {CORES} cores", count, replace(cost, wall=seconds / CORES, cpu=seconds))


def _spywire(folder: Path, feeds: Sequence[str]) -> Measured:
    home = folder / "home"
    home.mkdir()
    port = feeds[0].split(":")[2].split("/")[0]
    (home / "spywire.toml").write_text(
        f'[fetch]\ndelay = 0\nallow_networks = ["127.0.0.0/8"]\nallow_ports = [{port}]\n', encoding="utf-8"
    )
    (home / "sources.toml").write_text(
        "".join(f'[s{number}]\nurl = "{feed}"\n' for number, feed in enumerate(feeds)), encoding="utf-8"
    )
    cost = measure([sys.executable, "-m", "jobs", "--home", str(home), "crawl", "--json"])
    if cost.code:
        raise SystemExit(cost.err)
    counts = json.loads(cost.out)["counts"]
    articles = sum(counts.get(f"pages.{state}", 0) for state in ("flagged", "held", "rejected", "duplicate"))
    return Measured("spywire crawl", articles, cost)


def _naive(feeds: Sequence[str]) -> Measured:
    cost = measure([sys.executable, "-c", NAIVE, *feeds])
    return Measured("feedparser + requests + trafilatura", int(cost.out), cost)


if __name__ == "__main__":
    main()
