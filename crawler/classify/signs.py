"""Signs that a text was made to sway the gate, and the segments that would do it.

A sign is told, never obeyed: the verdict is reached without the doubtful segments, and where they would have changed
it, the article is held (see `model`). What a person would not see, folding has already undone (see `text`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING

from crawler.classify.cues import LANGUAGES, function_words
from crawler.classify.injections import commands
from crawler.classify.text import TEXT_LIMIT, TITLE_LIMIT

if TYPE_CHECKING:
    from crawler.classify.reading import Reading, Segment

_NOWHERE = (0, 0)  # where a title stands that was taken out
_REPEATED = 4  # times a sentence with a cue stands in a text that repeats it for effect
_LIST = 12  # words of a segment that is long enough to be called a list
_MONOTONE = 0.5  # share of different words, below which a long segment only repeats itself
_WORDY = 0.04  # share of function words, below which a long segment is no sentence
_DENSE = 0.5  # share of words that are cues, from which on a list without sentences is stuffed with them
_FEW = 3  # disguised words, or characters that hide something

_HIDDEN = re.compile(
    r"(?<=[A-Za-z])[\u200b\u2060-\u2064\ufeff\u180e]+(?=[A-Za-z])"  # inside a word
    r"|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]{3,}"  # tag characters that follow no flag
    r"|[\u202d\u202e]"  # overrides of the direction of writing
)
_DELIBERATE = frozenset(["\u202d", "\u202e", *map(chr, range(0xE0020, 0xE0080))])  # no editor leaves one by mistake
_DISGUISED = re.compile(
    r"[A-Za-z][\u0370-\u03ff\u0400-\u04ff\u0561-\u0587]|[\u0370-\u03ff\u0400-\u04ff\u0561-\u0587][A-Za-z]"
    r"|[\U0001d400-\U0001d7ff]{2,}"
)
_SUSPECT = re.compile(  # any character those two need, found at the speed of one look
    r"[\u0370-\u03ff\u0400-\u04ff\u0561-\u0587\u180e\u200b\u202d\u202e\u2060-\u2064\ufeff\U0001d400-\U0001d7ff"
    r"\U000e0020-\U000e007f]"
)


class Sign(StrEnum):
    """What was odd about a text, by name."""

    STUFFED = "keyword-stuffing"
    HIDDEN = "hidden-text"
    DISGUISED = "disguised-letters"
    INSTRUCTIONS = "instructions"


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs of a text in a fixed order, and the segments that no verdict should rest on, by `id`."""

    names: tuple[Sign, ...] = ()
    doubtful: frozenset[int] = frozenset()


def signs(reading: Reading, *, title: str, text: str) -> Signs:
    """What a text shows of attempts to sway the gate."""
    stuffed, told = _stuffed(reading), _instructions(reading)
    found = {Sign.STUFFED: bool(stuffed), **_characters(title, text), Sign.INSTRUCTIONS: bool(told)}
    return Signs(tuple(sign for sign in Sign if found.get(sign)), stuffed | told)


def without(reading: Reading, doubtful: frozenset[int]) -> Reading:
    """The reading as it is without those segments."""
    if not doubtful:
        return reading

    def kept(segments: list[Segment]) -> list[Segment]:
        return [segment for segment in segments if id(segment) not in doubtful]

    title = reading.title
    if id(title) in doubtful:
        title = replace(title, start=_NOWHERE[0], end=_NOWHERE[1], words=[], hits=[], mask=0)
    lost = sum(id(segment) in doubtful for segment in reading.thread) if reading.linked else 0
    return replace(
        reading,
        title=title,
        body=kept(reading.body),
        thread=kept(reading.thread),
        linked=max(reading.linked - lost, 0),
    )


def _characters(title: str, text: str) -> dict[Sign, bool]:
    """What hides in single characters; plain ASCII hides nothing."""
    whole = f"{title[:TITLE_LIMIT]}\n{text[:TEXT_LIMIT]}"
    if whole.isascii() or not _SUSPECT.search(whole):
        return {}
    hidden = _HIDDEN.findall(whole)
    return {
        Sign.HIDDEN: len(hidden) >= _FEW or any(mark[0] in _DELIBERATE for mark in hidden),
        Sign.DISGUISED: len(_DISGUISED.findall(whole)) >= _FEW,
    }


def _instructions(reading: Reading) -> frozenset[int]:
    """Segments that speak to a machine about this very text."""
    title, text, language = reading.folded_title.text, reading.folded_text.text, reading.language
    found = [reading.title] if commands(title, language) else []
    if commands(text, language):
        found += [segment for segment in reading.body if commands(text[segment.start : segment.end], language)]
    return frozenset(map(id, found))


def _stuffed(reading: Reading) -> frozenset[int]:
    """Segments that repeat cues for their own sake: all but the first of a sentence's many copies, and bare lists."""
    speaking = [segment for segment in reading.body if segment.mask]
    found = {id(segment) for segment in (reading.title, *speaking) if segment.mask and _monotone(segment)}
    found |= {
        id(segment) for segment in speaking if reading.language in _SPACED and _bare_list(segment, reading.language)
    }
    counts = Counter(tuple(segment.words) for segment in speaking)
    if len(counts) < len(speaking):
        seen: set[tuple[str, ...]] = set()
        for segment in speaking:
            words = tuple(segment.words)
            if words in seen and counts[words] >= _REPEATED:
                found.add(id(segment))
            seen.add(words)
    return frozenset(found)


def _monotone(segment: Segment) -> bool:
    """Whether a long segment says little else than itself; numbers, and what they number, may recur."""
    if len(segment.words) < _LIST or len(set(segment.words)) >= _MONOTONE * len(segment.words):
        return False
    words = [word for word, after in zip_longest(segment.words, segment.words[1:]) if "#" not in (word, after)]
    return len(words) >= _LIST and len(set(words)) < _MONOTONE * len(words)


def _bare_list(segment: Segment, language: str) -> bool:
    """Whether a long segment is made of cues and holds none of the small words that sentences need."""
    words = segment.words
    if len(words) < _LIST:
        return False
    covered = {at + step for at, size, _ in segment.hits for step in range(size)}
    if len(covered) < _DENSE * len(words):
        return False
    common = function_words(language)
    return sum(map(common.__contains__, words)) <= _WORDY * len(words)


_SPACED = frozenset(LANGUAGES) - {"zh", "ja", "ko", "ar"}  # languages whose sentences need small words
