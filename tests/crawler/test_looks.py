"""The look before Scrapy: who is asked first, how politely, and that nobody can tell it from a crawl without it."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import ACCEPTED_ENCODINGS

from crawler.guard import url_refusal
from crawler.handler import LOST, _given
from crawler.hosts import FRESH, HostMemory
from crawler.looks import PLAIN, Answer, Look, Lost, goes_first, may_ask, rules_of
from crawler.memory import StoredMemory
from crawler.opening import Opening
from crawler.outcomes import TOO_LARGE
from crawler.report import Tracker, Trouble
from crawler.run import Manners
from crawler.settings import DEFAULT_REQUEST_HEADERS
from crawler.sources import Source
from crawler.spiders.failures import request_failure
from crawler.visits import LONGEST_TRUST, visit
from storage.database import Database
from storage.hosts import Hosts
from storage.polls import Polls
from storage.records import Parked, Poll, PollState, Rhythm, RobotsFile, SourceState, Validators
from storage.runs import Runs
from storage.sources import Sources
from tests import zoo
from tests.newsdesk import Desk
from tests.web import Site, rss, story
from tests.zoo import (
    MEGABYTE,
    Zoo,
    animal,
    chunked,
    drips,
    leads_inside,
    moves,
    pours,
    says,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.zoo import Behaviour

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://example.org/feed"
KNOWN = Validators(etag='"1"', body_hash="hash")
LOOPBACK = (ip_network("127.0.0.0/8"),)


def look(url: str = URL, *, known: Validators = KNOWN, **state: Any) -> Look:
    source = Source(name="wire", url=url)
    begun = visit(source, SourceState(name="wire", url=url, **state), at=NOON)
    return Look(source=source, url=url, visit=begun, known=begun.asks(url, known))


def test_only_a_source_that_may_answer_304_is_looked_at_first() -> None:
    assert goes_first(look())
    assert goes_first(look(known=Validators(last_modified="Sun, 22 Nov 2026 11:00:00 GMT")))
    assert not goes_first(look(known=Validators(body_hash="hash")))
    assert not goes_first(look(validators_trusted=False)), "its 304 lied"
    assert not goes_first(look(audited_at=NOON - LONGEST_TRUST)), "its 304 is put to the proof"
    assert not goes_first(look(rhythm=Rhythm(failures=1))), "what fails needs Scrapy's words for it"


@pytest.mark.parametrize(
    "url",
    ["https://user@example.org/", "https://[::1]/feed", "https://example.org/a b", "https://Example.org/", "ftp://a/b"],
)
def test_a_url_that_two_clients_might_send_differently_is_left_to_scrapy(url: str) -> None:
    assert not goes_first(look(url))


@given(st.from_regex(PLAIN, fullmatch=True))
def test_a_plain_url_is_sent_as_it_is_written(url: str) -> None:
    assume(url_refusal(url, range(65536)) is None)
    assert Request(url).url == url


def test_both_clients_ask_for_the_same_representation() -> None:
    assert DEFAULT_REQUEST_HEADERS["Accept-Encoding"] == b", ".join(ACCEPTED_ENCODINGS).decode()


def rules(body: bytes = b"", *, age: timedelta = timedelta(), status: int = 200) -> RobotsFile:
    return RobotsFile(status=status, body=body, fetched_at=NOON - age)


@pytest.mark.parametrize(
    ("robots", "parked", "ports", "asked"),
    [
        (rules(), None, {443}, "asked"),
        (rules(status=404), None, {443}, "asked"),
        (None, None, {443}, "left"),
        (rules(age=FRESH), None, {443}, "left"),
        (rules(b"User-agent: *\nDisallow: /feed"), None, {443}, "left"),
        (rules(), Parked(until=NOON + timedelta(hours=1), because="HTTP 429"), {443}, "left"),
        (rules(), None, {8443}, "left"),
    ],
)
def test_a_host_is_asked_first_only_if_its_rules_are_known_and_allow_it(
    robots: RobotsFile | None, parked: Parked | None, ports: set[int], asked: str
) -> None:
    known = rules_of(robots, user_agent="spywire", at=NOON)
    assert may_ask(URL, known, parked, ports=ports) == (asked == "asked")


def test_of_a_header_that_comes_twice_the_last_one_counts_as_in_scrapy() -> None:
    answer = Answer(status=200, headers=((b"ETag", b"one"), (b"etag", b"two")))
    assert (answer.header("ETag"), answer.header("Age")) == ("two", None)


class Newsroom:
    """Sources that were read before, on servers whose rules are known."""

    def __init__(self, database: Database, **urls: str) -> None:
        self.database = database
        self.sources = [Source(name=name, url=url) for name, url in urls.items()]
        self.run = Runs(database).start("crawl", version="1", at=datetime.now(UTC))
        now = datetime.now(UTC)
        for source in self.sources:
            Polls(database).record(
                Poll(source=source.name, url=source.url, at=now, state=PollState.OK, etag='"1"'), run=self.run
            )
            Sources(database).keep([SourceState(name=source.name, url=source.url, audited_at=now)])
            origin = "/".join(source.url.split("/")[:3])
            Hosts(database).keep_robots(origin, RobotsFile(status=404, body=b"", fetched_at=now))

    def open(self, *ports: int, **manners: Any) -> Opening:
        polite: dict[str, Any] = {"delay": 0.0, "timeout": 5.0, "concurrency": 8, "max_bytes": MEGABYTE}
        polite["allow_networks"] = LOOPBACK
        memory = StoredMemory(self.database, run=self.run, owner="me")
        opening = Opening(
            memory=memory,
            hosts=HostMemory(self.database),
            tracker=Tracker(watch=manners.pop("watch", None)),
            until=manners.pop("until", None),
            manners=Manners(user_agent="spywire", pages_per_source=9, allow_ports=ports, **(polite | manners)),
        )

        async def run() -> None:
            await opening.run(self.sources, ())
            await memory.close()

        asyncio.run(run())
        return opening


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[type[Newsroom]]:
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")

    class Here(Newsroom):
        def __init__(self, **urls: str) -> None:
            super().__init__(database, **urls)

    yield Here
    database.close()


def test_a_304_costs_one_request_and_is_remembered_as_every_poll_is(site: Site, newsroom: Any) -> None:
    site.add("/feed", "news", ETag='"1"')
    here = newsroom(wire=f"{site.url}/feed")
    opening = here.open(site.port)
    assert site.paths() == ["/feed"]
    assert (opening.busy, opening.left) == (False, ())
    (poll,) = opening.tracker.report(started=NOON, ended=NOON).sources
    assert (poll.source, poll.state, poll.found, poll.new) == ("wire", PollState.UNCHANGED, 0, 0)
    state = Sources(here.database).state("wire", f"{site.url}/feed")
    assert state.rhythm.next_at is not None
    assert state.rhythm.read_at == state.rhythm.polled_at is not None
    (stored,) = Polls(here.database).latest(since=poll.at, until=datetime.now(UTC))
    assert stored == poll
    assert Polls(here.database).last_read()["wire", f"{site.url}/feed"].etag == '"1"'


def test_everything_but_a_304_is_handed_on_as_it_came(site: Site, newsroom: Any) -> None:
    packed = gzip.compress(b"news")
    site.add("/feed", packed, ETag='"2"', Content_Encoding="gzip")
    site.add("/moved", status=301, Location="http://127.0.0.1:1/")
    opening = newsroom(a=f"{site.url}/feed", b=f"{site.url}/moved").open(site.port)
    one, two = (left.came for left in opening.left)
    assert isinstance(one, Answer)
    assert isinstance(two, Answer)
    assert (one.status, one.body, one.header("ETag")) == (200, packed, '"2"')
    assert (two.status, two.header("Location")) == (301, "http://127.0.0.1:1/")
    assert (opening.busy, len(opening.left), site.paths()) == (True, 2, ["/feed", "/moved"])


def test_a_host_with_many_sources_is_asked_one_at_a_time_with_its_pause(site: Site, newsroom: Any) -> None:
    urls = {f"s{n}": site.add(f"/{n}", "news", ETag='"1"') for n in range(3)}
    site.requests = noted = Noting()
    newsroom(**urls).open(site.port, delay=0.2)
    assert len(noted) == 3
    assert min(later - sooner for sooner, later in pairwise(noted.times)) >= 0.2


class Noting(list[tuple[str, dict[str, str]]]):
    """A list of requests that notes when each came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def append(self, request: tuple[str, dict[str, str]]) -> None:
        self.times.append(time.monotonic())
        super().append(request)


