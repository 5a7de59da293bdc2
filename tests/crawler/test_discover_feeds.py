from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from crawler.discover import Drop, MalformedFeedError, NotAFeedError, SourceKind
from tests.crawler.feed_texts import NAMESPACES, item, read, rss


def test_an_rss_item_becomes_a_link() -> None:
    found = read(
        rss(
            "<title>Implant found in ministry &amp;amp; parliament</title>"
            "<link>https://news.example/2026/implant?utm_source=rss</link>"
            "<pubDate>Sat, 21 Nov 2026 23:15:00 -0500</pubDate>"
            "<description>&lt;p&gt;It was &lt;b&gt;there&lt;/b&gt; for months.&lt;/p&gt;"
            "&lt;p&gt;Nobody saw.&lt;/p&gt;</description>"
            "<dc:creator>Ana Prado</dc:creator><dc:creator>Li Wei</dc:creator>"
        )
    )
    (link,) = found.links
    assert found.kind is SourceKind.FEED
    assert found.title == "Agency"
    assert link.key == "https://news.example/2026/implant"
    assert link.url == "https://news.example/2026/implant?utm_source=rss"
    assert link.source == "agency"
    assert link.title == "Implant found in ministry & parliament"
    assert link.published == datetime(2026, 11, 22, 4, 15, tzinfo=UTC)
    assert link.summary == "It was there for months. Nobody saw."
    assert link.authors == ("Ana Prado", "Li Wei")


def test_an_atom_entry_becomes_a_link() -> None:
    found = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://blog.example/"><title>Blog</title>'
        '<entry xml:base="2026/"><id>tag:blog.example,2026:1</id>'
        '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>new</b> group</div></title>'
        '<link rel="enclosure" href="talk.mp3"/><link rel="related" href="https://other.example/"/><link href="group"/>'
        "<author><name>P. Ost</name><email>p@blog.example</email></author><author><name>Q. West</name></author>"
        "<updated>2026-11-20T10:00:00Z</updated><published>2026-11-19T10:00:00+02:00</published></entry></feed>"
    )
    (link,) = found.links
    assert link.url == "https://blog.example/2026/group"
    assert link.title == "A new group"
    assert link.authors == ("P. Ost", "Q. West")
    assert link.published == datetime(2026, 11, 19, 8, tzinfo=UTC)


def test_an_rdf_item_becomes_a_link() -> None:
    found = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'{NAMESPACES}><channel rdf:about="https://news.example/"><title>Agency</title></channel>'
        '<item rdf:about="https://news.example/1"><title>One</title><dc:date>2026-11-20</dc:date></item></rdf:RDF>'
    )
    (link,) = found.links
    assert link.url == "https://news.example/1"
    assert link.published == datetime(2026, 11, 20, tzinfo=UTC)


def test_a_json_feed_item_becomes_a_link() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Agency",
        "items": [
            {
                "id": "1",
                "url": "/story-1",
                "title": "Values < 3 are text",
                "date_published": "2026-11-21T08:00:00+01:00",
                "authors": [{"name": "Ana Prado"}],
                "content_html": "<p>Lead.</p><script>x()</script>",
            },
            {"id": "https://news.example/story-2"},
            "not an item",
        ],
    }
    found = read(json.dumps(feed))
    first, second = found.links
    assert (first.url, first.title) == ("https://news.example/story-1", "Values < 3 are text")
    assert first.published == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert (first.summary, first.authors) == ("Lead.", ("Ana Prado",))
    assert (second.url, second.title) == ("https://news.example/story-2", None)
    assert found.dropped == {Drop.UNREADABLE: 1}


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ("<link>https://a.example/1</link><guid>https://a.example/2</guid>", "https://a.example/1"),
        ("<guid>https://a.example/2</guid>", "https://a.example/2"),
        ('<guid isPermaLink="true">https://a.example/2</guid>', "https://a.example/2"),
        (
            "<link>https://count.example/~r/1</link><feedburner:origLink>https://a.example/1</feedburner:origLink>",
            "https://a.example/1",
        ),
        (
            '<link>https://a.example/</link><atom:link rel="alternate" href="https://a.example/1"/>',
            "https://a.example/1",
        ),
        (
            '<atom:link rel="self" href="https://a.example/feed"/><link>https://a.example/1</link>',
            "https://a.example/1",
        ),
        ("<link>\n  /relative/1 \n</link>", "https://news.example/relative/1"),
        ("<link><![CDATA[https://a.example/?a=1&b=2]]></link>", "https://a.example/?a=1&b=2"),
        ("<link/>https://a.example/1", "https://a.example/1"),
    ],
)
def test_the_best_link_of_an_item_is_taken(markup: str, url: str) -> None:
    assert [link.url for link in read(rss(markup)).links] == [url]


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<title>No link</title>", Drop.NO_LINK),
        ('<guid isPermaLink="false">https://a.example/2</guid>', Drop.NO_LINK),
        ("<guid>4711</guid>", Drop.NO_LINK),
        ("<link>javascript:alert(1)</link>", Drop.NOT_HTTP),
        ("<link>file:///etc/hostname</link>", Drop.NOT_HTTP),
        ("<link>https://user:pw@a.example/</link>", Drop.NOT_HTTP),
    ],
)
def test_an_item_without_a_link_to_fetch_is_dropped_and_counted(markup: str, reason: Drop) -> None:
    found = read(rss(markup, item()))
    assert len(found.links) == 1
    assert found.dropped == {reason: 1}


