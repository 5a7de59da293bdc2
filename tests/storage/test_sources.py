"""What is remembered of a source, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage.records import Rhythm, SourceFeed, SourceState
from storage.sources import Sources

if TYPE_CHECKING:
    from storage.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://example.org/feed"
STATE = SourceState(
    name="wire",
    url=URL,
    rhythm=Rhythm(
        interval=timedelta(minutes=17),
        next_at=NOON + timedelta(minutes=17),
        polled_at=NOON,
        read_at=NOON - timedelta(hours=1),
        roomy=1,
        failures=2,
        gravity=0.75,
    ),
    validators_trusted=False,
    audited_at=NOON,
)


def test_the_state_of_a_source_comes_back_as_it_was_kept(database: Database) -> None:
    sources = Sources(database)
    assert sources.state("wire", URL) == SourceState(name="wire", url=URL)
    sources.keep([replace(STATE, rhythm=Rhythm())])
    sources.keep([STATE])
    assert sources.state("wire", URL) == STATE
    assert sources.states() == {"wire": STATE}


def test_another_url_starts_a_source_anew(database: Database) -> None:
    sources = Sources(database)
    sources.keep([STATE])
    sources.follow("wire", URL, SourceFeed(url=f"{URL}.xml", why="announced", at=NOON))
    sources.keep([STATE])
    assert sources.feed("wire", URL) is not None, "what was found at the URL stays while the URL does"
    moved = SourceState(name="wire", url="https://example.org/moved")
    assert sources.state("wire", moved.url) == moved
    sources.keep([moved])
    assert sources.states() == {"wire": moved}
    assert sources.feed("wire", moved.url) is None
