import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import urls
from crawler.urls import MAX_URL_LENGTH, absolute_url, host_of, url_and_key, url_key

PAGE = "https://news.example/2026/spies-in-the-mail"

anything = st.text(max_size=60)
odd_urls = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "https:/", "http:", "https:///"]),
    st.sampled_from(["", "www.", "m.", "amp.www.", "user:pw@", "[", "bücher.", "M."]),
    st.one_of(st.sampled_from(["news.example", "news.example:443", "co.uk", "::1]:80", "a。b.example"]), anything),
    st.sampled_from(["", "/", "/a/../b", "/amp/", "/x-1/amp/amp/", "/index.html", "//", "/%41%zz%", "/./..//"]),
    anything,
    st.sampled_from(
        ["", "?utm_source=x&b=2&a=1", "?=&&;", "?print=1&amp;b", "#!/x", "#/y?z", "?a=%%34%31", "?ref=rss"]
    ),
)

# URLs such as feeds have, and those that differ from them in one place.
hosts = st.sampled_from(
    "news.example www.news.example m.co.uk amp.www2.news.example 192.0.2.1 -a.example a-.example a..example a_b.ex "
    "News.example news.example. news.example:443 me@news.example bücher.example localhost xn--bcher-kva.example".split()
)
segments = st.one_of(
    st.sampled_from(
        "2026 11 spies-in-the-mail a index.html default.htm index amp print printer Amp story-7-amp x.amp x.amp.html "
        "7-amp.html story.html story.shtml story.php . .. ~desk a;sid=1 a%2Fb a%41 ä".split()
    ),
    st.text("abzAZ019-_~.%;+ \n", max_size=6),
)
queries = st.sampled_from(
    ["", "?", "?utm_source=rss&utm_medium=x", "?p=12", "?b=2&a=1", "?a=%zz+y", "?ref=rss", "?a&amp;b", "?a=é", "?a=1#b"]
)
feed_like_urls = st.builds(
    "{}{}/{}{}{}{}".format,
    st.sampled_from(["https://", "http://", "https://", " https://", "HTTP://", "https:/", "//", ""]),
    hosts,
    st.lists(segments, max_size=4).map("/".join),
    st.sampled_from(["", "/", "//", "/x", " "]),
    queries,
    st.sampled_from(["", "", "", "#!/x", "\x00", "a" * 700]),
)


@given(feed_like_urls)
def test_the_short_way_to_a_key_leads_to_the_same_key(url: str) -> None:
    plain = urls._plain_key(url)
    if plain is not None:
        assert plain == urls._key(url)
        assert urls._absolute("https://base.example/", url) == url


@given(anything, st.one_of(feed_like_urls, odd_urls, anything))
def test_a_url_and_its_key_are_those_of_the_two_functions(base: str, href: str) -> None:
    url = absolute_url(base, href)
    assert url_and_key(base, href) == (url and (url, url_key(url)))


@given(odd_urls)
def test_a_keys_key_is_itself(url: str) -> None:
    key = url_key(url)
    assert url_key(key) == key


@given(odd_urls)
def test_a_key_is_printable_ascii(url: str) -> None:
    key = url_key(url)
    assert key.isascii()
    assert key.isprintable()
    assert key.startswith("https://")


@given(anything)
def test_what_is_not_http_raises_a_value_error_and_nothing_else(text: str) -> None:
    if not text.strip().lower().startswith(("http:", "https:")):
        with pytest.raises(ValueError, match="not an http"):
            url_key("x" + text)


@given(anything, st.one_of(anything, odd_urls))
def test_what_may_be_fetched_has_a_key_and_a_host(base: str, href: str) -> None:
    url = absolute_url(base, href)
    if url is not None:
        assert len(url) <= MAX_URL_LENGTH
        assert url_key(url)
        assert host_of(url)
        assert absolute_url(base, url) == url


