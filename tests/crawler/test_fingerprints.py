"""What a host repeats is taken out of its next article, and nothing that belongs there."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.fingerprints import (
    LONG,
    MAX_SHARE,
    MOST_LONG,
    MOST_SHORT,
    fingerprint,
    page_lines,
    paragraphs,
    without_repeated,
)
from storage.records import NOTHING_REPEATED, HostLines

PARAGRAPHS = [
    (
        "The harbour master closed the eastern quay on Monday after divers found that two of its piles had been eaten "
        "away by shipworm, which had not been seen in these waters since the canal was widened, an engineer said."
    ),
    (
        "Ferries leave from the fish market until the piles are replaced, which the port authority expects to last "
        "until the end of the winter, and the island's council has asked for a second boat on Saturdays and Sundays."
    ),
    (
        "Fishermen doubt the date. The crane that lifts the piles is the one that was waiting for a part since the "
        "spring, and its owner, a firm in the capital, has not answered the letters that the council sent."
    ),
    (
        "The council meets again in the first week of the month. A petition that asks for a bridge has been signed by "
        "four hundred islanders, more than half of those who are old enough to vote, and by most of the teachers."
    ),
]
CALL = "The Quay Letter is posted at noon"


def knows(*lines: str, usual: bool = True) -> HostLines:
    known = frozenset(map(fingerprint, lines))
    return HostLines(known=known, usual=known if usual else frozenset())


@pytest.mark.parametrize(
    "other",
    [
        "THE QUAY LETTER IS POSTED AT NOON",
        "The Quay Letter is  posted at noon…",
        "» The Quay Letter is posted at noon «",
    ],
)
def test_case_spacing_and_marks_at_the_ends_make_no_other_line(other: str) -> None:
    assert fingerprint(other) == fingerprint(CALL)


def test_digits_count_as_one_and_normal_forms_as_the_same() -> None:
    assert fingerprint("12 readers, 3 letters") == fingerprint("7 readers, 1940 letters")
    assert fingerprint("Le café du port ferme") == fingerprint(unicodedata.normalize("NFD", "Le café du port ferme"))
    assert fingerprint("The quay is closed") != fingerprint("The quay is open")


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    assert fingerprint(CALL) == -6504783770288914434


def test_what_the_host_repeats_goes_and_is_named() -> None:
    lines = [*PARAGRAPHS, CALL]
    assert without_repeated(lines, knows(CALL)) == (PARAGRAPHS, [CALL])
    assert without_repeated(lines, NOTHING_REPEATED) == (lines, [])


def test_a_long_line_is_no_boilerplate_whoever_repeats_it() -> None:
    assert without_repeated(PARAGRAPHS, knows(*PARAGRAPHS)) == (PARAGRAPHS, [])


def test_one_word_is_the_articles_own_heading() -> None:
    lines = [*PARAGRAPHS, "Sources"]
    assert without_repeated(lines, knows("Sources")) == (lines, [])


def test_no_more_than_a_fifth_goes_and_the_last_lines_go_first() -> None:
    lines = [f"Harbour news line {letter} for every reader" for letter in "abcdefghij"]
    kept, dropped = without_repeated(lines, knows(*lines))
    assert kept == lines[:8]
    assert dropped == lines[8:]


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("The mayor put it in one sentence:", "We have no crane at all", PARAGRAPHS[1]),
        ("“We have no crane,” the mayor said. “We have never had one", "And we never shall have one", PARAGRAPHS[1]),
        (PARAGRAPHS[0], "“We have no crane at all”", PARAGRAPHS[1]),
        (PARAGRAPHS[0], "„Wir haben keinen Kran", PARAGRAPHS[1]),
        (PARAGRAPHS[0], "and nobody knows why it is so", PARAGRAPHS[1]),
        (PARAGRAPHS[0], "The firm did not answer a letter.", PARAGRAPHS[1]),
    ],
    ids=[
        "led in to",
        "inside a quotation",
        "a quotation",
        "the start of one",
        "in lower case",
        "a sentence in the flow",
    ],
)
def test_what_belongs_to_the_text_around_it_stays(before: str, line: str, after: str) -> None:
    lines = [before, line, after, *PARAGRAPHS[2:]]
    assert without_repeated(lines, knows(line, usual=False)) == (lines, [])


def test_a_sentence_that_most_articles_have_goes_even_between_paragraphs() -> None:
    line = "The Quay Letter is posted at noon."
    lines = [PARAGRAPHS[0], line, *PARAGRAPHS[1:]]
    assert without_repeated(lines, knows(line)) == (PARAGRAPHS, [line])
    assert without_repeated(lines, knows(line, usual=False)) == (lines, [])


def test_a_block_of_repeated_lines_goes_even_where_one_leads_in_to_the_next() -> None:
    block = ["More from the quay:", "Crane waits for its part", "Bridge petition grows"]
    assert without_repeated([*PARAGRAPHS, *block], knows(*block)) == (PARAGRAPHS, block)


lines_of_text = st.lists(
    st.text(st.characters(exclude_characters="\n"), min_size=1, max_size=300), min_size=1, max_size=20
)


@given(lines_of_text, st.data())
def test_never_more_than_its_share_goes_and_the_rest_keeps_its_order(lines: list[str], data: st.DataObject) -> None:
    known = data.draw(st.sets(st.sampled_from(lines)))
    kept, dropped = without_repeated(lines, knows(*known))
    assert sum(map(len, dropped)) <= MAX_SHARE * sum(map(len, lines))
    assert sorted([*kept, *dropped]) == sorted(lines)
    left = iter(lines)
    assert all(line in left for line in kept)
    assert set(map(fingerprint, dropped)) <= set(map(fingerprint, known))


@given(st.lists(st.text(max_size=400), max_size=200))
def test_what_is_remembered_of_a_page_is_bounded(lines: list[str]) -> None:
    found = page_lines("a.example", lines)
    assert len(found.short) <= MOST_SHORT
    assert len(found.long) <= MOST_LONG
    assert all(-(2**63) <= line < 2**63 for line in found.short | found.long)


def test_articles_that_share_paragraphs_have_the_same_ones_drawn() -> None:
    many = [f"{paragraph} Edition {letter}." for paragraph in PARAGRAPHS for letter in "abcdefghijkl"]
    one, two = paragraphs(many), paragraphs([*reversed(many)])
    assert len(one) == MOST_LONG
    assert one == two
    assert all(length >= LONG for length in one.values())


def test_an_ideograph_says_as_much_as_three_letters() -> None:
    assert page_lines("a.example", ["港口管理局星期一关闭了东码头。" * 12]).long
    assert page_lines("a.example", ["关注我们的频道获取新闻"]).short
