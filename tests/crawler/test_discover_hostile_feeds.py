from __future__ import annotations

import gzip
import json
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.discover import Drop, Found, MalformedFeedError, NotAFeedError, SourceKind, discover
from crawler.discover.decoding import decode, is_utf8
from crawler.discover.markup import plain
from crawler.text import clean_line
from tests.crawler.feed_texts import AT, NAMESPACES, URL, item, read, rss


class TestEncodings:
    TITLE = "Шпионы читали почту министерства иностранных дел"

    def feed(self, prolog: str, encoding: str, title: str = TITLE) -> bytes:
        text = rss(f"<title>{title}</title><link>https://a.example/</link>")
        return text.replace('<?xml version="1.0"?>', prolog).encode(encoding)

    @pytest.mark.parametrize(
        ("prolog", "encoding", "charset"),
        [
            ('<?xml version="1.0" encoding="utf-8"?>', "utf-8", None),
            ('<?xml version="1.0" encoding="windows-1251"?>', "cp1251", None),
            ("", "koi8-r", "koi8-r"),
            ('<?xml version="1.0" encoding="utf-8"?>', "cp1251", None),  # mislabelled
            ('<?xml version="1.0" encoding="utf-8"?>', "koi8-r", "utf-8"),  # mislabelled twice
            ('<?xml version="1.0" encoding="iso-8859-1"?>', "utf-8", "iso-8859-1"),
            ('<?xml version="1.0" encoding="utf-16"?>', "utf-16", None),
            ('<?xml version="1.0"?>', "utf-16-be", None),
            ('\ufeff<?xml version="1.0" encoding="iso-8859-1"?>', "utf-8", "iso-8859-1"),
            ('<?xml version="1.0" encoding="no-such-code"?>', "utf-8", "x-user-defined"),
        ],
    )
    def test_text_is_read_whatever_the_labels_claim(self, prolog: str, encoding: str, charset: str | None) -> None:
        (link,) = read(self.feed(prolog, encoding), charset=charset).links
        assert link.title == self.TITLE

    def test_western_text_without_a_label_is_windows_1252(self) -> None:
        title = "Où l’espion était caché : “à l’été” — 2º français"
        (link,) = read(self.feed("", "cp1252", title)).links
        assert link.title == title

    def test_one_broken_byte_does_not_change_the_encoding(self) -> None:
        body = self.feed("", "utf-8").replace("почту".encode(), "почту".encode()[:-1])
        (link,) = read(body).links
        assert link.title is not None
        assert link.title.startswith("Шпионы читали почт")

    def test_a_gzipped_feed_is_unpacked(self) -> None:
        assert len(read(gzip.compress(rss(item()).encode())).links) == 1


class TestDamage:
    def test_bare_ampersands_and_undeclared_entities_are_mended(self) -> None:
        (link,) = read(
            rss("<title>A & B&nbsp;&eacute; &bogus; &#1; C&D</title><link>https://a.example/?a=1&b=2</link>")
        ).links
        assert link.title == "A & B é &bogus; C&D"
        assert link.url == "https://a.example/?a=1&b=2"

    def test_control_characters_do_not_hide_items(self) -> None:
        found = read(rss("<title>A\x00\x1b[31mB\x08</title><link>https://a.example/</link>", item(2)))
        assert [link.title for link in found.links] == ["A[31mB", "Story 2"]

    @pytest.mark.parametrize(
        "reference", ["&#xD800;", "&#x&#x1;D800;", "&#x0000D800", "&#x110000;", "&#;", "&#99999999999;"]
    )
    @pytest.mark.parametrize("place", ["<a xmlns:x='{}'/>", "<![CDATA[{}", "<title>{}</title>", "<x{}/>"])
    def test_forbidden_numbers_harm_no_other_item(self, reference: str, place: str) -> None:
        found = read(rss(item(1), "<x:y>" + place.format(reference), item(3)))
        assert "Story 1" in {link.title for link in found.links}

    def test_an_unclosed_item_does_not_swallow_the_next(self) -> None:
        body = rss(item(1), item(2), item(3)).replace("</item>", "", 1)
        assert [link.title for link in read(body).links] == ["Story 1", "Story 2", "Story 3"]

    def test_a_feed_cut_off_in_the_middle_gives_what_came(self) -> None:
        body = rss(item(1), item(2), item(3))
        found = read(body[: body.index("Story 3")])
        assert [link.title for link in found.links] == ["Story 1", "Story 2"]
        assert found.dropped == {Drop.NO_LINK: 1}

    def test_a_bottomless_item_costs_only_itself(self) -> None:
        found = read(rss(item(1), "<title>" + "<b>" * 50_000, item(3)))
        assert {"Story 1", "Story 3"} <= {link.title for link in found.links}

    def test_prefixes_without_a_namespace_are_understood(self) -> None:
        body = rss(item(1, "<dc:date>2026-11-20</dc:date><dc:creator>Ana Prado</dc:creator>")).replace(NAMESPACES, "")
        (link,) = read(body).links
        assert link.published == datetime(2026, 11, 20, tzinfo=UTC)
        assert link.authors == ("Ana Prado",)

    @pytest.mark.parametrize(
        "junk",
        ["\n\n  ", "<?xml version='1.0'>", "<br />\n<b>Warning</b>: mysql gone in /srv/feed.php\n", "<!-- cached -->"],
    )
    def test_junk_before_the_feed_is_passed_over(self, junk: str) -> None:
        assert len(read(junk + rss(item())).links) == 1

    def test_a_doctype_inside_a_text_is_text(self) -> None:
        (link,) = read(rss(item(1, "<description><![CDATA[Begin with <!DOCTYPE ]]></description>"))).links
        assert link.summary == "Begin with <!DOCTYPE"