@pytest.mark.parametrize(
    "spelling",
    [
        "http://news.example/2026/spies-in-the-mail",
        "HTTPS://WWW.News.Example:443/2026/spies-in-the-mail/",
        "https://news.example:80/2026//./drafts/../spies-in-the-mail",
        "https://reader:secret@news.example/2026/spies-in-the-mail",
        "https://news.example./2026/spies-in-the-mail#comments",
        "https://news.example/2026/spies-in-the-mail#:~:text=mail",
        "https://news.example/2026/%73pies-in-the-mail",
        "https://news.example/2026/spies-in-the-mail;jsessionid=4F2A",
        "https://news.example/2026/spies-in-the-mail?utm_source=rss&utm_medium=feed",
        "https://news.example/2026/spies-in-the-mail?fbclid=x&gclid=y&mc_cid=z&at_medium=RSS&ns_mchannel=social",
        "https://news.example/2026/spies-in-the-mail?ref=newsletter&from=rss",
        "https://m.news.example/2026/spies-in-the-mail",
        "https://www.m.news.example/2026/spies-in-the-mail",
        "https://amp.news.example/2026/spies-in-the-mail/amp/",
        "https://news.example/amp/2026/spies-in-the-mail",
        "https://news.example/2026/spies-in-the-mail/print",
        "https://news.example/2026/spies-in-the-mail?outputType=amp",
        "https://news.example/2026/spies-in-the-mail?print=1&m=1",
        "https://news.example/2026/spies-in-the-mail/index.html",
        " https://news.example/2026/spies\n-in-the-mail\t",
    ],
)
def test_one_page_has_one_key(spelling: str) -> None:
    assert url_key(spelling) == url_key(PAGE) == PAGE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/?p=12", "https://news.example/?p=13"),
        ("https://news.example/a?ref=4711", "https://news.example/a"),  # a number after ref names something
        ("https://news.example/a?m=202611", "https://news.example/a"),  # an archive of a month, not the mobile page
        ("https://news.example/companies/amp", "https://news.example/companies"),
        ("https://news.example/a%2Fb", "https://news.example/a/b"),
        ("https://news.example/A", "https://news.example/a"),
        ("https://news.example:8443/a", "https://news.example/a"),
        ("https://shop.news.example/a", "https://news.example/a"),
        ("https://app.example/#!/story/1", "https://app.example/#!/story/2"),
        ("https://news.example/index.php?id=7", "https://news.example/?id=7"),
    ],
)
def test_two_pages_have_two_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://news.example", "https://news.example/"),
        ("https://bücher.example/straße?q=ä", "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%A4"),
        ("https://news.example/a?b=2&a=1&b=2&b=1", "https://news.example/a?a=1&b=1&b=2"),
        ("https://news.example/a?q=x+y", "https://news.example/a?q=x%20y"),
        ("https://m.example.co.uk/a", "https://example.co.uk/a"),
        ("https://m.co.uk/a", "https://m.co.uk/a"),  # the registered name is "m"
        ("https://news.example/story-1.amp.html", "https://news.example/story-1.html"),
        ("https://news.example/world-12345678.amp", "https://news.example/world-12345678"),
    ],
)
def test_keys_read_as_urls(url: str, key: str) -> None:
    assert url_key(url) == key


@pytest.mark.parametrize(
    "path", ["/" + "-" * 100_000 + "/x/amp", "/a" * 50_000, "/.." * 50_000, "?a" + "&a" * 50_000, "/%" * 50_000]
)
def test_a_long_url_costs_no_time(path: str) -> None:
    start = time.process_time()
    url_key("https://" + "a." * 50_000 + "example" + path)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/p/1", "https://news.example/p/1"),
        ("p/1", "https://news.example/section/p/1"),
        ("//cdn.example/x", "https://cdn.example/x"),
        (" https://Other.example/A?utm_source=x#y ", "https://Other.example/A?utm_source=x#y"),
        ("\x00https://news.example/\r\na", "https://news.example/a"),
        ("https://bücher.example/", "https://bücher.example/"),
        ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
    ],
)
def test_a_link_keeps_its_publishers_spelling(href: str, url: str) -> None:
    assert absolute_url("https://news.example/section/", href) == url


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "mailto:desk@news.example",
        "file:///etc/hostname",
        "ftp://news.example/x",
        "https://user:pw@news.example/",
        "https://",
        "https://exa mple.example/",
        "https://news.example:99999/",
        "https://[::1/x",
        "https://[not-an-address]/x",
        "https://news.example/" + "a" * MAX_URL_LENGTH,
        "https://" + "a" * 64 + ".example/",
        "https://\u2100.example/",  # its compatibility form is "a/c": a host that would become a path
    ],
)
def test_what_is_not_ours_to_fetch_is_no_url(href: str) -> None:
    assert absolute_url("https://news.example/section/", href) is None


def test_a_host_is_what_dns_is_asked() -> None:
    assert host_of("HTTPS://user@WWW.Bücher.example.:8443/x") == "www.xn--bcher-kva.example"


@given(
    st.text("abcж%/?&=~-.é", min_size=1, max_size=9).map(lambda text: text * 400),
    st.sampled_from(["/", "/?", "/a?b=1&"]),
)
def test_a_key_has_a_bounded_length_and_stays_a_key(tail: str, join: str) -> None:
    url = f"https://example.org{join}{tail}"
    key = url_key(url)
    assert key.isascii()
    assert len(key) <= 2083
    assert url_key(key) == key


def test_long_urls_that_differ_at_their_end_are_not_taken_for_one() -> None:
    url = f"https://example.org/search?q={'long' * 800}"
    assert url_key(url + "1") != url_key(url + "2")
