"""Sketches of texts, and what they say two texts have in common."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.shingles import GATHER, KEPT, MASK, _least, sketch
from storage.likeness import compare
from storage.records import Likeness, Sketch

RANDOM = random.Random(7)
WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("n", "r", "st", "l")]


def prose(seed: int, words: int = 600) -> str:
    chosen = random.Random(seed)
    return ". ".join(" ".join(chosen.choice(WORDS) for _ in range(12)) for _ in range(words // 12))


def edited(text: str, share: float) -> str:
    return " ".join("edited" if RANDOM.random() < share else word for word in text.split(" "))


def kind(later: str, earlier: str) -> Likeness | None:
    return compare(sketch(later), sketch(earlier)).kind


def test_a_text_is_its_own_copy_whatever_its_case_spacing_and_punctuation() -> None:
    text = prose(1)
    assert kind(text.upper().replace(". ", "!\n\n"), text) is Likeness.COPY
    assert sketch(text.upper().replace(". ", "!\n\n")) == sketch(text)


@pytest.mark.parametrize("seed", range(10))
def test_light_edits_cuts_and_frames_make_no_other_text(seed: int) -> None:
    text, frame = prose(seed), prose(900, 120)
    assert kind(edited(text, 0.03), text) is Likeness.COPY
    assert kind(text[: int(len(text) * 0.7)], text) is Likeness.COPY
    assert kind(f"{frame}\n{text}\n{frame}", text) is Likeness.COPY


def test_a_page_that_holds_two_texts_contains_each_and_is_neither() -> None:
    one, other = prose(1), prose(2)
    assert kind(f"{one}\n{other}", one) is Likeness.CONTAINS
    assert kind(one, f"{one}\n{other}\n{prose(3)}") is Likeness.PART


def test_texts_that_share_a_paragraph_share_some_and_others_nothing() -> None:
    assert kind(prose(1, 360) + prose(5, 240), prose(2, 360) + prose(5, 240)) is Likeness.SHARES
    assert kind(prose(1), prose(2)) is None


def test_the_shares_are_about_right() -> None:
    quarter, rest = prose(1, 300), prose(2, 900)
    told = compare(sketch(quarter + ". " + rest), sketch(quarter))
    assert told.share == pytest.approx(0.25, abs=0.1)
    assert told.other_share == pytest.approx(1, abs=0.25)


def test_scripts_without_spaces_are_cut_by_characters() -> None:
    text = (
        "该组织的黑客多年来一直攻击外交部的网络并窃取了大量机密文件而未被发现" * 3 + "研究人员周五表示这一行动仍在继续"
    )
    assert kind(text + "记者报道", text) is Likeness.COPY
    assert kind("今天天气很好我们一起去公园散步吧孩子们都很高兴大家带了很多好吃的东西和饮料还有风筝", text) is None


@given(st.text())
def test_a_sketch_is_ascending_bounded_and_fits_a_signed_number(text: str) -> None:
    drawn = sketch(text)
    assert list(drawn.hashes) == sorted(drawn.hashes)
    assert len(drawn.hashes) == min(drawn.size, KEPT)
    assert all(0 <= value < 2**63 for value in drawn.hashes)


@pytest.mark.parametrize("orders", [range(300), range(MASK - 999, MASK), range(0, MASK, MASK // 500), range(9)])
def test_the_smallest_are_kept_wherever_they_lie(orders: range) -> None:
    assert _least([order * GATHER & MASK for order in reversed(orders)]) == list(orders)[:KEPT]


@given(st.sets(st.integers(0, 10**6), min_size=1, max_size=60), st.sets(st.integers(0, 10**6), min_size=1, max_size=60))
def test_of_short_texts_the_shares_are_exact(one: set[int], other: set[int]) -> None:
    told = compare(*(Sketch(size=len(hashes), hashes=tuple(sorted(hashes))) for hashes in (one, other)))
    assert told.share == len(one & other) / len(one)
    assert told.other_share == len(one & other) / len(other)


def test_a_megabyte_and_nothing_at_all_are_sketched_alike() -> None:
    assert sketch("") == sketch("one two three four five") == Sketch()
    assert len(sketch("word " * 200_000).hashes) <= 1
    assert sketch(prose(1, 100_000)).size > KEPT
