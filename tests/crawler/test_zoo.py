"""Everything that a server can do to a crawler, done to one crawl, beside fifty sources that do nothing wrong.

docs/hostile-input.md is this table in words.
"""

from __future__ import annotations

import json
import os
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler.handler import SILENCE
from crawler.urls import url_key
from storage.database import Database
from storage.ledger import Ledger
from storage.records import LinkState, PollState
from storage.runs import Runs
from tests import zoo
from tests.bench.measure import Cost, measure
from tests.newsdesk import Desk
from tests.web import story
from tests.zoo import (
    INSIDE,
    MEGABYTE,
    Zoo,
    animal,
    chunked,
    drips,
    feed,
    leads_inside,
    moves,
    offering,
    pours,
    rss_of,
    says,
    sitemap_of,
    stacked,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from storage.records import LinkHistory
    from tests.zoo import Behaviour

NOW = datetime.now(UTC).replace(microsecond=0)
HEALTHY = 50
TIMEOUT, DEADLINE = 3.0, 6.0
CONCURRENCY = 32
MAX_BYTES = 6 * MEGABYTE
MOST_PAGES = 20  # of a source and run
LONG = "a" * 70  # more than a label of a name may have
MOST_MEMORY = 900  # MB, of all processes together

WORDS = """
    harbour bakery orchard bridge library ferry lantern meadow quarry tram chapel market canal mill tower valley school
    museum station garden forest island castle theatre brewery pasture cellar village workshop lighthouse
    """.split()
TEXT = (
    (
        "The {0} beside the old {1} opens again on Sunday after a winter of repairs, and the council says that the {2} "
        "will follow before the summer. Entry is free for children and for everyone who helped with the painting."
    ),
    (
        "Volunteers from the {3} did most of the work themselves and paid for it with a sale of cakes at the {4}. "
        "The oldest of them remembers when a {5} stood where the {6} is now, and a flood that reached the {7}."
    ),
    "A path leads from the {8} to the {9}, and visitors are asked to leave their dogs at the gate of the {0}.",
)


def good(name: str) -> str:
    """An article of its own for every name."""
    words = random.Random(name).sample(WORDS, 10)
    title = f"{words[0].title()} and {words[1]} open again, says {name}"
    return story(title, *(paragraph.format(*words) for paragraph in TEXT))


ARTICLE = good("the zoo").encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
KEPT = LinkState.REJECTED  # read, judged, stored: none of these stories is about spies
LATER = LinkState.FAILED
NEVER = LinkState.UNEXTRACTABLE
TOO_LARGE = "larger than the size limit"
CUT_SHORT = "the answer was cut short"
CLOSED = "the connection was closed"
HEADERS = "more than 1000 header lines"
NOT_HTTP = "the answer is not HTTP"
NO_URL = "redirected to what is no URL"
LOOP = "max redirections reached"
OUT_OF_BOUNDS = f"address {INSIDE} is not public and not in [fetch] allow_networks"
TITLE = "Старая мельница снова открыта"
CYRILLIC = story(
    TITLE, *["Мельница у старого моста снова открыта после зимнего ремонта, вход для детей свободный."] * 3
)


def packed(body: bytes, *encodings: str) -> Behaviour:
    return says(body, Content_Encoding=", ".join(encodings))


def sends_to(location: str) -> Behaviour:
    return leads_inside("", status="302 Found", Location=location)


# Behind a good feed: what the page does, the state its link ends in, and how the reason begins.
PAGES: dict[str, tuple[Behaviour, LinkState, str]] = {
    "silent": (drips(b"", b""), LATER, "timeout"),
    "slow-headers": (drips(HEAD, b"X-Drop: 1\r\n"), LATER, "timeout"),
    "slow-body": (drips(HEAD + b"Content-Length: 99999\r\n\r\n", b"."), LATER, "timeout"),
    "endless-body": (chunked(b"<p>more</p>" * 6000), NEVER, TOO_LARGE),
    "announced-endless": (drips(HEAD + b"Content-Length: 99999999999\r\n\r\n", b"."), NEVER, TOO_LARGE),
    "endless-header": (pours(HEAD + b"X-Long: ", b"a" * 60_000), LATER, CLOSED),
    "endless-headers": (pours(HEAD, b"X-More: and more\r\n" * 1000), LATER, HEADERS),
    "200k-headers": (pours(HEAD, b"X-More: and more\r\n" * 1000, times=200, end=b"\r\nHello"), LATER, HEADERS),
    "endless-continue": (pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), LATER, HEADERS),
    "folded-first-header": (writes(b"HTTP/1.1 200 OK\r\n folded: first\r\n\r\n" + ARTICLE), LATER, NOT_HTTP),
    "gzip-bomb": (packed(zoo.gzip_bomb(), "gzip"), NEVER, TOO_LARGE),
    "deflate-bomb": (packed(zoo.deflate_bomb(), "deflate"), NEVER, TOO_LARGE),
    "brotli-bomb": (packed(zoo.brotli_bomb(), "br"), NEVER, TOO_LARGE),
    "zstd-bomb": (packed(zoo.zstd_bomb(), "zstd"), NEVER, TOO_LARGE),
    "bomb-in-gzip": (packed(stacked(zoo.gzip_bomb(), 1), "gzip", "gzip"), NEVER, TOO_LARGE),
    "twenty-gzips": (packed(stacked(ARTICLE, 20), *["gzip"] * 20), NEVER, "packed more than twice"),
    "two-gzips": (packed(stacked(ARTICLE, 2), "gzip", "gzip"), KEPT, ""),
    "broken-gzip": (packed(b"\x1f\x8b\x08 not gzip after all", "gzip"), NEVER, "broken compression"),
    "unknown-packing": (packed(ARTICLE, "x-squeezed"), KEPT, ""),
    "not-packed": (packed(ARTICLE, "gzip"), KEPT, ""),
    "length-too-long": (writes(HEAD + b"Content-Length: 99999\r\n\r\n" + ARTICLE), LATER, CUT_SHORT),
    "length-too-short": (writes(HEAD + b"Content-Length: 60\r\n\r\n" + ARTICLE), LinkState.NOT_AN_ARTICLE, "empty"),
    "length-negative": (writes(HEAD + b"Content-Length: -1\r\n\r\n" + ARTICLE), LATER, NOT_HTTP),
    "length-twice": (writes(HEAD + b"Content-Length: 9\r\nContent-Length: 10\r\n\r\n" + ARTICLE), LATER, NOT_HTTP),
    "no-length": (writes(HEAD + b"\r\n" + ARTICLE), KEPT, ""),
    "chunk-cut-off": (writes(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + ARTICLE), LATER, CUT_SHORT),
    "chunk-nonsense": (writes(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + ARTICLE), LATER, CUT_SHORT),
    "garbage": (writes(b"\x00\xff not HTTP at all\r\n\r\n" * 10), LATER, NOT_HTTP),
    "closed-at-once": (writes(), LATER, CLOSED),
    "closed-in-headers": (writes(HEAD), LATER, CLOSED),
    "redirect-loop": (moves("/redirect-loop"), LATER, LOOP),
    "redirect-inside": (sends_to("{inside}"), LinkState.BLOCKED, OUT_OF_BOUNDS),
    "redirect-to-file": (moves("file:///etc/hostname"), LATER, "HTTP 302"),
    "redirect-to-data": (moves("data:text/html,hello"), LATER, "HTTP 302"),
    "redirect-to-port": (moves("http://127.0.2.1:22/"), LinkState.BLOCKED, "port 22 is not in"),
    "redirect-to-ipv6": (sends_to("http://[2606:2800::1]:{port}/"), LinkState.BLOCKED, "an IPv6 address"),
    "redirect-to-loopback": (sends_to("http://[::1]:{port}/"), LinkState.BLOCKED, "address ::1 is not public"),
    "redirect-to-nothing": (says(status="302 Found"), LATER, "HTTP 302"),
    "redirect-to-nonsense": (moves("http://["), LATER, NO_URL),
    "redirect-to-dots": (sends_to("http://a..b:{port}/"), LATER, "robots.txt unreachable: host not found"),
    "redirect-to-long-name": (
        sends_to(f"http://{LONG}.invalid:{{port}}/"),
        LATER,
        "robots.txt unreachable: host not found",
    ),
    "redirect-to-bytes": (sends_to("http://\xff\xfe:{port}/"), LATER, "robots.txt unreachable: ValueError"),
    "refresh-loop": (says("<meta http-equiv=refresh content='0;url=/refresh-loop'>x"), LATER, LOOP),
    "refresh-inside": (
        leads_inside("<meta http-equiv=refresh content='0;url={inside}'>x"),
        LinkState.BLOCKED,
        OUT_OF_BOUNDS,
    ),
    "refresh-to-nonsense": (says("<meta http-equiv=refresh content='0;url=http://['>x"), LATER, NO_URL),
    "gone-with-refresh": (
        says("<meta http-equiv=refresh content='0;url=/'>", status="404 Not Found"),
        LinkState.GONE,
        "HTTP 404",
    ),
    "reloads-itself": (says(b"<meta http-equiv=refresh content='60;url=/reloads-itself'>" + ARTICLE), KEPT, ""),
    "busy": (says(status="429 Too Many Requests", Retry_After="7200"), LATER, "HTTP 429"),
    "down": (says(status="503 Service Unavailable", Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"), LATER, "HTTP 503"),
    "down-for-ages": (says(status="503 Service Unavailable", Retry_After="9" * 5000), LATER, "HTTP 503"),
    "unasked-304": (says(status="304 Not Modified"), LATER, "HTTP 304"),
    "odd-status": (says(ARTICLE, status="799 Whatever"), LATER, "HTTP 799"),
    "html-as-pdf": (says(ARTICLE, Content_Type="application/pdf"), KEPT, ""),
    "no-content-type": (says(ARTICLE, Content_Type=""), KEPT, ""),
    "unknown-charset": (says(ARTICLE, Content_Type="text/html; charset=x-foo"), KEPT, ""),
    "mislabelled": (says(CYRILLIC.encode("cp1251"), Content_Type="text/html; charset=utf-8"), KEPT, ""),
    "binary": (says(bytes(range(256)) * 100), NEVER, "binary"),
    "nothing": (says(), NEVER, "empty"),
    "spans": (says("<html><body><p>" + "<span>a " * 600_000), KEPT, ""),
    "deep": (says("<html><body>" + "<div>" * 100_000 + "deep"), LinkState.NOT_AN_ARTICLE, "empty"),
    "wide-table": (says("<table>" + "<tr><td>a<td>b" * 300_000), LinkState.NOT_AN_ARTICLE, "empty"),
}

# A good feed and page behind a robots.txt like this: the state of the poll, and how its reason begins.
ROBOTS: dict[str, tuple[Behaviour, PollState, str]] = {
    "robots-slow": (drips(HEAD + b"\r\n", b"#"), PollState.UNREACHABLE, "robots.txt unreachable: timeout"),
    "robots-500": (says(status="500 Oops"), PollState.UNREACHABLE, "robots.txt unreachable: HTTP 500"),
    "robots-busy": (says(status="429 Busy"), PollState.UNREACHABLE, "robots.txt unreachable: HTTP 429"),
    "robots-endless": (
        chunked(b"Disallow: /x\n" * 5000),
        PollState.UNREACHABLE,
        f"robots.txt unreachable: {TOO_LARGE}",
    ),
    "robots-bomb": (packed(zoo.gzip_bomb(), "gzip"), PollState.UNREACHABLE, f"robots.txt unreachable: {TOO_LARGE}"),
    "robots-loop": (moves("/robots.txt"), PollState.UNREACHABLE, f"robots.txt unreachable: {LOOP}"),
    "robots-inside": (sends_to("{inside}robots.txt"), PollState.UNREACHABLE, "robots.txt unreachable: "),
    "robots-port": (moves("http://127.0.2.1:22/"), PollState.UNREACHABLE, "robots.txt unreachable: port 22 is not in"),
    "robots-huge": (says("User-agent: *\n" + "Disallow: /*a*b*\n" * 150_000), PollState.OK, ""),
    "robots-names": (
        says("".join(f"User-agent: {n:x}\n" for n in range(12_000)) + "Disallow: /\n" * 12_000),
        PollState.OK,
        "",
    ),
    "robots-bom": (says("\ufeffUser-agent: *\nDisallow: /\n"), PollState.BLOCKED, "robots.txt disallows it"),
    "robots-binary": (says(bytes(range(256)) * 1000), PollState.OK, ""),
    "robots-delay": (says("User-agent: *\nCrawl-delay: nan\n"), PollState.OK, ""),
}


def item(markup: str = "", path: str = "/a") -> str:
    return f"{markup}<link>{path}</link>"


XXE = '<!DOCTYPE rss [<!ENTITY e0 SYSTEM "file:///etc/hostname">]>'
FLOOD = rss_of(*(item(f"<title>Story {n}</title>", f"/{n}") for n in range(12_000)))
# At the source's own URL: what it does, the state of the poll, how its reason begins, and how many links it gives.
SOURCES: dict[str, tuple[Behaviour, PollState, str, int]] = {
    "feed-slow": (drips(HEAD + b"\r\n<rss>", b" "), PollState.UNREACHABLE, "timeout", 0),
    "feed-closed": (writes(), PollState.UNREACHABLE, CLOSED, 0),
    "feed-garbage": (writes(b"what?\r\n\r\n"), PollState.UNREACHABLE, NOT_HTTP, 0),
    "feed-headers": (pours(HEAD, b"X-More: and more\r\n" * 1000), PollState.UNREACHABLE, HEADERS, 0),
    "feed-429": (says(status="429 Busy", Retry_After="60"), PollState.HTTP_ERROR, "HTTP 429", 0),
    "feed-unasked-304": (says(status="304 Not Modified"), PollState.HTTP_ERROR, "HTTP 304", 0),
    "feed-redirects-to-itself": (moves("/feed.xml"), PollState.UNREACHABLE, LOOP, 0),
    "feed-redirects-inside": (sends_to("{inside}"), PollState.BLOCKED, OUT_OF_BOUNDS, 0),
    "feed-redirects-to-nonsense": (moves("http://["), PollState.UNREACHABLE, NO_URL, 0),
    "feed-of-a-million": (
        chunked(b"<item><link>/a</link></item>" * 1000, start=b"<rss><channel>", times=1000),
        PollState.MALFORMED,
        TOO_LARGE,
        0,
    ),
    "feed-bomb": (packed(zoo.brotli_bomb(), "br"), PollState.MALFORMED, TOO_LARGE, 0),
    "feed-gz-bomb": (says(zoo.gzip_bomb()), PollState.MALFORMED, "the body is empty", 0),
    "feed-gz-unlabelled": (says(stacked(rss_of(item()).encode(), 1), Content_Type=""), PollState.OK, "", 1),
    "feed-laughs": (feed(zoo.laughing() + rss_of(item("<title>&e10;</title>"), prolog="")), PollState.OK, "", 1),
    "feed-xxe": (feed(XXE + rss_of(item("<title>&e0;</title>"), prolog="")), PollState.OK, "", 1),
    "feed-redos": (feed(rss_of(item(f"<author>{'a@' * 40_000}</author>"))), PollState.OK, "", 1),
    "feed-deep-title": (feed(rss_of(f"<title>{'<b>' * 100_000}</title>", item(path="/b"))), PollState.OK, "", 1),
    "feed-flood": (feed(FLOOD), PollState.OK, "", 5000),
    "feed-year-9999": (feed(rss_of(item("<pubDate>Fri, 31 Dec 9999 23:59:59 GMT</pubDate>"))), PollState.OK, "", 1),
    "feed-javascript": (feed(rss_of("<link>javascript:alert(1)</link>")), PollState.EMPTY, "", 0),
    "feed-inside": (feed(rss_of(item(path=f"http://{INSIDE}/a"))), PollState.OK, "", 1),
    "feed-controls": (feed(rss_of(item("<title>A\0\x1b[31mB\x08</title>"))), PollState.OK, "", 1),
    "feed-mislabelled": (
        feed(rss_of(item(f"<title>{TITLE}</title>")).encode("cp1251"), Content_Type="text/xml; charset=utf-8"),
        PollState.OK,
        "",
        1,
    ),
    "feed-unclosed": (
        feed(f"<rss><channel><item>{item('<title>A & B</title>')}<item>{item('<title>C</title>', '/c')}"),
        PollState.OK,
        "",
        2,
    ),
    "feed-is-a-page": (says("<html><title>Consent</title><body>Please agree"), PollState.NO_LINKS, "", 0),
    "feed-empty-body": (feed(""), PollState.MALFORMED, "the body is empty", 0),
    "feed-binary": (feed(bytes(range(256)) * 1000), PollState.NOT_A_FEED, "expected a feed, sitemap or page", 0),
    "sitemap-of-50-mb": (
        chunked(b"<url><loc>/a</loc></url>" * 3000, start=b"<urlset>", times=700),
        PollState.MALFORMED,
        TOO_LARGE,
        0,
    ),
    "sitemap-deep": (feed("<urlset>" + "<url>" * 100_000 + "<loc>/a</loc>"), PollState.EMPTY, "", 0),
    "index-of-itself": (feed(sitemap_of(["/feed.xml"], index=True)), PollState.OK, "", 0),
    "section-spans": (says("<html><body><p>" + "<span>a " * 600_000), PollState.NO_LINKS, "", 0),
    "section-deep": (
        says("<html><body>" + "<div><a href='/2026/11/one-two-three-four'>" * 90_000),
        PollState.NO_LINKS,
        "",
        0,
    ),
}


DEAD_END = [f"/dead-{n}" for n in range(8)]
MANY = 10_000
OTHER = {"feed-inside", "feed-deep-title"}  # their link is another
# The URL itself is the animal.
ELSEWHERE = {
    "feed-without-tls": (PollState.UNREACHABLE, "robots.txt unreachable: no secure connection: "),
    "feed-without-route": (PollState.UNREACHABLE, "robots.txt unreachable: no connection"),
}
NOWHERE = "255.255.255.255"  # nothing is ever at this address, and the kernel says so at once


@dataclass(frozen=True)
class Tour:
    """One crawl through all of it, what it cost and what it left behind."""

    zoo: Zoo
    desk: Desk
    urls: Mapping[str, str]  # of the sources
    cost: Cost
    database: Database

    @property
    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = json.loads(self.cost.out)["counts"]
        return counts

    def poll(self, source: str) -> tuple[str, str, int]:
        (poll,) = [poll for poll in json.loads(self.cost.out)["sources"] if poll["source"] == source]
        return poll["state"], poll["detail"], poll["found"]

    def link(self, source: str, path: str) -> LinkHistory:
        history = Ledger(self.database).history(url_key(self.urls[source].replace("/feed.xml", path)))
        assert history is not None, f"{path} of {source} was never seen"
        return history

    def visits(self, source: str) -> list[str]:
        address = self.urls[source].split("/")[2].split(":")[0]
        return [path for visited, path in self.zoo.visitors if visited == address and path != "/robots.txt"]


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    with Zoo() as park:
        urls = {name: f"{url}/feed.xml" for name, url in housed(park)}
        urls["feed-without-tls"] = urls["healthy-0"].replace("http:", "https:")
        urls["feed-without-route"] = f"http://{NOWHERE}:{park.port}/feed.xml"
        desk = Desk(tmp_path_factory.mktemp("zoo") / "home")
        desk.configure(
            timeout=TIMEOUT,
            max_bytes=MAX_BYTES,
            pages_per_source=MOST_PAGES,
            allow_ports=[park.port],
            allow_networks=["127.0.2.0/24", f"{NOWHERE}/32"],
        )
        with (desk.folder / "spywire.toml").open("a") as file:
            file.write(f"[gate]\ndeadline = {DEADLINE}\n")
        desk.sources(**urls)
        cost = crawled(desk)
        database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
        yield Tour(park, desk, urls, cost, database)
        database.close()


def housed(park: Zoo) -> Iterator[tuple[str, str]]:
    """Every animal, by name, with its URL."""
    for n in range(HEALTHY):
        yield f"healthy-{n}", park.house(offering("Healthy", healthy(n, "one", "two"), NOW))
    for name, (page, _, _) in PAGES.items():
        yield name, park.house(offering(name, {f"/{name}": page}, NOW))
    for name, (rules, _, _) in ROBOTS.items():
        yield name, park.house(offering(name, {"/story": says(good(name))}, NOW, robots=rules))
    for name, (source, _, _, _) in SOURCES.items():
        yield name, park.house(animal("/feed.xml", source))
    yield "dead-end", park.house(offering("Dead end", dict.fromkeys(DEAD_END, drips(b"", b"")), NOW))
    yield "index-of-many", park.house(index_of_many)


def healthy(number: int, *names: str) -> dict[str, Behaviour]:
    return {f"/{name}-{number}": says(good(f"{name} of {number}")) for name in names}


def index_of_many(url: str) -> dict[str, Behaviour]:
    parts = {f"/part-{n}.xml": feed(sitemap_of([f"{url}/page-{n}"])) for n in range(MANY)}
    return parts | {"/feed.xml": feed(sitemap_of((url + part for part in parts), index=True))}


def crawled(desk: Desk, *arguments: str) -> Cost:
    return measure([sys.executable, "-m", "jobs", "--home", str(desk.folder), "crawl", "--json", *arguments])


@pytest.mark.parametrize("name", PAGES)
def test_every_hostile_page_ends_in_its_state(tour: Tour, name: str) -> None:
    _, state, reason = PAGES[name]
    history = tour.link(name, f"/{name}")
    assert (history.state, history.reason[: len(reason)]) == (state, reason)
    assert (history.stored is not None) == (state is KEPT)
    assert (history.retry_at is not None) == (state is LATER)
    assert tour.poll(name) == ("ok", "", 1)


@pytest.mark.parametrize("name", ROBOTS)
def test_no_rules_are_no_permission(tour: Tour, name: str) -> None:
    _, state, reason = ROBOTS[name]
    found, detail, links = tour.poll(name)
    assert (found, detail[: len(reason)]) == (state, reason)
    assert bool(links) == bool(tour.visits(name)) == (state is PollState.OK)


@pytest.mark.parametrize("name", SOURCES)
def test_every_hostile_source_ends_in_its_state(tour: Tour, name: str) -> None:
    _, state, reason, links = SOURCES[name]
    found, detail, offered = tour.poll(name)
    assert (found, detail[: len(reason)], offered) == (state, reason, links)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_server_that_cannot_be_had_is_named(tour: Tour, name: str) -> None:
    state, reason = ELSEWHERE[name]
    found, detail, _ = tour.poll(name)
    assert (found, detail[: len(reason)]) == (state, reason)


def test_fifty_healthy_sources_lose_nothing(tour: Tour) -> None:
    for n in range(HEALTHY):
        assert tour.poll(f"healthy-{n}") == ("ok", "", 2)
        assert all(tour.link(f"healthy-{n}", path).stored for path in healthy(n, "one", "two"))


def test_the_crawl_stays_within_its_bounds(tour: Tour) -> None:
    slow = [name for table in (PAGES, ROBOTS, SOURCES) for name, row in table.items() if "timeout" in row[2]]
    waited = (2 * len(slow) + SILENCE) * TIMEOUT  # each is tried twice
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # others may want the processor too
    assert tour.cost.wall < SILENCE * TIMEOUT + waited / CONCURRENCY + crowd * tour.cost.cpu + 10
    assert tour.cost.peak_mb < MOST_MEMORY


def test_first_failures_are_blips_that_stand_in_the_run_record(tour: Tour) -> None:
    assert tour.cost.code == 1
    assert tour.cost.err == ""
    bad = {name for name in tour.urls if tour.poll(name)[0] not in {"ok", "empty", "unchanged"}}
    (run,) = Runs(tour.database).recent(job="crawl", limit=1)
    assert {name for name, result in run.sources.items() if not PollState(result["state"]).succeeded} == bad
    assert all(result.get("detail", "").isprintable() for result in run.sources.values())


def test_no_request_reaches_what_is_out_of_bounds(tour: Tour) -> None:
    assert tour.zoo.broken_in == []
    history = Ledger(tour.database).history(url_key(f"http://{INSIDE}/a"))
    assert history is not None
    assert history.state is LinkState.BLOCKED


def test_every_page_that_was_asked_for_is_accounted_for(tour: Tour) -> None:
    assert tour.counts["pages.requested"] == tour.counts["pages.settled"]


def test_a_flood_of_links_is_taken_in_portions(tour: Tour) -> None:
    assert len(tour.visits("feed-flood")) == 1 + MOST_PAGES
    assert tour.counts["links.waiting"] == 5000 - MOST_PAGES + 50 - MOST_PAGES, "of the flood and of the index"


def test_an_index_of_ten_thousand_sitemaps_is_read_in_part_and_no_page_twice(tour: Tour) -> None:
    visits = tour.visits("index-of-many")
    assert tour.poll("index-of-many") == ("ok", "", 50)
    assert sum(path.startswith("/part-") for path in visits) == 50
    assert sum(path.startswith("/page-") for path in visits) == MOST_PAGES
    assert len(visits) == len(set(visits))
    assert tour.visits("index-of-itself") == ["/feed.xml"]


def test_a_host_that_is_silent_is_not_waited_for_eight_times(tour: Tour) -> None:
    assert len([path for path in tour.visits("dead-end") if path in DEAD_END]) == SILENCE
    reasons = {tour.link("dead-end", path).reason for path in DEAD_END}
    assert reasons <= {"timeout", f"timeout: host was silent {SILENCE} times in a row"}
    assert all(tour.link("dead-end", path).retry_at for path in DEAD_END)


def test_hostile_words_become_harmless_words(tour: Tour) -> None:
    single = [name for name, row in SOURCES.items() if row[3] == 1 and name not in OTHER]
    titles = {name: tour.link(name, "/a").link.title for name in single}
    assert titles["feed-laughs"] == "&e10;"
    assert titles["feed-xxe"] == "&e0;"
    assert titles["feed-controls"] == "A[31mB"
    assert titles["feed-mislabelled"] == TITLE
    assert tour.link("feed-year-9999", "/a").link.published is None
    stored = tour.link("mislabelled", "/mislabelled").stored
    assert stored is not None
    assert stored.article.text.startswith("Мельница у старого моста")


def test_the_next_crawl_is_healthy_too(tour: Tour) -> None:
    for n in range(HEALTHY):
        url = tour.urls[f"healthy-{n}"].removesuffix("/feed.xml")
        tour.zoo.change(url, offering("Healthy", healthy(n, "one", "two", "three"), NOW))
    quick = [name for name in tour.urls if name.startswith("healthy-") or (name in SOURCES and name != "feed-slow")]
    cost = crawled(tour.desk, *(f"--source={name}" for name in quick))
    assert (cost.code, cost.peak_mb < MOST_MEMORY) == (1, True), cost.err
    assert all(tour.link(f"healthy-{n}", f"/three-{n}").stored for n in range(HEALTHY))
    asked = [path for n in range(HEALTHY) for path in tour.visits(f"healthy-{n}") if path != "/feed.xml"]
    assert len(asked) == len(set(asked)) == 3 * HEALTHY, "what is known is not fetched again"