class TestMalice:
    BILLION = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))

    @pytest.mark.parametrize(
        "doctype",
        [
            f'<!DOCTYPE rss [<!ENTITY e0 "ha">{BILLION}]>',
            '<!DOCTYPE rss [<!ENTITY e11 SYSTEM "file:///etc/hostname">]>',
            '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
        ],
    )
    def test_entities_are_neither_expanded_nor_fetched(self, doctype: str) -> None:
        body = rss("<title>A &e11; B</title><link>https://a.example/</link>").replace("?>", f"?>{doctype}", 1)
        (link,) = read(body).links
        assert link.title == "A &e11; B"

    @pytest.mark.parametrize(
        "markup",
        [
            "<author>" + "a@" * 40_000 + "</author>",
            "<author>" + "(" * 80_000 + "</author>",
            "<title>" + "&lt;script&gt;" * 8_000 + "</title>",
            "<title>" + "&lt;a " * 16_000 + "</title>",
            "<title>" + "&lt;!--" * 16_000 + "</title>",
            "<pubDate>" + "1 " * 40_000 + "</pubDate>",
            "<pubDate>" + "1" * 80_000 + "</pubDate>",
            "<description>" + "&amp;" * 16_000 + "</description>",
            "<title>" + "<b>x</b>" * 20_000 + "</title>",
            "<link>http://" + "a." * 40_000 + "</link>",
            "<link>/" + "../" * 30_000 + "</link>",
            "<![CDATA[" * 20_000,
            "<item>" * 20_000,
            "<category/>" * 100_000,
            "<link/><guid>x</guid>" * 20_000,
            "<author>Ana Prado</author><pubDate>soon</pubDate>" * 20_000,
            "<description>" + "x" * 1_000_000 + "</description>",
            "<pubDate>" + "x" * 1_000_000 + " 08:05:00 GMT</pubDate>",
            "<link>https://a.example/" + "x/" * 40_000 + "</link>",
            "".join(f"</item><item><link>/{n}</link>" + "<guid/>" * (n % 900) for n in range(400)),
            "<rss " + "x='y' " * 20_000 + ">" + "<item>" * 5_000,
            "&" * 100_000,
            "&#" * 50_000,
        ],
    )
    def test_a_huge_field_costs_no_time(self, markup: str) -> None:
        start = time.process_time()
        read(rss(item(1, markup), item(2)))
        assert time.process_time() - start < 2

    def test_an_unclosed_doctype_costs_no_time(self) -> None:
        start = time.process_time()
        with pytest.raises((MalformedFeedError, NotAFeedError)):
            read("<!DOCTYPE rss [" + "<!ENTITY a '" * 20_000 + "<rss>")
        assert time.process_time() - start < 2

    @pytest.mark.parametrize(
        "prolog", ["<?a ?>" * 20_000, "<?" * 50_000, "<?" + "?" * 100_000, "<?xml ?>" + " " * 90_000]
    )
    def test_an_endless_prolog_costs_no_time(self, prolog: str) -> None:
        start = time.process_time()
        with suppress(MalformedFeedError, NotAFeedError):
            read(prolog + rss(item()), kind=None)
        assert time.process_time() - start < 2

    def test_a_gzip_bomb_is_read_to_the_limit_and_counted(self) -> None:
        bomb = gzip.compress(rss(item(1)).encode() + b" " * 80_000_000)
        found = read(bomb)
        assert len(found.links) == 1
        assert found.dropped == {Drop.OVER_SIZE: 1}


