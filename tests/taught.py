"""An archive to teach from: articles of the golden set, judged by the packaged model, without a crawl."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.assess import judge
from crawler.classify.golden import golden
from crawler.classify.model import load
from crawler.urls import url_key
from jobs.home import Home
from jobs.settings import Settings
from jobs.teaching.judges import judges
from jobs.teaching.labelfiles import Row
from jobs.teaching.transfer import import_rows
from jobs.training import Lessons, run_teaching
from storage.archive import STATE, Archive
from storage.database import Database
from storage.polls import Polls
from storage.records import Article, Judged, Link, Poll, PollState, Settled, Word
from storage.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.classify.corpus import Document
    from tests.newsdesk import Desk

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def url_of(document: Document) -> str:
    """Where a golden article is said to stand."""
    return f"https://example.org/{document.id}"


def documents(*, language: str = "en") -> list[Document]:
    """The golden articles of a language."""
    return [document for document in golden() if document.language == language]


def fill(desk: Desk, articles: Sequence[Document], *, at: datetime | None = None) -> None:
    """Put articles into a desk's archive as a crawl would have."""
    at = at or datetime.now(UTC)
    desk.folder.mkdir(exist_ok=True)
    database, model = opened(desk), load()
    run = Runs(database).start("crawl", version="0", at=at)
    links = tuple(
        Link(key=url_key(url_of(each)), url=url_of(each), source="wire", title=each.title) for each in articles
    )
    Polls(database).record(
        Poll(source="wire", url="https://example.org/feed", at=at, state=PollState.OK, links=links), run=run
    )
    for each, link in zip(articles, links, strict=True):
        article = Article(url=link.url, title=each.title, text=each.text, outlet="Wire", language=each.language)
        verdict = judge(article, model)
        outcome = Settled(key=link.key, state=STATE[verdict.decision], reason=verdict.why, at=at, http_status=200)
        Archive(database).add(Judged(key=link.key, article=article, verdict=verdict), outcome, run=run)
    database.close()


def opened(desk: Desk) -> Database:
    """The desk's database."""
    return Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")


def home(desk: Desk) -> Home:
    """The desk's folders."""
    return Home(config=desk.folder, data=desk.folder, state=desk.folder)


def label(desk: Desk, **labels: Sequence[Document]) -> None:
    """Give labels as an import does: `flag=`, `reject=`, `none=`."""
    database = opened(desk)
    model = judges(Settings(), home(desk), database).model
    rows = [Row(place="", subject=url_of(each), word=Word(word)) for word, some in labels.items() for each in some]
    transfer = import_rows(database, rows, by="Ada", model=model, now=datetime.now(UTC), write=True)
    database.close()
    assert not transfer.unusable


def taught(desk: Desk, **labels: Sequence[Document]) -> str:
    """Give labels and fit a candidate to all there are; gives its version."""
    label(desk, **labels)
    database = opened(desk)
    lessons = Lessons(corpora=(), dev=())
    here = judges(Settings(), home(desk), database)
    candidate = run_teaching(database, home(desk), here, lessons, progress=lambda _: None)
    database.close()
    return candidate.version
