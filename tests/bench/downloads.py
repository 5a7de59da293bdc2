"""`make bench-downloads`: CPU for each page that is only downloaded, with the crawl's own Scrapy settings.

Two runs of different length: the difference is the cost of pages, without start-up. Pages go through guard, robots.txt,
parking, delay and unpacking, and are dropped at the spider.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

from crawler.hosts import HostMemory
from tests.bench.crawl import write_pages
from tests.bench.measure import measure
from tests.bench.server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOSTS = 20


class Downloads(Spider):
    """Asks for pages and looks at none."""

    name = "downloads"

    def __init__(self, *, urls: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.urls, self.hosts = urls, HostMemory()

    async def start(self) -> AsyncIterator[Request]:
        for url in self.urls:
            yield Request(url, dont_filter=True)

    def parse(self, response: object) -> None:
        """Nothing."""


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1200)
    pages = parser.parse_args().pages
    with tempfile.TemporaryDirectory() as folder:
        kind = write_pages(Path(folder) / "site", pages)
        with serve(Path(folder) / "site", hosts=HOSTS) as feeds:
            few, many = (_cost(feeds, pages=count) for count in (pages // 6, pages))
    each = 1000 * (many - few) / (pages - pages // 6)
    print(f"{pages} pages ({kind}), gzipped, {HOSTS} hosts: {each:.2f} ms CPU a page, start-up apart")


def _cost(feeds: list[str], *, pages: int) -> float:
    cost = measure([sys.executable, "-m", "tests.bench.downloads", "run", str(pages), *feeds])
    if cost.code:
        raise SystemExit(cost.err)
    return cost.cpu


def _run(pages: int, feeds: list[str]) -> None:
    from ipaddress import ip_network

    from crawler.run import Manners, _run

    port = int(feeds[0].split(":")[2].split("/")[0])
    manners = Manners(
        user_agent="spywire-bench",
        delay=0,
        timeout=30,
        concurrency=32,
        max_bytes=16 * 1024 * 1024,
        pages_per_source=pages,
        allow_networks=(ip_network("127.0.0.0/8"),),
        allow_ports=(port,),
    )
    roots = [feed.removesuffix("/feed.xml") for feed in feeds]
    urls = [f"{roots[number % HOSTS]}/{number:05}.html" for number in range(pages)]
    crawler, _ = _run(Downloads, manners, {"ITEM_PIPELINES": {}}, urls=urls)
    got = crawler.stats.get_value("downloader/response_status_count/200") if crawler.stats else 0
    if got != pages:
        raise SystemExit(f"{got} of {pages} pages came")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        _run(int(sys.argv[2]), sys.argv[3:])
    else:
        main()
