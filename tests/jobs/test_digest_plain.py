from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.digest.columns import columns, cut, wrap
from jobs.digest.edition import Copy
from jobs.digest.plain import LONGEST, disarm, host, plain, web_url


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("Subject\r\nBcc: everyone@x.example", "Subject Bcc: everyone@x.example"),
        ("one\u2028two\u2029three\x85four\x0bfive\tsix", "one two three four five six"),
        ("invoice\u202egnp.exe\u202c", "invoicegnp.exe"),
        ("\u2067hidden\u2069 \u200bsp\u00ady\ufeff", "hidden spy"),
        ("\x1b[31mred\x07\x9b2J", "[31mred 2J"),
        ("lone \ud800 surrogate, \uffff nothing", "lone \ufffd surrogate, \ufffd nothing"),
        ("e" + "\u0301" * 50, "é" + "\u0301" * 4),
        ("👩\u200d💻 نمی\u200cخواهم", "👩\u200d💻 نمی\u200cخواهم"),
        ("Nguyễn Thị Hồng", "Nguyễn Thị Hồng"),
    ],
)
def test_what_no_form_can_show_is_taken_out(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


@given(st.text(max_size=80))
def test_plain_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    once = plain(text)
    assert len(once.splitlines()) <= 1
    assert not {unicodedata.category(character) for character in once} & {"Cc", "Cs", "Zl", "Zp"}
    assert once == once.strip()
    assert plain(once) == once
    assert once.encode().decode() == once


def test_disarming_reaches_every_string_and_cuts_all_but_addresses() -> None:
    url = "https://x.example/" + "a" * 900
    (copy,) = disarm((Copy(outlet="A\nB" * 500, url=url + "\n"),))
    assert copy.outlet.startswith("A BA BA")
    assert copy.outlet.endswith("…")
    assert columns(copy.outlet) <= LONGEST
    assert copy.url == url


@pytest.mark.parametrize(
    ("url", "safe", "shown"),
    [
        ("https://news.example/a?b=c&d=%20#e", "https://news.example/a?b=c&d=%20#e", "news.example"),
        ("HTTP://News.Example:8080/", "http://news.example:8080/", "news.example"),
        ("https://bank.example@evil.example/", "https://evil.example/", "evil.example"),
        ("https://晚报.example/新闻", "https://xn--4ru85f.example/%E6%96%B0%E9%97%BB", "xn--4ru85f.example"),
        ("https://аррӏе.example/", "https://xn--80ak6aa92e.example/", "xn--80ak6aa92e.example"),
        ('https://x.example/"><script>', "https://x.example/%22%3E%3Cscript%3E", "x.example"),
        ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a", "2001:db8::1"),
    ],
)
def test_a_link_shows_where_it_really_leads(url: str, safe: str, shown: str) -> None:
    assert (web_url(url), host(url)) == (safe, shown)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JavaScript://news.example/%0aalert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "ftp://files.example/a",
        "mailto:a@b.example",
        "//news.example/a",
        "/etc/passwd",
        "https://",
        "https://a..b/",
        "https://x.example:99999/",
        "https://x y.example/",
        "https://[::1/",
        "https://x.example/\ud800",
        "https://evil.example\\@good example/",
        "https://x.example/" + "a" * 5_000,
    ],
)
def test_an_address_that_is_not_the_webs_is_no_link(url: str) -> None:
    assert web_url(url) is None
    assert host(url) is None


@given(st.text(max_size=60) | st.from_regex(r"https?://[^/]{0,20}(/.{0,20})?", fullmatch=True))
def test_any_address_becomes_safe_ascii_or_none(url: str) -> None:
    safe = web_url(url)
    if safe is not None:
        assert safe.startswith(("http://", "https://"))
        assert safe.isascii()
        assert not set(safe) & set(' <>"\\^`{|}\r\n\t')
        assert web_url(safe) == safe


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("漢字", 4), ("ﾊﾝｶｸ", 4), ("e\u0301", 1), ("❤\ufe0f", 2), ("👍", 2), ("한글", 4), ("", 0)],
)
def test_text_is_measured_as_terminals_show_it(text: str, width: int) -> None:
    assert columns(text) == width


@given(st.text(max_size=120), st.integers(4, 40))
def test_cut_and_wrapped_text_keeps_its_room_and_its_words(text: str, room: int) -> None:
    text = plain(text)
    assert columns(cut(text, room)) <= room
    lines = wrap(text, room)
    assert all(columns(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_line_starts_with_no_closing_mark() -> None:
    assert wrap("検方は、彼が図面を渡したと述べた。", 14) == ["検方は、彼が図", "面を渡したと述", "べた。"]
    assert wrap("検方は言う。", 10) == ["検方は言", "う。"]
