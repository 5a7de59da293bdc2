"""A host that is busy is left alone: by the crawl, by the next process, and by the commands a person gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.hosts import BREATH, parking
from crawler.outcomes import retry_after
from storage.database import Database
from storage.hosts import Hosts
from storage.records import Parked
from tests.web import rss

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", BREATH),
        ("120", timedelta(minutes=2)),
        ("120.0", timedelta(minutes=2)),
        ("120, 120", timedelta(minutes=2)),
    ],
)
def test_a_busy_host_has_the_time_it_asks_for(status: int, header: str, wait: timedelta) -> None:
    parked = parking(status, retry_after(header, at=NOON), at=NOON)
    assert parked is not None
    assert parked.until == NOON + wait


@pytest.mark.parametrize(
    ("status", "in_a_row", "wait"), [(429, 1, BREATH), (503, 2, None), (503, 3, BREATH), (503, 4, BREATH)]
)
def test_a_host_that_says_no_time_has_a_breath(status: int, in_a_row: int, wait: timedelta | None) -> None:
    """Too many requests are too many at once; unavailable, once or twice, may be a page of a host that is well."""
    parked = parking(status, None, at=NOON, in_a_row=in_a_row)
    assert (parked.until - NOON if parked else None) == wait


@pytest.mark.parametrize("status", [200, 304, 403, 404, 500, 502])
def test_no_other_answer_parks_a_host(status: int) -> None:
    assert parking(status, timedelta(hours=1), at=NOON, in_a_row=9) is None


@pytest.mark.parametrize(
    ("header", "asked"), [({}, 3), ({"Retry_After": "120.0"}, 1), ({"Retry_After": "120, 120"}, 1)]
)
def test_a_failing_host_is_not_asked_for_all_its_links(
    site: Site, desk: Desk, header: dict[str, str], asked: int
) -> None:
    links = [(f"Story {n}", site.add(f"/story-{n}", status=503, **header), datetime.now(UTC)) for n in range(5)]
    desk.configure(site)
    desk.sources(example=site.add("/feed.xml", rss(links), Content_Type="application/rss+xml"))
    counts = desk.crawl().json["counts"]
    assert len(site.paths()) == 1 + asked, "the feed and some of the links"
    assert counts["pages.failed"] == 5


@pytest.mark.parametrize("command", [["sources", "test"], ["sources", "add"], ["extract"], ["judge"]])
def test_a_parked_host_is_not_asked_by_hand_either(site: Site, desk: Desk, command: list[str]) -> None:
    desk.configure(site)
    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    Hosts(database).park(f"{site.host}:{site.port}", Parked(until=datetime.now(UTC) + BREATH, because="HTTP 429"))
    database.close()
    result = desk.run(*command, f"{site.url}/other")
    assert site.requests == []
    assert result.code == 69
    assert f"{site.url}/other: host is left alone until 2" in result.err
    assert "UTC and asked again then: HTTP 429" in result.err