def test_a_host_that_is_not_well_is_asked_once(site: Site, newsroom: Any) -> None:
    urls = {f"s{n}": site.add(f"/{n}", status=503, Retry_After="60") for n in range(3)}
    opening = newsroom(**urls).open(site.port)
    assert len(site.paths()) == 1
    assert [left.came is not None for left in opening.left] == [True, False, False]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_internal_address_is_not_touched(site: Site, newsroom: Any, host: str) -> None:
    opening = newsroom(wire=f"http://{host}:{site.port}/feed").open(site.port, allow_networks=())
    assert site.requests == []
    assert [left.came for left in opening.left] == [None], "Scrapy says why"


def test_a_name_that_turns_to_an_internal_address_is_not_followed_there(
    site: Site, newsroom: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def rebound(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    here = newsroom(wire=f"http://news.example.org:{site.port}/feed")
    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    opening = here.open(site.port, allow_networks=())
    assert (asked, site.requests) == (["news.example.org"], [])
    assert [left.came for left in opening.left] == [None]


@pytest.mark.parametrize(
    ("behaviour", "lost"),
    [
        (drips(b"", b""), Lost.TIMEOUT),
        (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"."), Lost.TIMEOUT),
        (pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), Lost.TIMEOUT),
        (chunked(bytes(60_000)), Lost.TOO_LARGE),
        (writes(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nnews"), Lost.BROKEN),
        (writes(), Lost.BROKEN),
    ],
)
def test_an_answer_that_does_not_come_is_lost_once(behaviour: Behaviour, lost: Lost, newsroom: Any) -> None:
    with Zoo() as park:
        url = park.house(animal("/feed", behaviour))
        opening = newsroom(wire=f"{url}/feed").open(park.port, timeout=0.5 if lost is Lost.TIMEOUT else 30.0)
    assert [left.came for left in opening.left] == [lost]
    assert len(park.visitors) == 1


@pytest.mark.parametrize(
    ("lost", "reason"),
    [(Lost.TIMEOUT, "timeout"), (Lost.TOO_LARGE, TOO_LARGE.reason), (Lost.BROKEN, "the answer was cut short")],
)
def test_a_lost_answer_is_called_what_scrapy_would_call_it(lost: Lost, reason: str) -> None:
    with pytest.raises(tuple(LOST.values())) as caught:
        _given(Request(URL), lost)
    failure = request_failure(caught.value, URL)
    assert failure is not None
    assert failure.reason == reason


def test_no_cookie_and_no_redirect_is_kept_or_followed(site: Site, newsroom: Any) -> None:
    site.add("/a", "news", ETag='"2"', Set_Cookie="track=me")
    site.add("/b", status=302, Location="/a")
    newsroom(a=f"{site.url}/a", b=f"{site.url}/b").open(site.port)
    assert site.paths() == ["/a", "/b"]
    assert all("cookie" not in headers for _, headers in site.requests)
    sent = site.requests[0][1]
    expected = {name.lower(): value for name, value in DEFAULT_REQUEST_HEADERS.items()}
    assert expected.items() <= sent.items()
    assert (sent["user-agent"], sent["if-none-match"]) == ("spywire", '"1"')


def test_a_silent_server_holds_nobody_longer_than_the_run_may_take(newsroom: Any) -> None:
    with Zoo() as park:
        url = park.house(animal("/feed", drips(b"HTTP/1.1 200 OK\r\n\r\n", b".")))
        opening = newsroom(wire=f"{url}/feed").open(park.port, until=time.monotonic() + 0.5)
    assert list(opening.tracker.troubles) == [Trouble.OUT_OF_TIME]


def test_a_signal_ends_the_look_with_its_state_saved(site: Site, newsroom: Any) -> None:
    site.add("/quick", "news", ETag='"1"')
    with Zoo() as park:
        slow = park.house(animal("/feed", drips(b"", b"")))
        here = newsroom(quick=f"{site.url}/quick", slow=f"{slow}/feed")
        opening = here.open(site.port, park.port, watch=lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert list(opening.tracker.troubles) == [Trouble.STOPPED]
    states = Sources(here.database).states()
    assert [states[name].rhythm.polled_at is not None for name in ("quick", "slow")] == [True, False]


FEED = rss([("The garden opens", "/story", datetime(2026, 11, 20, tzinfo=UTC))])
NEWER = rss([("The bridge closes", "/other", NOON), ("The garden opens", "/story", NOON)])
GARDEN = story("The garden opens", "The municipal garden opens its gates on Sunday after a winter of planting. " * 9)
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nETag: "2"\r\n'
MOST = 200_000
DELAY = 2


def served(body: str | bytes, **headers: str) -> Behaviour:
    return says(body, **{"Content_Type": "application/xml", "ETag": '"2"'} | headers)


# What a source does that was well the last time.
TURNS: dict[str, Behaviour] = {
    "unchanged": says(status="304 Not Modified", ETag='"1"', Cache_Control="max-age=7200"),
    "news": served(NEWER),
    "news-packed": served(gzip.compress(NEWER.encode()), Content_Encoding="gzip"),
    "same-bytes": served(FEED),
    "frozen-etag": served(NEWER, ETag='"1"'),
    "empty": served(rss([])),
    "no-feed": says("<h1>Consent</h1>"),
    "moved": moves("/elsewhere.xml", status="301 Moved Permanently"),
    "moves-in-circles": moves("/feed.xml"),
    "moves-inside": leads_inside("", status="302 Found", Location="{inside}"),
    "busy": says(status="429 Too Many Requests", Retry_After="7200"),
    "down": says(status="503 Service Unavailable", Retry_After="600"),
    "broken": says("boom", status="500 Oops"),
    "gone": says(status="404 Not Found"),
    "cut-short": writes(HEAD + b"Content-Length: 9999\r\n\r\n<rss>"),
    "chunk-cut": writes(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n<rss>"),
    "chunk-nonsense": writes(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n<rss>"),
    "length-negative": writes(HEAD + b"Content-Length: -1\r\n\r\n<rss>"),
    "length-twice": writes(HEAD + b"Content-Length: 9\r\nContent-Length: 10\r\n\r\n<rss>"),
    "endless-header": pours(HEAD + b"X-Long: ", b"a" * 60_000),
    "long-header": served(NEWER, X_Policy="a" * 12_000),
    "odd-status": served(NEWER, status="799 Whatever"),
    "closed": writes(),
    "closed-in-headers": writes(HEAD),
    "garbage": writes(b"\x00 no HTTP\r\n\r\n"),
    "endless": chunked(b"<item/>" * 6000),
    "announced": drips(HEAD + b"Content-Length: 99999999\r\n\r\n", b"."),
    "endless-headers": pours(HEAD, b"X-More: and more\r\n" * 1000),
    "bomb": served(zoo.gzip_bomb(64 * MEGABYTE), Content_Encoding="gzip"),
    "odd-packing": served("news", Content_Encoding="x-squeezed"),
}


class Double:
    """The same turn of events for two crawls: one that looks first, and one that does not know the hosts' rules."""

    def __init__(self, folder: Path) -> None:
        with Zoo() as park:
            self.urls = {name: f"{park.house(well)}/feed.xml" for name in TURNS}
            self.first, self.second = Desk(folder / "first"), Desk(folder / "second")
            self.first.configure(timeout=30, max_bytes=MOST, allow_ports=[park.port], allow_networks=["127.0.2.0/24"])
            self.first.sources(**self.urls)
            assert self.first.crawl().code == 0
            shutil.copytree(self.first.folder, self.second.folder)
            forget_rules(self.second)
            for name, url in self.urls.items():
                park.change(url, animal("/feed.xml", TURNS[name], **{"elsewhere.xml": served(NEWER)}))
            self.sources, self.visits = zip(
                *(self._crawled(park, desk) for desk in (self.first, self.second)), strict=True
            )
        self.states = [states(desk) for desk in (self.first, self.second)]

    def _crawled(self, park: Zoo, desk: Desk) -> tuple[dict[str, Any], dict[str, list[str]]]:
        park.visitors.clear()
        result = desk.crawl().json
        found = {poll.pop("source"): poll for poll in result["sources"]}
        visits = {
            name: [path for address, path in park.visitors if f"//{address}:" in url and path != "/robots.txt"]
            for name, url in self.urls.items()
        }
        return {
            name: {key: poll[key] for key in ("state", "detail", "found", "new")} for name, poll in found.items()
        }, visits


def well(_: str) -> Mapping[str, Behaviour]:
    return {"/feed.xml": served(FEED, ETag='"1"'), "/story": says(GARDEN)}


def forget_rules(desk: Desk) -> None:
    import sqlite3

    with sqlite3.connect(desk.folder / "spywire.db") as database:
        database.execute("delete from robots")
    database.close()


def states(desk: Desk) -> dict[str, tuple[Any, ...]]:
    """What is remembered of each source, but for the times."""
    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    found = {
        name: (state.rhythm.failures, state.rhythm.gravity, state.rhythm.roomy, state.validators_trusted)
        for name, state in Sources(database).states().items()
    }
    database.close()
    return found


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Double:
    return Double(tmp_path_factory.mktemp("double"))


@pytest.mark.parametrize("name", TURNS)
def test_a_crawl_that_looks_first_comes_to_the_same_and_asks_no_more(double: Double, name: str) -> None:
    assert double.sources[0][name] == double.sources[1][name]
    assert double.states[0][name] == double.states[1][name]
    assert double.visits[0][name] == double.visits[1][name]
    assert double.visits[0][name]


def test_what_a_look_brought_is_not_fetched_again(double: Double) -> None:
    assert double.visits[0]["news"] == ["/feed.xml", "/other"]
    assert double.visits[0]["unchanged"] == ["/feed.xml"]


def test_the_pause_after_a_look_is_kept_by_scrapy(site: Site, desk: Desk) -> None:
    with Site("127.0.0.2") as other:
        urls = [publish(place, "/story", etag='"1"') for place in (site, other)]
        desk.configure(site, other)
        desk.sources(idle=urls[0], newsy=urls[1])
        assert desk.crawl("--max-pages", "0").code == 0
        publish(other, "/story", "/other", etag='"2"')
        desk.configure(site, other, delay=DELAY)
        site.requests, other.requests = noted = (Noting(), Noting())
        assert desk.crawl().code == 0
        assert sorted(site.paths()) == ["/feed.xml", "/story"]
        assert sorted(other.paths()) == ["/feed.xml", "/other", "/story"]
    assert min(later - sooner for one in noted for sooner, later in pairwise(one.times)) >= DELAY


def publish(place: Site, *paths: str, etag: str) -> str:
    """A feed of these stories."""
    items = [(f"Of {path}", place.add(path, GARDEN.replace("garden", path)), NOON) for path in paths]
    return place.add("/feed.xml", rss(items), Content_Type="application/rss+xml", ETag=etag)


def test_when_nothing_is_new_scrapy_is_never_imported(site: Site, desk: Desk) -> None:
    site.add("/feed.xml", FEED.replace("/story", site.add("/story", GARDEN)), ETag='"1"')
    desk.configure(site)
    desk.sources(wire=f"{site.url}/feed.xml")
    assert imported(desk, "--all") >= {"scrapy", "twisted", "pebble"}
    asked = len(site.requests)
    idle = imported(desk, "--all")
    assert site.paths()[-1:] == ["/feed.xml"]
    assert len(site.requests) == asked + 1
    assert "aiohttp" in idle
    assert not idle & {"scrapy", "twisted", "trafilatura", "lxml", "pebble", "alembic", "psycopg", "tldextract"}
    nothing = imported(desk)
    assert len(site.requests) == asked + 1
    assert not nothing & {"scrapy", "aiohttp"}


def imported(desk: Desk, *arguments: str) -> set[str]:
    """The packages that a crawl imported, as `python -X importtime` lists them."""
    command = [sys.executable, "-X", "importtime", "-m", "jobs", "--home", str(desk.folder), "crawl", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {name.partition(".")[0] for name in lines}
