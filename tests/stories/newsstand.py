"""Puts made-up reports into a real archive and groups them as a run would."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from crawler.actors import findings
from crawler.extract.dateline import dateline_of
from crawler.shingles import sketch
from jobs.stories.assign import assign_all
from storage.archive import Archive
from storage.polls import Polls
from storage.records import Article, Decision, Judged, Link, LinkState, Poll, PollState, Settled, Verdict
from storage.runs import Runs
from storage.stories import Stories

if TYPE_CHECKING:
    from storage.database import Database
    from storage.records import StoredStory

HERE = Path(__file__).parent
START = datetime(2026, 11, 2, 6, tzinfo=UTC)
HALVES = ("half_one", "half_two")


@dataclass(frozen=True, kw_only=True)
class Telling:
    """One report of one event."""

    event: str
    language: str
    outlet: str
    at: datetime
    title: str
    text: str


def tellings(*halves: str) -> list[Telling]:
    """All reports, events spread over two weeks so that look-alikes meet."""
    told = []
    for half in halves or HALVES:
        for number, event in enumerate(tomllib.loads((HERE / f"{half}.toml").read_text(encoding="utf-8"))["event"]):
            begun = START + timedelta(hours=11 * number)
            texts: list[str] = []
            for language, outlet, days, title, text in event["articles"]:
                whole = text
                if text.startswith("="):
                    copied, more = text[1:].split(" ", 1)
                    whole = f"{texts[int(copied)]} {more}"
                texts.append(whole)
                at = begun + timedelta(days=days, minutes=17 * len(texts))
                told.append(
                    Telling(event=event["id"], language=language, outlet=outlet, at=at, title=title, text=whole)
                )
    return told


def group(database: Database, told: list[Telling], *, runs: int, seed: int = 0) -> list[StoredStory]:
    """Store the reports run by run, each run's in a random order, and group them at its end."""
    ordered, random = sorted(told, key=lambda telling: telling.at), Random(seed)
    size = -(-len(ordered) // runs)
    for start in range(0, len(ordered), size):
        some = ordered[start : start + size]
        random.shuffle(some)
        run = Runs(database).start("crawl", version="1", at=some[0].at)
        for telling in some:
            _store(database, telling, run=run)
        assign_all(database, houses={}, at=max(telling.at for telling in some))
    return Stories(database).open(since=START - timedelta(days=1))


def b_cubed(stories: list[StoredStory], told: list[Telling]) -> tuple[float, float]:
    """Precision and recall by article (Bagga and Baldwin 1998)."""
    event = {_url(telling): telling.event for telling in told}
    sizes: dict[str, int] = {}
    for name in event.values():
        sizes[name] = sizes.get(name, 0) + 1
    precision = recall = 0.0
    for story in stories:
        names = [event[stored.article.url] for stored in story.articles]
        for name in names:
            precision += names.count(name) / len(names)
            recall += names.count(name) / sizes[name]
    return precision / len(told), recall / len(told)


def _url(telling: Telling) -> str:
    slug = "".join(sign if sign.isalnum() else "-" for sign in f"{telling.outlet}-{telling.title}")
    return f"https://news.example/{slug}"


def _store(database: Database, telling: Telling, *, run: int) -> None:
    url, source = _url(telling), telling.outlet.casefold().replace(" ", "-")
    link = Link(key=url, url=url, source=source, title=telling.title)
    poll = Poll(source=source, url="https://news.example/", at=telling.at, state=PollState.OK, links=(link,))
    Polls(database).record(poll, run=run)
    article = Article(
        url=url,
        title=telling.title,
        text=telling.text,
        outlet=telling.outlet,
        language=telling.language,
        published=telling.at,
        dateline=dateline_of(telling.text, at=telling.at),
    )
    judged = Judged(
        key=url,
        article=article,
        verdict=Verdict(decision=Decision.FLAG, score=0.9, threshold=0.6, reject_below=0.1, model="m", why="spies"),
        findings=findings(title=telling.title, text=telling.text, language=telling.language),
        sketch=sketch(telling.text),
    )
    outcome = Settled(key=url, state=LinkState.FLAGGED, reason="spies", at=telling.at, http_status=200)
    Archive(database).add(judged, outcome, run=run)
