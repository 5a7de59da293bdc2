from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.classify.tokens import spans, tokens


def test_hyphen_and_apostrophe_cut_and_numbers_are_one_token() -> None:
    assert tokens("State-sponsored: APT-28 stole 22,000 of China's files") == [
        "state", "sponsored", "apt", "#", "stole", "#", "#", "of", "china", "s", "files",
    ]  # fmt: skip


def test_han_text_gives_overlapping_pairs() -> None:
    assert tokens("中国黑客") == ["中国", "国黑", "黑客"]


def test_japanese_is_cut_where_the_script_changes() -> None:
    assert tokens("サイバー攻撃をした") == ["サイバー", "攻撃", "をした"]


def test_arabic_words_lose_the_article_and_what_is_glued_to_it() -> None:
    assert tokens("والاستخبارات للحكومة") == ["استخبارات", "حكومه"]


@given(st.text(max_size=300))
def test_tokens_with_their_places_are_the_same_tokens(text: str) -> None:
    placed = spans(text)
    assert all(0 <= start < end <= len(text) for _, start, end in placed)
    if text == text.lower() and text.isascii():
        assert [token for token, _, _ in placed] == tokens(text)


@given(st.text(alphabet="abcXYZ éüß中国黑客サイ 19-'", max_size=200))
def test_both_ways_to_tokens_agree(text: str) -> None:
    assert [token for token, _, _ in spans(text)] == tokens(text)
