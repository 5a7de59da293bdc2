"""Whether a source's 304 is believed: when it is put to the proof, and what a lying server can hide for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.polling import read_poll
from crawler.schedule import Findings
from crawler.sources import Source
from crawler.visits import DISPROVED, LONGEST_TRUST, audit_due, claims_unchanged, visit
from storage.database import Database
from storage.records import PollState, SourceState, Validators
from storage.sources import Sources
from tests.web import Site, rss, story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.newsdesk import Desk

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = Source(name="wire", url="https://example.org/feed")
NEW = SourceState(name=SOURCE.name, url=SOURCE.url)
KNOWN = Validators(etag='"1"', last_modified="Sun, 22 Nov 2026 11:00:00 GMT", body_hash="hash")
QUIET = Findings(state=PollState.UNCHANGED, status=304)


def looks(every: timedelta, count: int) -> Iterator[tuple[datetime, bool]]:
    """The times of looks at a quiet source, and whether each is an audit."""
    state, at = NEW, NOON
    for _ in range(count):
        begun = visit(SOURCE, state, at=at)
        begun.asks(SOURCE.url, KNOWN)
        assert begun.answered(QUIET)
        yield at, begun.audit
        state, at = begun.after(at), at + every


@settings(deadline=None, max_examples=30)
@given(st.timedeltas(min_value=timedelta(minutes=15), max_value=timedelta(days=1)))
def test_no_304_is_believed_for_longer_than_a_week_and_a_look(every: timedelta) -> None:
    asked = list(looks(every, int(timedelta(days=40) / every)))
    audits = [NOON, *(at for at, audit in asked if audit), asked[-1][0]]
    gaps = [later - sooner for sooner, later in pairwise(audits)]
    assert max(gaps) <= LONGEST_TRUST + every
    assert min(gaps[:-1], default=timedelta(days=1)) >= timedelta(days=1)


def test_about_one_look_in_twenty_is_an_audit_where_looks_are_rare() -> None:
    audits = [audit for _, audit in looks(timedelta(days=1), 4000)]
    assert 4000 / 20 <= sum(audits) <= 4000 / 5, "the weekly ones come on top"


def test_an_audit_sends_nothing_that_a_server_could_answer_304_to() -> None:
    audited = visit(SOURCE, replace(NEW, audited_at=NOON - LONGEST_TRUST), at=NOON)
    assert audited.audit
    assert audited.asks(SOURCE.url, KNOWN) == Validators(body_hash="hash")
    assert audited.withheld == {SOURCE.url: KNOWN}
    distrusted = visit(SOURCE, replace(NEW, validators_trusted=False, audited_at=NOON - LONGEST_TRUST), at=NOON)
    assert not distrusted.audit
    assert distrusted.asks(SOURCE.url, KNOWN) == Validators(body_hash="hash")
    assert visit(SOURCE, NEW, at=NOON).asks(SOURCE.url, KNOWN) == KNOWN


def test_a_clock_that_went_back_audits_once() -> None:
    state = replace(NEW, audited_at=NOON + timedelta(days=300))
    assert audit_due(state, at=NOON)
    assert not audit_due(replace(state, audited_at=NOON), at=NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("now", "claimed"),
    [
        (KNOWN, True),
        (Validators(etag='W/"1"'), True),
        (Validators(etag='"2"', last_modified=KNOWN.last_modified), False),
        (Validators(last_modified=KNOWN.last_modified), False),
        (Validators(), False),
    ],
)
def test_a_server_claims_by_its_etag_that_nothing_has_changed(now: Validators, claimed: bool) -> None:  # noqa: FBT001
    assert claims_unchanged(KNOWN, now) == claimed


def test_without_an_etag_it_claims_so_by_the_date() -> None:
    known = replace(KNOWN, etag=None)
    assert claims_unchanged(known, replace(known, etag='"new"'))
    assert not claims_unchanged(known, Validators())
    assert not claims_unchanged(Validators(body_hash="hash"), Validators(body_hash="hash"))


def test_a_visit_ends_with_the_last_part_of_an_index() -> None:
    begun = visit(SOURCE, NEW, at=NOON)
    for url in ("index", "one", "two"):
        begun.asks(url, Validators())
    part = Findings(state=PollState.OK, status=200, offered=10, new=1)
    assert [begun.answered(answer) for answer in (None, part, part)] == [False, False, True]
    assert begun.after(NOON).rhythm.read_at == NOON


def test_an_index_is_read_again_though_not_a_byte_of_it_changed() -> None:
    from crawler.discover import Found, SourceKind

    found = Found(kind=SourceKind.SITEMAP_INDEX, links=(), children=("https://example.org/news.xml",))
    poll = read_poll(SOURCE, SOURCE.url, found, response=KNOWN, at=NOON)
    assert (poll.etag, poll.last_modified, poll.body_hash) == (None, None, None)


def publish(site: Site, name: str, *stories: str, etag: str, lies: bool = False) -> str:
    items = [(f"Story {path}", site.add(path, story(f"Story {path}", "Nothing much. " * 30)), NOON) for path in stories]
    url = site.add(name, rss(items), Content_Type="application/rss+xml", ETag=etag)
    site.pages[name] = replace(site.pages[name], lies=lies)
    return url


def status(url: str, etag: str) -> int:
    try:
        with urlopen(Request(url, headers={"If-None-Match": etag})) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_server_whose_304_lies_is_found_out_and_hides_nothing_any_more(site: Site, desk: Desk) -> None:
    desk.configure(site)
    desk.sources(
        frozen=publish(site, "/frozen.xml", "/f1", etag='"always"'),
        deaf=publish(site, "/deaf.xml", "/d1", etag='"1"', lies=True),
        honest=publish(site, "/honest.xml", "/h1", etag='"1"'),
    )
    desk.crawl()
    publish(site, "/frozen.xml", "/f2", "/f1", etag='"always"')
    publish(site, "/deaf.xml", "/d2", "/d1", etag='"2"', lies=True)
    publish(site, "/honest.xml", "/h2", "/h1", etag='"2"')
    statuses = [status(site.url + path, etag) for path, etag in (("/frozen.xml", '"always"'), ("/deaf.xml", '"1"'))]
    assert statuses == [304, 304], "the news is hidden"

    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    sources = Sources(database)
    for state in sources.states().values():
        sources.keep([replace(state, audited_at=datetime.now(UTC) - LONGEST_TRUST)])
    result = desk.crawl().json
    found = {poll["source"]: (poll["new"], poll["detail"]) for poll in result["sources"]}
    assert found == {"frozen": (1, DISPROVED), "deaf": (1, DISPROVED), "honest": (1, "")}
    assert result["counts"]["polls.304-disproved"] == 2
    trusted = {name: state.validators_trusted for name, state in sources.states().items()}
    assert trusted == {"frozen": False, "deaf": False, "honest": True}

    publish(site, "/deaf.xml", "/d3", "/d2", etag='"3"', lies=True)
    news = {poll["source"]: (poll["state"], poll["new"]) for poll in desk.crawl().json["sources"]}
    assert news == {"frozen": ("unchanged", 0), "deaf": ("ok", 1), "honest": ("unchanged", 0)}
    last = {path: headers for path, headers in site.requests if path.endswith(".xml")}
    assert "if-none-match" not in last["/deaf.xml"]
    assert last["/honest.xml"]["if-none-match"] == '"2"'
    database.close()
