"""A small installation whose archive a test fills by hand, and whose digests it sends at times of its choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crawler.actors import findings
from crawler.shingles import sketch
from jobs.digest.document import from_document
from jobs.digest.send import SendJob, send
from jobs.home import Home
from jobs.settings import load_settings
from jobs.stories.assign import assign_all
from storage.archive import Archive
from storage.database import Database
from storage.editions import Editions
from storage.polls import Polls
from storage.records import (
    Article,
    Decision,
    EditionKind,
    Judged,
    Link,
    LinkState,
    Poll,
    PollState,
    Settled,
    Verdict,
)
from storage.runs import Runs
from tests import empty

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jobs.digest.edition import Edition
    from jobs.digest.send import Posted

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEVEN = datetime(2026, 11, 21, 7, 0, 3, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCES = """\
[wire]
url = "https://wire.example/feed"
tags = ["agency"]

[blog]
url = "https://blog.example/feed"
excerpt = 80

[old-papers]
url = "file:///nowhere/*.warc.gz"
kind = "archive"
"""
EVENTS = (
    ("the foreign ministry of Norway", "draft treaties, travel plans and the notes of two ambassadors", "Tromsø"),
    ("the carrier Northline", "the records of a million calls and the places of telephones", "Gdynia"),
    ("the Belling shipyard", "drawings of a ship's radar and sonar measurements", "Nagasaki"),
    ("a laboratory for vaccines", "formulas, letters to regulators and results of trials", "Porto Alegre"),
    ("the electricity grid of Estonia", "maps of substations and passwords of engineers", "Narva"),
    ("a newspaper in exile", "interviews with deserters and lists of informants", "Tbilisi"),
    ("the space agency of India", "orbits of satellites and keys of ground stations", "Bengaluru"),
    ("the central bank of Peru", "plans for the currency and minutes of its board", "Arequipa"),
)


def text_of(number: int, actor: str) -> str:
    """A report of one of eight events that have nothing in common."""
    victim, loot, place = EVENTS[(number - 1) % len(EVENTS)]
    return f"The group {actor} breached {victim}, officials said in {place}. The hackers copied {loot}."


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """An installation with one database, at times that are given."""

    home: Home
    database: Database

    def configure(self, text: str) -> None:
        """Other settings from now on."""
        self.home.settings_file.write_text(text, encoding="utf-8")

    def report(
        self,
        number: int,
        *,
        at: datetime,
        source: str = "wire",
        decision: Decision = Decision.FLAG,
        score: float = 0.95,
        actor: str = "APT29",
        text: str = "",
        language: str = "en",
        published: datetime | None = None,
        crawling: bool = False,
    ) -> None:
        """An article that was found, read and judged at that time. The same text is another report of one event.

        One that `look` found before is read now. With `crawling` its crawl is still under way, and has put nothing into
        stories.
        """
        run = Runs(self.database).start("crawl", version="1", at=at)
        key = f"https://{source}.example/{number}"
        body, title = text or text_of(number, actor), f"Report {number} about {actor}"
        link = Link(key=key, url=key, source=source, title=title)
        poll = Poll(source=source, url=f"https://{source}.example/", at=at, state=PollState.OK, links=(link,))
        Polls(self.database).record(poll, run=run)
        article = Article(
            url=key, title=title, text=body, outlet=source.title(), language=language, published=published
        )
        verdict = Verdict(
            decision=decision, score=score, threshold=0.6, reject_below=0.1, model="m-1", why=f"{actor} hackers"
        )
        named = findings(title=title, text=body, language="en")
        judged = Judged(key=key, article=article, verdict=verdict, findings=named, sketch=sketch(body))
        outcome = Settled(key=key, state=LinkState.DISCOVERED, reason="", at=at, http_status=200)
        Archive(self.database).add(judged, outcome, run=run)
        if crawling:
            return
        assign_all(self.database, houses={}, at=at)
        Runs(self.database).end(run, at=at, exit_code=0, counts={})

    def look(self, source: str, *, at: datetime, state: PollState = PollState.OK, found: Iterable[int] = ()) -> None:
        """A look at a source, which found the links of these reports and read none of them."""
        run = Runs(self.database).start("crawl", version="1", at=at)
        keys = [f"https://{source}.example/{number}" for number in found]
        links = tuple(Link(key=key, url=key, source=source) for key in keys)
        poll = Poll(source=source, url=f"https://{source}.example/", at=at, state=state, links=links)
        Polls(self.database).record(poll, run=run)
        Runs(self.database).end(run, at=at, exit_code=0, counts={})

    def send(self, at: datetime, *, only: tuple[str, ...] = (), now: bool = False) -> Posted:
        """`spywire digest send` at that time."""
        settings = load_settings(self.home, {}).settings
        return send(SendJob(home=self.home, settings=settings, at=at, only=only, now=now))

    def editions(self, profile: str = "daily", kind: EditionKind = EditionKind.DIGEST) -> list[Edition]:
        """What a profile was made, the oldest first."""
        listed = Editions(self.database).listed(profile, kind=kind)
        return [from_document(stored.body) for stored in reversed(listed)]


def newsroom(folder: Path, settings: str = "", *, sources: str = SOURCES) -> Newsroom:
    """A new installation that ran for the first time at `BEGAN`."""
    folder.mkdir(parents=True, exist_ok=True)
    home = Home(config=folder, data=folder, state=folder)
    home.sources_file.write_text(sources, encoding="utf-8")
    (folder / "spywire.db").write_bytes(empty.file())
    database = Database.open(home.database_url)
    Runs(database).start("init", version="1", at=BEGAN)
    room = Newsroom(home=home, database=database)
    room.configure(settings)
    return room