def test_the_same_page_twice_in_a_feed_is_one_link() -> None:
    found = read(rss(item(1), "<link>http://www.news.example/story-1/?utm_medium=x</link>", item(2)))
    assert [link.title for link in found.links] == ["Story 1", "Story 2"]
    assert found.dropped == {Drop.DUPLICATE: 1}


def test_undated_items_are_kept_and_impossible_dates_refused() -> None:
    dates = ["", "soon", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31T00:00:00Z", "2026-11-23T05:00:00Z"]
    found = read(rss(*(item(n, f"<pubDate>{date}</pubDate>") for n, date in enumerate(dates))))
    assert [link.published for link in found.links] == [None] * 4 + [datetime(2026, 11, 23, 5, tzinfo=UTC)]
    assert found.dates_refused == 3


def test_an_unreadable_publication_date_gives_way_to_the_update() -> None:
    found = read(rss(item(1, "<pubDate>yesterday</pubDate><atom:updated>2026-11-20T00:00:00Z</atom:updated>")))
    assert found.links[0].published == datetime(2026, 11, 20, tzinfo=UTC)


def test_media_titles_are_not_the_items_title() -> None:
    found = read(
        rss("<media:title>Photo</media:title><link>https://a.example/</link><media:description>x</media:description>")
    )
    assert found.links[0].title is None
    assert found.links[0].summary is None


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("&lt;script&gt;alert(1)&lt;/script&gt;Spies", "Spies"),
        ("Spies<![CDATA[<style>p {}</style> at <i>work</i>]]>", "Spies at work"),
        ("R&amp;amp;D &amp;#8211; &amp;lt;b&amp;gt;", "R&D – <b>"),  # read once: what is left is text
        ("1 &lt; 2 and 3 &gt; 2", "1 < 2 and 3 > 2"),
        ("Zero&#x200B;width &#x202E;reversed\n\n  lines", "Zerowidth reversed lines"),
        ("&lt;img src=x onerror=alert(1)", "<img src=x onerror=alert(1)"),  # never closed, so it is text
        ("<b>Bold</b> start", "Bold start"),
    ],
)
def test_titles_are_text(markup: str, title: str) -> None:
    (link,) = read(rss(f"<title>{markup}</title><link>https://a.example/</link>")).links
    assert link.title == title


def test_a_title_that_is_nothing_but_markup_is_none() -> None:
    (link,) = read(rss("<title>&lt;p&gt; &lt;/p&gt;</title><link>https://a.example/</link>")).links
    assert link.title is None


def test_summaries_and_titles_have_an_end() -> None:
    found = read(rss(f"<title>{'word ' * 9_000}</title><link>/1</link><description>{'word ' * 9_000}</description>"))
    assert len(found.links[0].title or "") <= 500
    assert len(found.links[0].summary or "") <= 2_000


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("desk@news.example (Ana Prado)", ("Ana Prado",)),
        ("Ana Prado &lt;ana@news.example&gt;", ("Ana Prado",)),
        ("desk@news.example", ()),
        (" ", ()),
        ("<atom:name>Ana Prado</atom:name>", ("Ana Prado",)),
    ],
)
def test_authors_are_names_and_not_addresses(author: str, names: tuple[str, ...]) -> None:
    assert read(rss(item(1, f"<author>{author}</author>"))).links[0].authors == names


@pytest.mark.parametrize(
    ("head", "period"),
    [
        ("<ttl>45</ttl>", timedelta(minutes=45)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(hours=6)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ("<ttl>often</ttl>", None),
        ("<ttl>99999999999999</ttl>", timedelta(days=366)),
    ],
)
def test_a_feed_may_say_how_often_to_look(head: str, period: timedelta | None) -> None:
    assert read(rss(item(), head=head)).period == period


def test_what_is_found_and_what_went_wrong_pass_from_process_to_process() -> None:
    found = read(rss(item(), item()))
    assert pickle.loads(pickle.dumps(found)) == found
    assert {type(reason) for reason in found.dropped} == {str}
    for error in (NotAFeedError("feed", "a page"), MalformedFeedError("no markup")):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_an_empty_feed_is_quiet_and_not_broken() -> None:
    found = read(rss())
    assert found.links == ()
    assert not found.dropped


class TestCaps:
    def test_only_the_newest_items_are_taken_and_the_rest_is_counted(self) -> None:
        start = datetime(2025, 1, 1, tzinfo=UTC)
        items = (item(n, f"<pubDate>{(start + timedelta(hours=n)).isoformat()}</pubDate>") for n in range(5_100))
        found = read(rss(*items))
        assert len(found.links) == 5_000
        assert found.links[0].title == "Story 100"
        assert found.dropped == {Drop.OVER_CAP: 100}

    def test_a_date_in_the_future_wins_no_place(self) -> None:
        items = [item(n, "<pubDate>2026-11-20T00:00:00Z</pubDate>") for n in range(5_000)]
        found = read(rss(item(9_999, "<pubDate>2099-01-01T00:00:00Z</pubDate>"), *items))
        assert "Story 9999" not in {link.title for link in found.links}
