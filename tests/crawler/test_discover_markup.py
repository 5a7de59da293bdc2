from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import markup
from crawler.discover.markup import plain
from crawler.text import clean_line

pieces = st.lists(
    st.sampled_from(
        "spies|read|the mail| |  |\n|&amp;|&|&am|&#8217;|&#39|&nbsp;|&nGt;|&amp;lt;|p;|<p>|</p>|<b>|</b>|<br/>|<em>"
        "|</a>|<a href='x>y'>|<|>|<a |<script>|</script>|<STYLE>|</style>|</svg>|<!-- |-->|<![CDATA[|]]>|e|\u0301"
        "|\u200d|\u0915|\ud83d|\ude00|\u3164|\u00ad|\u2126|\u0958|…".split("|")
    )
)
# Long enough for what is cut off to be left unread.
markups = st.builds(
    lambda start, middle, times, end: start + middle * times + end,
    *[pieces.map("".join), pieces.map("".join), st.integers(0, 60), pieces.map("".join)],
)


@given(markups, st.integers(1, 40))
def test_text_is_the_same_whether_or_not_the_end_is_looked_at(text: str, limit: int) -> None:
    whole = markup._without_tags(text[: markup.LONGEST_FIELD], markup.LONGEST_FIELD)
    assert plain(text, limit=limit) == clean_line(unescape(whole), limit=limit)


@given(markups, st.integers(0, 200))
def test_the_beginning_of_a_text_without_tags_is_a_beginning(text: str, enough: int) -> None:
    text = text[: markup.LONGEST_FIELD]
    whole, beginning = markup._without_tags(text, markup.LONGEST_FIELD), markup._without_tags(text, enough)
    assert whole.startswith(beginning)
    assert beginning == whole or len(beginning) > enough


@given(pieces.map("".join))
def test_entities_are_read_as_html_reads_them(text: str) -> None:
    assert markup._unescaped(text) == unescape(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a<b>b</b>c<br>d", "abc d"),
        ("a<script>b<b>c</b></script>d", "a d"),
        ("a<style>b<script></style>c</script>d", "a c d"),
        ("a</script>b", "a b"),
        ("a<svg>b", "a"),
        ("a<!-- <p> -->b<!-- c", "a b"),
        ("a <1 b> c", "a <1 b> c"),
        ("<p>word</p>" * 3_000, ("word " * 100)[:499] + "…"),
        ("x" * 12_000, "x" * 499 + "…"),
        ("<i></i>" * 1_000 + "late", "late"),
    ],
)
def test_markup_becomes_text(text: str, line: str) -> None:
    assert plain(text) == line
