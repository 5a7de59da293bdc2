"""`spywire demo`: a newsroom on loopback, crawled with the production spiders, and the digest of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jobs.catalogue import read_sources
from jobs.crawl import CrawlJob, run_crawl
from jobs.demo.newsroom import Newsroom
from jobs.digest.preview import preview
from jobs.digest.render import Form, render
from jobs.home import locked
from jobs.settings import load_settings
from storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.report import CrawlReport, Tracker
    from jobs.digest.edition import Edition
    from jobs.home import Home

WINDOW = timedelta(days=2)
SETTINGS = """\
# The demo's settings: its newsroom listens on this machine, so loopback is allowed and nobody has to be waited for.
[fetch]
delay = 0
allow_networks = ["127.0.0.0/8"]
allow_ports = {ports}
"""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demo did, and where it lies."""

    report: CrawlReport
    edition: Edition
    html: Path
    database: str

    @property
    def new(self) -> int:
        """Links that were not known before."""
        return self.report.counts.get("links.new", 0)


def run_demo(home: Home, *, port: int, watch: Callable[[Tracker], None] | None) -> Demo:
    """Crawl the newsroom into a home of its own. The second time everything is known."""
    now = datetime.now(UTC)
    edition = 2 if (home.data / "spywire.db").exists() else 1
    with Newsroom(port=port, at=now, edition=edition) as newsroom:
        home.config.mkdir(parents=True, exist_ok=True)
        home.settings_file.write_text(SETTINGS.format(ports=list(newsroom.ports)), encoding="utf-8")
        home.sources_file.write_text(newsroom.sources(), encoding="utf-8")
        settings = load_settings(home, {}).settings
        with locked(home, "crawl"):
            report = run_crawl(CrawlJob(home=home, settings=settings, due_or_not=True, watch=watch)).report
    database = Database.open(settings.storage.url)
    until = report.ended + timedelta(seconds=1)
    shown = preview(database, settings, sources=read_sources(home.sources_file), since=until - WINDOW, until=until)
    database.close()
    html = home.data / "digest.html"
    html.write_text(render(shown, Form.HTML), encoding="utf-8")
    return Demo(report=report, edition=shown, html=html, database=settings.storage.url.removeprefix("sqlite:///"))
