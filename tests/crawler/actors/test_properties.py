from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.actors import findings
from crawler.actors.cut import cut, pieces, words
from crawler.classify.cues import LANGUAGES
from tests.crawler.actors.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = st.sampled_from(
    [word for story in STORIES.values() for word in story.text.split()]
    + ["APT 41", "U.S.", "U.S", "NCSC", "Winnti", "(APT) group 7", "中国黑客", "라자루스가"]
    + ["\n", ",", "e\u0301", "\u200b", "𝐀𝐏𝐓", "İ"]
)
_TEXT = st.one_of(st.lists(_WORDS, max_size=40).map(" ".join), st.lists(_WORDS, max_size=12).map("".join), st.text())
_LANGUAGE = st.sampled_from([None, "xx", *LANGUAGES])


@settings(max_examples=300)
@given(title=_TEXT, text=_TEXT, language=_LANGUAGE)
def test_offsets_point_at_what_is_quoted(title: str, text: str, language: str | None) -> None:
    whole = f"{title}\n{text}"
    found = findings(title=title, text=text, language=language)
    for mention in found.mentions:
        assert whole[mention.start : mention.end] == mention.text
        assert mention.text.strip()
        assert bool(mention.entity) != bool(mention.candidates)
    for claim in found.claims:
        assert whole[claim.start : claim.end].startswith(claim.quote)
        assert claim.claimant is None or claim.claimant in whole
    starts = [mention.start for mention in found.mentions]
    assert starts == sorted(starts)


@given(title=_TEXT, text=_TEXT, language=_LANGUAGE)
def test_the_same_article_gives_the_same_findings(title: str, text: str, language: str | None) -> None:
    first = findings(title=title, text=text, language=language)
    findings(title=text, text=title, language="zh")
    assert findings(title=title, text=text, language=language) == first


@given(text=_TEXT)
def test_words_stand_where_they_are_said_to(text: str) -> None:
    found = cut(text)
    runs = [(at, 1, None) for at in range(len(found.words))]
    places = list(found.places(runs))
    assert [start for start, _ in places] == sorted(start for start, _ in places)
    if all(word == text[start:end] for word, (start, end) in zip(found.words, places, strict=True)):
        assert [text[start:end] for start, end in places] == list(words(text))
    part = pieces(text, 0, len(text))
    assert _short(part.words) == _short(found.words)
    assert all(0 <= start <= end <= len(text) for start, end in zip(part.starts, part.ends, strict=True))


def _short(words: Sequence[str]) -> list[str]:
    """The words that a name can hold: `cut` leaves out what is longer than any name, `pieces` does not look."""
    return [word for word in words if 0 < len(word) <= 60]


@given(names=st.lists(st.sampled_from(["China", "APT41", "Fancy Bear", "U.S."]), min_size=1, max_size=30))
def test_every_name_of_a_list_is_found_in_its_place(names: list[str]) -> None:
    text = " met ".join(names)
    assert [mention.text for mention in findings(title="", text=text, language="en").mentions] == names
