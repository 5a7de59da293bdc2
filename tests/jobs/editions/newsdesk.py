"""A week of an invented press in a real archive, and a sender that is called every morning but one.

The articles lie in `week.toml` and are judged by the packaged model. Time is given; nothing is fetched.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.assess import assessed, load_model
from crawler.classify.model import PACKAGED
from jobs.digest.document import from_document
from jobs.digest.render import Form, render
from jobs.digest.send import SendJob, send
from jobs.home import Home
from jobs.settings import load_settings
from jobs.stories.assign import assign_all
from storage.alarms import Alarms
from storage.archive import Archive
from storage.database import Database
from storage.ledger import Ledger
from storage.polls import Polls
from storage.records import (
    Alarm,
    AlarmKind,
    Article,
    DateSource,
    Link,
    LinkState,
    Poll,
    PollState,
    Seen,
    Settled,
)
from storage.revisions import Revisions
from storage.runs import Runs

if TYPE_CHECKING:
    from crawler.classify.model import Model
    from crawler.errors import ModelError
    from jobs.digest.send import Posted
    from storage.records import StoredEdition

HERE = Path(__file__).parent
GOLD = HERE / "gold"
OUTLETS = {
    "tidewater-times": "Tidewater Times",
    "harbour-ledger": "Harbour Ledger",
    "signal-desk": "Signal Desk",
    "meridian-dispatch": "Meridian Dispatch",
    "kastell-bote": "Kastell-Bote",
}
BEGAN = datetime(2026, 11, 15, 18, 30, tzinfo=UTC)
LOOKS = (timedelta(hours=19), timedelta(hours=20), timedelta(days=1, hours=5))  # of a day; the last is next morning's
DARK = (datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 21, 12, tzinfo=UTC))  # only one source answers
ASLEEP = 19  # of November: the sender is not called
MORNINGS = tuple(datetime(2026, 11, day, 6, 0, 7, tzinfo=UTC) for day in range(16, 24) if day != ASLEEP)
SETTINGS = """
[profile.cert]
title = "Corland CERT: espionage"
at = "07:00"
zone = "Europe/Vienna"
tlp = "GREEN"
channels = ["shelf"]
check = 2
excerpt = 420

[channel.shelf]
kind = "folder"
form = "text"
path = "shelf"
"""


@dataclass(frozen=True, kw_only=True)
class Newsdesk:
    """An installation of which a test decides what time it is."""

    home: Home
    database: Database
    url: str

    def week(self) -> list[Posted]:
        """Everything from Sunday night to Monday morning a week later."""
        posted = []
        for morning in MORNINGS:
            self.until(morning)
            posted.append(self.send(morning))
        return posted

    def until(self, at: datetime) -> None:
        """Whatever was not done yet and happened before then."""
        done = Runs(self.database).recent(limit=1, job="crawl")
        after = done[0].started_at if done else BEGAN - timedelta(seconds=1)
        days = (BEGAN.replace(hour=0, minute=0) + timedelta(days=day) for day in range(9))
        for look in sorted({day + hour for day in days for hour in LOOKS}):
            if after < look < at:
                self._crawl(look)

    def send(self, at: datetime) -> Posted:
        """What `spywire digest send` does at that time."""
        settings = load_settings(self.home, {"SPYWIRE_STORAGE__URL": self.url}).settings
        return send(SendJob(home=self.home, settings=settings, at=at))

    def _crawl(self, at: datetime) -> None:
        runs = Runs(self.database)
        run = runs.start("crawl", version="1", at=at)
        found = [one for one in _week() if at - timedelta(hours=12) < one["at"] <= at and not self._known(one)]
        for source in OUTLETS:
            if DARK[0] < at < DARK[1] and source != "harbour-ledger":
                self._poll(source, (), PollState.UNREACHABLE, "connection refused", run=run, at=at)
                continue
            mine = [one for one in found if one["source"] == source]
            self._poll(source, mine, PollState.OK if mine else PollState.UNCHANGED, "", run=run, at=at)
            for one in mine:
                self._store(one, run=run, at=at)
        self._edits(at)
        assign_all(self.database, houses={}, at=at)
        runs.end(run, at=at + timedelta(minutes=2), exit_code=0, counts={})

    def _known(self, one: dict[str, Any]) -> bool:
        return Ledger(self.database).history(_address(one)) is not None

    def _poll(self, source: str, some: Any, state: PollState, detail: str, *, run: int, at: datetime) -> None:
        links = tuple(Link(key=_address(one), url=_address(one), source=source, title=one["title"]) for one in some)
        url = f"https://{source}.example/feed"
        Polls(self.database).record(
            Poll(source=source, url=url, at=at, state=state, detail=detail, links=links), run=run
        )

    def _store(self, one: dict[str, Any], *, run: int, at: datetime) -> None:
        article = Article(
            url=_address(one),
            title=one["title"],
            text=one["text"].strip(),
            outlet=OUTLETS[one["source"]],
            language=one.get("language", "en"),
            published=one.get("published", one["at"] - timedelta(minutes=40)),
            date_source=DateSource.FEED,
        )
        judged = assessed(article, _model()).judged
        assert judged is not None
        became = Settled(
            key=judged.article.url, state=LinkState.DISCOVERED, reason="", at=at + timedelta(minutes=1), http_status=200
        )
        Archive(self.database).add(judged, became, run=run)

    def _edits(self, at: datetime) -> None:
        """On Saturday night the report about the editors' phones is taken off the web; from Sunday one is silent."""
        if at in {datetime(2026, 11, 21, 19, tzinfo=UTC), datetime(2026, 11, 21, 20, tzinfo=UTC)}:
            spyware = next(one for one in _week() if one["title"].startswith("Spyware"))
            history = self._history(spyware)
            Revisions(self.database).note(Seen(article_id=history, at=at + timedelta(minutes=1), gone=True))
        if at == datetime(2026, 11, 22, 19, tzinfo=UTC):
            words = "nothing new for 6 days, where 2 are usual"
            silent = Alarm(source="kastell-bote", kind=AlarmKind.SILENT, since=at, ended_at=None, detail=words)
            Alarms(self.database).keep([silent], at=at)

    def _history(self, one: dict[str, Any]) -> int:
        history = Ledger(self.database).history(_address(one))
        assert history is not None
        assert history.stored is not None
        return history.stored.id


def opened(folder: Path, url: str) -> Newsdesk:
    """A new installation in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spywire.toml").write_text(SETTINGS, encoding="utf-8")
    tables = (f'[{name}]\nurl = "https://{name}.example/feed"\n' for name in OUTLETS)
    (folder / "sources.toml").write_text("\n".join(tables), encoding="utf-8")
    home = Home(config=folder, data=folder, state=folder)
    return Newsdesk(home=home, database=Database.open(url), url=url)


@cache
def _week() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((HERE / "week.toml").read_text(encoding="utf-8"))["article"]
    return found


@cache
def _model() -> Model | ModelError:
    return load_model(PACKAGED)


def _address(one: dict[str, Any]) -> str:
    words = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in one["title"].lower())
    return f"https://{one['source']}.example/{words[:50].strip('-')}"


def printed(stored: StoredEdition) -> str:
    """An edition as text."""
    return render(from_document(stored.body), Form.TEXT)
