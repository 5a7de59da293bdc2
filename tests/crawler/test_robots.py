"""What a robots.txt says, to whom, and what its absence means."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scrapy import Request

from crawler.discover import Found, SourceKind
from crawler.discover.auto import Look, Via, next_place
from crawler.robots import LIMIT, Robots, product_token, read_robots, unreachable
from storage.database import Database
from storage.records import LinkState

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

AGENT = "spywire/1.0 (+https://example.org/bot)"
PAGE = "https://a.example/x"


def robots(*lines: str, agent: str = AGENT) -> Robots:
    return read_robots(200, "\n".join(lines).encode(), user_agent=agent)


def allowed(*lines: str, agent: str = AGENT) -> bool:
    return robots(*lines, agent=agent).refusal(PAGE) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_no_robots_txt_is_no_rule(status: int) -> None:
    assert read_robots(status, b"User-agent: *\nDisallow: /", user_agent=AGENT).refusal(PAGE) is None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_a_robots_txt_that_fails_forbids_everything_for_now(status: int) -> None:
    failure = read_robots(status, b"", user_agent=AGENT).refusal(PAGE)
    assert failure is not None
    assert (failure.state, failure.reason) == (LinkState.FAILED, f"robots.txt unreachable: HTTP {status}")
    assert failure.retry_after is not None
    assert unreachable("timeout").refusal(PAGE) is not None


def test_the_rules_of_a_robots_txt_are_kept() -> None:
    rules = robots("User-agent: spywire", "Disallow: /private", "", "User-agent: *", "Disallow: /")
    assert rules.refusal("https://a.example/open") is None
    refusal = rules.refusal("https://a.example/private/x")
    assert refusal is not None
    assert refusal.state is LinkState.BLOCKED


def test_only_the_first_500_kib_of_a_robots_txt_count() -> None:
    assert allowed("User-agent: *", *["# filler"] * 60_000, "Disallow: /")


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_opens_nothing(start: bytes) -> None:
    body = start + b"User-agent: *\r\nDisallow: /\r\n"
    assert read_robots(200, body, user_agent=AGENT).refusal(PAGE) is not None


@pytest.mark.parametrize(
    ("agent", "token"),
    [
        (AGENT, "spywire"),
        ("Newsdesk", "newsdesk"),
        ("MJ12bot/2.0", "mj12bot"),
        ("desk_reader-x/1.0 spywire/1.0", "desk_reader-x"),
        ("Mozilla/5.0 (compatible; ExampleBot/0.1; https://www.example.com/bot.html)", "examplebot"),
        ("(+desk@example.org)", ""),
        ("", ""),
    ],
)
def test_whoever_is_asked_for_goes_by_the_first_name_of_its_user_agent(agent: str, token: str) -> None:
    assert product_token(agent) == token


@pytest.mark.parametrize("name", ["spywire", "SpyWire", "spywire/1.0", "spywire 2", "spywire*", "\tspywire # us"])
def test_a_group_for_our_name_is_for_us(name: str) -> None:
    assert not allowed("User-agent: *", "Allow: /", f"User-agent: {name}", "Disallow: /")


@pytest.mark.parametrize("name", ["bot", "spy", "wire", "spywire-x", "spywire2", "example", "https", "1", "", "-"])
def test_a_group_for_another_name_is_not(name: str) -> None:
    assert allowed("User-agent: *", "Allow: /", f"User-agent: {name}", "Disallow: /")


def test_a_group_of_ours_leaves_those_for_everybody_aside_even_if_it_is_empty() -> None:
    assert allowed("User-agent: *", "Disallow: /", "User-agent: spywire", "Disallow:")
    assert allowed("User-agent: *", "Disallow: /", "User-agent: spywire")


def test_all_groups_of_one_name_are_one() -> None:
    both = "User-agent: spywire", "Disallow: /a", "User-agent: x", "Allow: /", "User-agent: Spywire", "Disallow: /x"
    assert not allowed(*both)
    assert not allowed(*(line.replace("spywire", "*").replace("Spywire", "*") for line in both))


def test_names_that_follow_each_other_share_what_comes_then() -> None:
    shared = "User-agent: x", "", "# and", "User-agent: spywire", "Sitemap: /s.xml", "User-agent: y", "Disallow: /"
    assert not allowed(*shared)
    assert robots(*shared).sitemaps == ("/s.xml",)
    assert allowed("User-agent: spywire", "Crawl-delay: 5", "User-agent: y", "Disallow: /")


def test_the_pause_that_is_asked_for_is_kept_up_to_half_a_minute() -> None:
    assert robots("User-agent: *", "Crawl-delay: 3").delay == 3
    assert robots("User-agent: *", "Crawl-delay: 3", "User-agent: spywire", "Crawl-delay: 300").delay == 30
    assert robots("User-agent: *", "Crawl-delay: 3", "User-agent: spywire", "Disallow:").delay is None
    assert robots("User-agent: *", "Crawl-delay: nan").delay is None


def test_many_names_for_many_rules_cost_no_more_than_their_bytes() -> None:
    names = [f"User-agent: {n:x}" for n in range(12_000)]
    rules = [f"Disallow: /{n:x}" for n in range(12_000)]
    assert LIMIT - 150_000 < len("\n".join((*names, *rules))) < LIMIT
    started = time.process_time()
    assert not robots(*names, "User-agent: *", *rules).refusal("https://a.example/g")
    assert time.process_time() - started < 2, "one pass; their product took minutes and gigabytes"


NAMES = st.sampled_from(["spywire", "SPYWIRE/2", "*", "spy", "bot", "other"])
RULES = st.sampled_from(
    ["Disallow: /", "Allow: /x", "Disallow: /x", "Crawl-delay: 2", "Sitemap: /s", "", "# x", "Noise"]
)
GROUPS = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), st.lists(RULES, max_size=4)), max_size=6)


@given(GROUPS)
def test_nobody_elses_group_has_a_say(groups: list[tuple[list[str], list[str]]]) -> None:
    """What is left out of a file must not matter: the groups for us, or else for everybody, alone say the same."""
    kept = [(names, [*rules, "Crawl-delay: 1"]) for names, rules in groups]
    ours = [rules for names, rules in kept if {"spywire", "SPYWIRE/2"} & set(names)]
    theirs = [rules for names, rules in kept if "*" in names]
    whole = robots(*chain.from_iterable([*(f"User-agent: {name}" for name in names), *rules] for names, rules in kept))
    alone = robots("User-agent: spywire", *chain.from_iterable(ours or theirs))
    for path in ("/", "/x", "/x/y", "/y"):
        assert whole.refusal(f"https://a.example{path}") == alone.refusal(f"https://a.example{path}")
    assert whole.delay == alone.delay


@given(st.binary(max_size=400))
def test_no_bytes_at_all_are_too_much(body: bytes) -> None:
    assert read_robots(200, body, user_agent=AGENT).failure is None


@given(st.one_of(st.text(max_size=40), st.text("/:@[]\\.?#%a1news", max_size=20).map(lambda odd: f"https://{odd}")))
@example("https://[your-domain]/sitemap.xml")
@example("/news-sitemap.xml")
@example("https://a.example\\[news/")
def test_whatever_a_sitemap_line_says_only_addresses_are_looked_at(line: str) -> None:
    page = Look(url=PAGE, via=Via.ASKED, found=Found(kind=SourceKind.SECTION, links=()))
    looks: list[Look] = []
    while place := next_place(page, robots(f"Sitemap: {line}").sitemaps, looks, at=datetime.now(UTC)):
        assert urlsplit(Request(place.url).url).scheme in {"http", "https"}
        looks.append(Look(url=place.url, via=place.via, trouble="HTTP 404"))


def test_a_sitemap_line_without_an_origin_means_that_of_its_robots_txt() -> None:
    page = Look(url="https://a.example/deep/down", via=Via.ASKED, found=Found(kind=SourceKind.SECTION, links=()))
    for line in ("/news.xml", "news.xml", "//a.example/news.xml"):
        place = next_place(page, robots(f"Sitemap: {line}").sitemaps, (), at=datetime.now(UTC))
        assert place is not None
        assert (place.url, place.via) == ("https://a.example/news.xml", Via.ROBOTS)


def test_a_database_that_does_not_take_a_robots_txt_ends_the_crawl(site: Site, desk: Desk) -> None:
    """Every request of the host waits for the rules that cannot be kept: none of them waits for ever."""
    desk.configure(site)
    desk.sources(**{f"s_{n}": site.add(f"/feed-{n}.xml", "<rss/>", Content_Type="text/xml") for n in range(4)})
    file = f"sqlite:///{desk.folder / 'spywire.db'}"
    Database.open(file).close()
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as database:
        database.execute("create trigger full before insert on robots begin select raise(abort, 'disk is full'); end")
    result = desk.crawl()
    assert "disk is full" in result.json["troubles"]["storage"]
    assert result.code == 74
    assert site.paths() == []
