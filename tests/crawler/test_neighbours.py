"""What a page's neighbours teach: what a host repeats, what it says in a story's place, what it sells."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, cast

import pytest

from crawler.assess import announced, read
from crawler.classify.model import PACKAGED
from crawler.extract.described import described
from crawler.habits import Habits
from crawler.judging import assessment_of
from crawler.page import Page
from crawler.report import Tracker
from crawler.urls import url_key
from crawler.workers import Workers
from jobs.filters import article_json
from jobs.show import article_text
from jobs.why import history_text
from storage.records import Article, Extent, HostLines, Link, LinkState
from tests.crawler.test_archives import archive, http, packed, record
from tests.newsdesk import Desk
from tests.web import Site, story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from crawler.assess import Assessment

    Estuary = tuple[Desk, Site, dict[str, int]]

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOWNS = [
    "Aldmouth",
    "Brackwater",
    "Cranby",
    "Dunsand",
    "Eelpool",
    "Farrow",
    "Gullness",
    "Herrick",
    "Ibsmere",
    "Jarlsay",
]
DESK = "The Estuary Desk is on the air at seven and at nine"


def tale(town: str) -> str:
    """A story of its own for every town, with a line under it that all have."""
    return story(
        f"Intruders read the mail of {town} harbour for a year",
        f"State-backed hackers broke into the network of the harbour office in {town} and read its mail for a year, "
        f"the national cyber agency said on Friday. Nobody in {town} had looked at the logs since the flood.",
        f"The mayor of {town} said that the espionage group had copied the plans of the new {town} lock, and that the "
        f"ministry had known of the intrusion since the spring. The council of {town} meets on the first of the month.",
        f"Investigators found the backdoor when the {town} pilots complained that their tide tables were late. The "
        f"agency blamed the campaign on a foreign intelligence service with moderate confidence, {town} radio says.",
        DESK,
    )


def feed(*items: tuple[str, str, str]) -> str:
    """RSS with summaries."""
    told = "".join(
        f"<item><title>{escape(title)}</title><link>{url}</link><description>{escape(summary)}</description>"
        f"<pubDate>{format_datetime(datetime.now(UTC))}</pubDate></item>"
        for title, url, summary in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Example</title>{told}</channel></rss>'


SOLD = "Subscribers can read on. A year costs less than a coffee a week, and the first month is free of charge."
SUMMARY = (
    "Hackers working for a foreign intelligence service read the mail of the foreign ministry for a year, the national "
    "cyber agency says, and planted a backdoor on its servers. Diplomats of two neighbouring states were spied on."
)
WALL = (
    '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "H", '
    '"isAccessibleForFree": false, "author": {"@type": "Person", "name": "Ada Quayle"}}</script>'
)
NOTICE = story(
    "The Example",
    "We are sorry. What you came for has been moved, renamed or taken away, and our front page may know where to. Our "
    "readers' office answers letters on weekdays between nine and five, except on the days when there is a parade.",
)
MISSING = {
    "/story-a": "Spies read a ministry's mail",
    "/story-b": "Hackers copy the plans of a lock",
    "/story-c": "Agents sold the tide tables",
}


@pytest.fixture(scope="module")
def estuary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estuary]:
    """A desk that has read an outlet twice; what it counted the second time."""
    desk = Desk(tmp_path_factory.mktemp("estuary"))
    with Site() as site:
        desk.configure(site)
        urls = [site.add(f"/2026/{town}", tale(town)) for town in TOWNS[:4]]
        missing = [(title, site.add(path, NOTICE), "") for path, title in MISSING.items()]
        told = site.add("/told", story("Spies read a ministry's mail for a year", SOLD, head=WALL))
        untold = site.add("/untold", story("Agents sold the tide tables", SOLD, head=WALL))
        sold = [("Spies read a ministry's mail for a year", told, SUMMARY), ("Agents sold the tables", untold, "Soon.")]
        desk.sources(estuary=site.add("/feed.xml", feed(*(("", url, "") for url in urls[:3]), *missing, *sold)))
        first = desk.crawl()
        assert first.code == 0, first.err
        site.add("/feed.xml", feed(("", urls[3], "")))
        yield desk, site, desk.crawl().json["counts"]


def test_a_line_that_a_host_repeats_is_gone_from_its_next_article(estuary: Estuary) -> None:
    desk, site, counts = estuary
    third, fourth = (desk.history(url_key(f"{site.url}/2026/{town}")).stored for town in TOWNS[2:4])
    assert third is not None
    assert fourth is not None
    assert DESK in third.article.text
    assert DESK not in fourth.article.text
    assert (fourth.article.dropped_lines, fourth.article.text.count("\n")) == (1, 2)
    assert counts["lines.dropped"] == 1


def test_why_counts_what_was_dropped(estuary: Estuary) -> None:
    desk, site, _ = estuary
    url = f"{site.url}/2026/{TOWNS[3]}"
    assert "  dropped    1 line that the host repeats" in history_text(desk.history(url_key(url)))
    article = desk.run("why", url, "--json").json["article"]
    assert (article["dropped_lines"], article["quality"], article["signs"], article["extent"]) == (1, 1.0, [], "full")


def test_one_text_for_three_stories_is_none_of_them_and_no_digest_shows_it(estuary: Estuary) -> None:
    desk, site, _ = estuary
    told = [desk.history(url_key(site.url + path)) for path in MISSING]
    assert {history.state for history in told} == {LinkState.NOT_AN_ARTICLE}
    assert all(history.reason.startswith("soft 404: the same text as 2 other pages of 127.0.0.1") for history in told)
    assert all(history.stored is None for history in told)
    assert "not-an-article: soft 404: the same text" in history_text(told[0])


def test_of_what_is_paid_for_the_feeds_summary_is_kept_and_marked_as_one(estuary: Estuary) -> None:
    desk, site, _ = estuary
    history = desk.history(url_key(f"{site.url}/told"))
    assert history.stored is not None
    article = history.stored.article
    assert (article.text, article.paywalled, article.extent) == (SUMMARY, True, Extent.SUMMARY)
    assert "  extent     summary: paywall; judged on the feed's summary" in history_text(history)
    refused = desk.history(url_key(f"{site.url}/untold"))
    assert (refused.state, refused.stored) == (LinkState.NOT_AN_ARTICLE, None)
    assert refused.reason.startswith("paywall")


def test_the_pages_of_an_archive_teach_those_that_follow(desk: Desk, tmp_path: Path) -> None:
    towns = [f"{town}{end}" for town in TOWNS for end in ("", " Bay", " Quay")]
    urls = [f"https://estuary.example/{town.replace(' ', '-')}" for town in towns]
    pages = [record(url, http(tale(town).encode())) for town, url in zip(towns, urls, strict=True)]
    (tmp_path / "years.warc.gz").write_bytes(packed(*pages))
    desk.configure()
    archive(desk, "years", tmp_path / "years.warc.gz")
    result = desk.crawl()
    assert result.code == 0, result.err
    assert result.json["counts"]["lines.dropped"] >= 1
    last = desk.history(url_key(urls[-1])).stored
    assert last is not None
    assert DESK not in last.article.text


def page(body: str, **link: str) -> Page:
    known = Link(key="https://a.example/1", url="https://a.example/1", source="a")
    known = known._replace(title=link.get("title"), summary=link.get("summary"))
    return Page(url="https://a.example/1", body=body.encode(), link=known, fetched_at=NOW)


@pytest.mark.parametrize(
    "link", [{}, {"title": "Spies"}, {"summary": SUMMARY}, {"title": "Spies", "summary": "Read on for more."}]
)
def test_what_the_feed_does_not_tell_cannot_be_kept(link: dict[str, str]) -> None:
    assert announced(page("<title>Spies</title>", **link)) is None


def test_a_description_is_read_from_the_head_whatever_follows() -> None:
    head = f"<html><head><title>Spies in a ministry</title><meta name='description' content='{SUMMARY}'></head>"
    article = described(page(head + "<body>" + "<div>" * 200_000))
    assert article is not None
    assert (article.title, article.text, article.extent) == ("Spies in a ministry", SUMMARY, Extent.SUMMARY)
    assert described(page(f"<html><head><title>Spies</title></head><body><p>{SUMMARY}")) is None, "no description"
    assert described(page("\x00\x01\x02\x03" * 400)) is None
    assert described(page("")) is None


class Stuck(Workers):
    """Workers that never finish a page."""

    def assess(self, page: Page) -> Future[Assessment]:  # noqa: ARG002
        return cast("Future[Assessment]", self.submit(time.sleep, 60))


def test_a_page_that_had_to_be_killed_is_judged_on_its_description_or_is_unextractable() -> None:
    head = f"<html><head><title>Spies in a ministry</title><meta name='description' content='{SUMMARY}'></head>"
    pages = page(head), page("<title>Spies</title>")

    async def both(workers: Workers) -> list[Assessment]:
        return await asyncio.gather(*(assessment_of(one, workers=workers, tracker=Tracker()) for one in pages))

    with Stuck(PACKAGED, processes=2, deadline=3) as workers:
        told, untold = asyncio.run(both(workers))
    assert told.judged is not None
    assert told.judged.article.extent is Extent.SUMMARY
    assert told.judged.article.extent_reason == "killed: took longer than 3 s; judged on its description"
    assert told.judged.verdict.score is not None
    assert (untold.state, untold.reason) == (LinkState.UNEXTRACTABLE, "took longer than 3 s")


def test_a_host_is_looked_up_often_while_it_is_new_and_seldom_later() -> None:
    looks: list[str] = []

    async def visit(articles: int, pages: int) -> int:
        async def look_up(host: str) -> HostLines:
            looks.append(host)
            return HostLines(articles=articles)

        looks.clear()
        habits = Habits(look_up)
        for _ in range(pages):
            await habits.of("a.example")
        await habits.of("")
        return len(looks)

    assert asyncio.run(visit(0, 100)) == 50
    assert asyncio.run(visit(200, 100)) == 2


def test_an_article_is_printed_with_what_is_odd_about_it() -> None:
    dates = [
        f"In February , the national cyber agency named the unit that had read the mail of {town}. On August , it was "
        f"named again by the mayor, who had lost the plans of the lock and the patience of the council of {town}."
        for town in TOWNS
    ]
    spun = read(page(story("Why do spies hack", *dates)))
    assert isinstance(spun, Article)
    told = article_json(spun)
    assert (told["signs"], told["quality"]) == (["numbers lost after a month", "no author and no date"], 0.5)
    assert "\nquality: 0.50: numbers lost after a month, no author and no date\n" in article_text(spun)
