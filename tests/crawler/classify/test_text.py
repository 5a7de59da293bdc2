from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crawler.classify.text import SEGMENT_LIMIT, fold, legible, segments


def test_plain_text_is_left_alone() -> None:
    assert fold("Plain words.", limit=100).text == "Plain words."


def test_zero_width_characters_vanish_and_offsets_still_point_at_the_original() -> None:
    original = "the ha\u200bck\u2060ers came"
    folded = fold(original, limit=100)
    assert folded.text == "the hackers came"
    start = folded.text.index("came")
    assert original[folded.origin(start) : folded.origin(start + 4)] == "came"


def test_letters_of_other_scripts_in_a_latin_word_become_latin() -> None:
    assert fold("Chinеse hасkers", limit=100).text == "Chinese hackers"


def test_a_word_wholly_in_cyrillic_stays_cyrillic() -> None:
    assert fold("Москва and Moscow", limit=100).text == "Москва and Moscow"


def test_compatibility_forms_and_split_accents_are_composed() -> None:
    assert fold("ｈａｃｋ cafe\u0301 ﬁle", limit=100).text == "hack café file"


def test_tags_and_addresses_become_spaces_of_the_same_length() -> None:
    original = "see <b>this</b> at https://example.org/a?b=c now"
    folded = fold(original, limit=100)
    assert len(folded.text) == len(original)
    assert folded.text.split() == ["see", "this", "at", "now"]


def test_sentences_end_at_stops_and_not_at_initials() -> None:
    text = "The U.S. Senate voted. Nobody spoke! 会议结束。他们离开了"
    assert [text[start:end] for start, end in segments(text)] == [
        "The U.S. Senate voted.",
        "Nobody spoke!",
        "会议结束。",
        "他们离开了",
    ]


def test_text_without_stops_is_cut() -> None:
    text = "word " * 1_000
    assert all(end - start <= SEGMENT_LIMIT for start, end in segments(text))


def test_garbage_is_not_legible() -> None:
    assert not legible("\x00\x01\ufffd\ufffd\ufffd 1 2 3 ---")
    assert legible("A word")


@given(st.text(max_size=400))
def test_every_folded_offset_has_an_origin_inside_the_original(original: str) -> None:
    folded = fold(original, limit=300)
    origins = [folded.origin(offset) for offset in range(len(folded.text) + 1)]
    assert all(0 <= origin <= len(original) for origin in origins[:-1])
    assert origins == sorted(origins)


@given(st.text(alphabet=st.characters(categories=["L", "Zs", "Po"]), max_size=300))
def test_letters_that_folding_keeps_are_found_where_it_says(original: str) -> None:
    folded = fold(original, limit=300)
    for offset, char in enumerate(folded.text):
        source = original[folded.origin(offset)] if folded.origin(offset) < len(original) else ""
        if char.isascii() and char.isalpha() and source.isascii():
            assert char == source or unicodedata.normalize("NFKC", source) == char


@given(st.text(max_size=600))
def test_segments_are_ordered_and_never_blank(text: str) -> None:
    found = segments(text)
    assert all(text[start:end].strip() for start, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