class TestOtherThings:
    def test_halves_of_surrogate_pairs_go_nowhere(self) -> None:
        feed = {"version": "https://jsonfeed.org/version/1", "items": [{"url": "/\ud800a", "title": "A\udfffB"}]}
        (link,) = read(json.dumps(feed)).links
        assert (link.url, link.title) == ("https://news.example/a", "AB")

    def test_a_page_instead_of_a_feed_is_named(self) -> None:
        with pytest.raises(NotAFeedError, match="an HTML page titled 'Consent'") as caught:
            read("<!doctype html><html><head><title>Consent</title></head><body>...</body></html>")
        assert caught.value.expected == SourceKind.FEED

    @pytest.mark.parametrize(
        "body",
        [
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>',
            '{"error": "rate limited"}',
            "Service Unavailable",
            "%PDF-1.7 \x80\x81",
            '<opml version="2.0"><body/></opml>',
        ],
    )
    def test_what_is_no_feed_is_refused(self, body: str) -> None:
        with pytest.raises(NotAFeedError):
            read(body)

    @pytest.mark.parametrize(
        "body", [b"", b" \n\0", b"\x1f\x8b broken", b'{"items": [', b'{"items": 3}', b'{"items":' + b"[" * 99_999]
    )
    def test_what_cannot_be_read_at_all_is_malformed(self, body: bytes) -> None:
        with pytest.raises(MalformedFeedError):
            read(body)

    def test_the_kind_is_told_from_the_bytes(self) -> None:
        assert read(rss(item()), kind=None).kind is SourceKind.FEED
        assert read('{"version": "https://jsonfeed.org/version/1", "items": []}', kind=None).kind is SourceKind.FEED


MARKUP = st.sampled_from(
    """
    <rss> <channel> <item> </item> <entry> <link> </link> https://a.example/ <title> <![CDATA[ ]]> &amp; &#0; &#xD800;
    & < >
    xmlns='x' <guid/> xml:base='http://[' <feed> <link/href='//['/> <!DOCTYPE [ <?xml ?> é 2026-02-30 <pubDate> <urlset>
    <url><loc> <sitemapindex> <sitemap> <lastmod> {"items":[ {"url": ]} <html> <a/href='/x-y-z'> \x00 \ud800
    """.split()
)


def encoded(parts: list[str]) -> bytes:
    return "".join(parts).encode("utf-8", "surrogatepass")


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.one_of(MARKUP, st.text(max_size=5)), max_size=40).map(encoded),
    ),
    st.sampled_from([None, *SourceKind]),
    st.sampled_from([None, "utf-8", "utf-16", "koi8-r", "x"]),
)
@example(b"<rss><item><link>\xff\xfe</link></item>", None, "utf-7")
def test_nothing_but_the_two_named_errors_is_raised(body: bytes, kind: SourceKind | None, charset: str | None) -> None:
    try:
        found = discover(body, url=URL, source="agency", charset=charset, kind=kind, at=AT)
    except (NotAFeedError, MalformedFeedError):
        return
    assert len({link.key for link in found.links}) == len(found.links)
    assert all(count > 0 for count in found.dropped.values())


@given(
    st.lists(st.one_of(MARKUP, st.text(max_size=5)), max_size=40).map(encoded),
    st.sampled_from([None, "utf-8", "iso-2022-jp", "hz-gb-2312", "koi8-r"]),
    st.sampled_from(["", "<?xml version='1.0' encoding='{}'?>", "<?xml version='1.1' encoding='{}'?>\n<?x ?>"]),
)
def test_a_document_is_read_as_it_stands_as_if_it_had_been_decoded(
    middle: bytes, charset: str | None, prolog: str
) -> None:
    start, _, end = rss(item(), "{}", item(2)).removeprefix('<?xml version="1.0"?>').encode().partition(b"{}")
    body = prolog.format(charset or "utf-8").encode() + start + middle + end
    assert outcome(body, charset) == outcome(b"<!-- makes it plain no more -->" + body, charset)


def outcome(body: bytes, charset: str | None) -> Found | str:
    try:
        return discover(body, url=URL, source="agency", charset=charset, at=AT)
    except (NotAFeedError, MalformedFeedError) as error:
        return str(error)


@given(st.binary(max_size=40), st.sampled_from([None, "utf-8", "utf-16", "iso-2022-jp", "hz-gb-2312", "koi8-r"]))
@example(b"<\0?\0", None)
@example(b"\xef\xbb\xbf<rss/>", None)
@example(b"<rss>~{VPND~}</rss>", "hz-gb-2312")
def test_what_is_called_utf8_is_decoded_as_utf8(body: bytes, charset: str | None) -> None:
    if is_utf8(body, charset):
        assert decode(body, charset) == body.decode()


@given(st.text())
def test_plain_text_is_clean(text: str) -> None:
    assert clean_line(plain(text)) == plain(text)
