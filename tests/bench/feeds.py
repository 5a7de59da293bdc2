"""How our feed reader does beside feedparser: `python -m tests.bench.feeds [--differences]`.

Reads the feeds and the two parser test suites of the shared data, and a generated feed for the time. An item, link or
date counts for a reader if it gives one at all; "same" are those on which both agree, item by item. Links differ where
we take the publisher's own URL (`feedburner:origLink`) and feedparser the one that counts clicks.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tarfile
import time
import warnings
from calendar import timegm
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import feedparser

from crawler.discover import MalformedFeedError, NotAFeedError, discover, feeds
from crawler.discover.dates import parse_date
from crawler.discover.decoding import decode
from crawler.discover.items import read_item
from crawler.run import collect_seldom
from crawler.urls import absolute_url, url_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.discover.offers import Offer

SHARED = Path(os.environ.get("SPYWIRE_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
AT = datetime(2026, 11, 22, tzinfo=UTC)
BASE = "http://127.0.0.1:8097/feed"
ENDINGS = (".xml", ".rss", ".atom", ".json")
# Microsoft's CDF of 1997, which nobody serves any more, and what a suite expects of its readers, in JSON of its own.
LEFT_OUT = re.compile(r"/cdf|(?<!/json)/(?!sample|json1)[^/]*\.json$|_expected\.json$")
ITEMS = 2_000


@dataclass(frozen=True)
class Item:
    """What a reader says of one item."""

    key: str | None
    date: datetime | None


@dataclass
class Score:
    """Counts over one corpus, ours first."""

    documents: int = 0
    items: list[int] = field(default_factory=lambda: [0, 0])
    links: list[int] = field(default_factory=lambda: [0, 0])
    dates: list[int] = field(default_factory=lambda: [0, 0])
    same_links: int = 0
    same_dates: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, name: str, ours: list[Item], theirs: list[Item]) -> None:
        self.documents += 1
        for reader, items in enumerate((ours, theirs)):
            self.items[reader] += len(items)
            self.links[reader] += sum(item.key is not None for item in items)
            self.dates[reader] += sum(item.date is not None for item in items)
        if len(ours) != len(theirs):
            self.differences.append(f"{name}: {len(ours)} items, feedparser {len(theirs)}")
        for mine, other in zip(ours, theirs, strict=False):
            self.same_links += other.key is not None and mine.key == other.key
            self.same_dates += other.date is not None and mine.date == other.date
            if mine != other:
                self.differences.append(f"{name}: {mine}\n    feedparser {other}")


def our_items(body: bytes) -> list[Item]:
    """The items before capping and dropping, so that both readers are asked the same."""
    text = decode(body)
    if text.lstrip().startswith("{"):
        return [_item(feeds._json_offer(item, BASE)) for item in json.loads(text)["items"]]
    try:
        elements = feeds._parsed(body, None).items
    except MalformedFeedError:
        return []
    return [_item(read_item(element, feeds._base(element, BASE))) for element in elements]


def _item(offer: Offer) -> Item:
    return Item(
        _key(offer.base, offer.href or ""), next((date for text in offer.dates if (date := parse_date(text))), None)
    )


def their_items(body: bytes) -> list[Item]:
    parsed = feedparser.parse(body, response_headers={"content-location": BASE})
    return [Item(_key(BASE, _their_link(entry)), _their_date(entry)) for entry in parsed.entries]


def _their_link(entry: dict[str, Any]) -> str:
    """The link, unless feedparser took an identifier such as "abc123" for a relative one."""
    link: str = entry.get("link", "")
    return link if entry.get("links") or urlsplit(link).netloc != urlsplit(BASE).netloc else ""


def _their_date(entry: dict[str, Any]) -> datetime | None:
    moment = entry.get("published_parsed") or entry.get("updated_parsed") or entry.get("created_parsed")
    return datetime.fromtimestamp(timegm(moment), UTC) if moment else None


def _key(base: str, href: str) -> str | None:
    url = absolute_url(base, href) if href else None
    return url_key(url) if url else None


def documents() -> Iterator[tuple[str, str, bytes]]:
    """(corpus, name, body) of every feed of the shared data."""
    for path in sorted((SHARED / "data" / "feeds").iterdir()):
        if path.suffix == ".tgz":
            with tarfile.open(path) as archive:
                for member in archive:
                    if wanted(member) and (file := archive.extractfile(member)):
                        yield path.stem, member.name, file.read()
        elif path.suffix in ENDINGS:
            yield "real and malformed", path.name, path.read_bytes()


def wanted(member: tarfile.TarInfo) -> bool:
    return member.isfile() and member.name.endswith(ENDINGS) and not LEFT_OUT.search(member.name)


def is_feed(body: bytes) -> bool:
    try:
        return discover(body, url=BASE, source="bench", at=AT).kind == "feed"
    except NotAFeedError:
        return False
    except MalformedFeedError:
        return True


def scores() -> dict[str, Score]:
    by_corpus: dict[str, Score] = {}
    for corpus, name, body in documents():
        if is_feed(body):
            by_corpus.setdefault(corpus, Score()).add(name, our_items(body), their_items(body))
    return by_corpus


def generated(items: int = ITEMS) -> bytes:
    """A well-formed RSS feed such as an agency serves."""
    item = (
        "<item><title>Ministry says intruders read its mail for {n} days, officials confirm</title>"
        "<link>https://news.example/2026/11/{day:02}/ministry-says-intruders-read-its-mail-{n}</link>"
        "<description>Investigators found the implant on {n} servers; the attackers came through a supplier &amp;amp; "
        "stayed for months, two people with knowledge of the case said on Monday.</description>"
        "<pubDate>{day:02} Nov 2026 10:{minute:02}:00 GMT</pubDate>"
        '<guid isPermaLink="false">id-{n}</guid><dc:creator>Jane Doe</dc:creator></item>'
    )
    body = "".join(item.format(n=n, day=n % 20 + 1, minute=n % 60) for n in range(items))
    opening = '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{opening}{body}</channel></rss>'.encode()


def blog(items: int = ITEMS) -> bytes:
    """The feed of a blog: HTML in the descriptions, the whole text beside them, categories, a slash at a link's end."""
    item = (
        "<item>\n\t\t<title>Intruders read a ministry&#8217;s mail for {n} days</title>\n"
        "\t\t<link>https://blog.example/2026/11/intruders-read-a-ministrys-mail-{n}/</link>\n"
        "\t\t<dc:creator><![CDATA[Jane Doe]]></dc:creator>\n"
        "\t\t<pubDate>{weekday}, {day:02} Nov 2026 10:{minute:02}:07 +0000</pubDate>\n{categories}"
        '\t\t<guid isPermaLink="false">https://blog.example/?p={n}</guid>\n'
        "\t\t<description><![CDATA[<p>The implant was found on {n} servers; the attackers came through a supplier "
        "&amp; stayed for months, two people with knowledge of the case said on&nbsp;Monday. It hid in the one place "
        "nobody&#8217;s scanner looked [&#8230;]</p>\n"
        '<p>The post <a href="https://blog.example/2026/11/intruders-read-a-ministrys-mail-{n}/">Intruders read a '
        'ministry&#8217;s mail</a> appeared first on <a href="https://blog.example">Our Blog</a>.</p>\n'
        "]]></description>\n\t\t<content:encoded><![CDATA[{text}]]></content:encoded>\n"
        '\t\t<slash:comments>{minute}</slash:comments>\n\t\t<media:content url="https://blog.example/{n}.jpg" '
        'medium="image"><media:title type="html">{n}</media:title></media:content>\n\t</item>\n'
    )
    text = '<p>What the logs <strong>showed</strong> was <a href="https://blog.example/logs/">odd</a>.</p>\n' * 25
    start = datetime(2026, 11, 1, tzinfo=UTC)
    body = "".join(
        item.format(
            n=n,
            day=n % 20 + 1,
            weekday=(start + timedelta(days=n % 20)).strftime("%a"),
            minute=n % 60,
            categories="\t\t<category><![CDATA[News]]></category>\n" * (n % 4 + 1),
            text=text,
        )
        for n in range(items)
    )
    opening = (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
        'xmlns:media="http://search.yahoo.com/mrss/"><channel>\n\t<title>Our Blog</title>\n'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>{opening}{body}</channel></rss>'.encode()


def best_cpu(read: Callable[[bytes], object], body: bytes, rounds: int) -> float:
    """The least CPU seconds of several rounds."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        read(body)
        seconds.append(time.process_time() - start)
    return min(seconds)


def report(by_corpus: dict[str, Score]) -> None:
    print(f"{'':22}{'docs':>6}{'items':>14}{'links':>14}{'same':>7}{'dates':>14}{'same':>7}   (ours / feedparser)")
    for corpus, score in by_corpus.items():
        items, links, dates = (f"{ours:,} / {theirs:,}" for ours, theirs in (score.items, score.links, score.dates))
        print(
            f"{corpus:22}{score.documents:>6}{items:>14}{links:>14}{score.same_links:>7}{dates:>14}{score.same_dates:>7}"
        )


def main() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # feedparser's own
    if (SHARED / "data" / "feeds").is_dir():
        by_corpus = scores()
        report(by_corpus)
        if "--differences" in sys.argv:
            print(*(line for score in by_corpus.values() for line in score.differences), sep="\n")
    else:
        print(f"no shared data at {SHARED}: only the time is measured")
    collect_seldom()  # as a crawl does
    for name, body in (("an agency", generated()), ("a blog", blog())):
        ours = best_cpu(lambda body: discover(body, url=BASE, source="bench", at=AT), body, rounds=25)
        theirs = best_cpu(feedparser.parse, body, rounds=2)
        print(f"{ITEMS} items of {name}: {ours * 1000:.1f} ms CPU to links, feedparser {theirs * 1000:.0f} to entries")


if __name__ == "__main__":
    main()
