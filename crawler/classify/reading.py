"""An article read: folded, cut into segments, each with its tokens and cues, and the thread its title names.

The *main thread* is the title, the segments that share a content word with it, and those in which the author says whose
work it was. Pages carry headlines of other stories around their own; whatever those say, they seldom do either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from crawler.classify.cues import EVERYDAY, GROUPS, LANGUAGES, function_words, lexicon
from crawler.classify.language import language_of
from crawler.classify.text import TEXT_LIMIT, TITLE_LIMIT, Folded, fold, segments
from crawler.classify.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from crawler.classify.cues import Hit

_SPEAKING = sum(1 << GROUPS.index(group) for group in ("intrusion", "spyware", "state", "actor", "malware", "tooling"))
_STEM = 6  # letters by which words of one stem are told to be the same
_SHORTEST = 3  # letters of a content word
_FEWEST = 2  # segments a thread has; where the title leads to fewer, the article's opening stands in
_OPENING = 3

_INTRUDING = sum(1 << GROUPS.index(group) for group in ("intrusion", "spyware", "tooling", "malware"))
_ACTOR = GROUPS.index("actor")
_DOUBTFUL = 1 << EVERYDAY
# What else a sentence holds where an everyday word in it is a name: one of these groups, or both of a claim.
_BESIDE = sum(1 << GROUPS.index(group) for group in ("intrusion", "tooling", "state", "malware"))
_CLAIMED = tuple(
    1 << GROUPS.index("attribution") | 1 << GROUPS.index(group) for group in ("agency", "sponsor", "espionage")
)
_FINDING = 1 << GROUPS.index("finding")
_WHOSE = sum(1 << GROUPS.index(group) for group in ("state", "actor", "agency"))
_NAMED = sum(1 << GROUPS.index(group) for group in ("state", "actor", "sponsor"))
_KINDS = frozenset(
    {"actor", "actors", "apt", "cluster", "group", "groups", "subcluster", "subgroup", "subset", "umbrella"}
)
_NEAR = 3  # tokens before or after the name in which such a word stands


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence, line or list entry. `start` and `end` are offsets into the folded text; `mask` has a bit a group."""

    start: int
    end: int
    words: list[str]
    hits: list[Hit]
    mask: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the features are computed from."""

    language: str | None
    title: Segment
    body: list[Segment]
    thread: list[Segment]  # those of the body that belong to the main thread
    linked: int  # how many share a word with the title
    folded_title: Folded
    folded_text: Folded


def read(title: str, text: str, *, common: AbstractSet[str], language: str | None = None) -> Reading:
    """Read an article. `common` are words so frequent that sharing one means nothing."""
    folded_title, folded_text = fold(title, limit=TITLE_LIMIT), fold(text, limit=TEXT_LIMIT)
    heading = tokens(folded_title.text)
    cuts = [(start, end, tokens(folded_text.text[start:end])) for start, end in segments(folded_text.text)]
    sample = heading + [word for _, _, words in cuts for word in words]
    spoken = language_of(folded_text.text or folded_title.text, sample, language)
    lex = lexicon(spoken if spoken in LANGUAGES else "en")
    body = [_segment(start, end, words, lex.hits(words)) for start, end, words in cuts if words]
    stems = _stems(heading, common | _everyday())
    linked = [segment for segment in body if stems and not stems.isdisjoint([word[:_STEM] for word in segment.words])]
    led = {id(segment) for segment in (linked if len(linked) >= _FEWEST else body[:_OPENING])}
    return Reading(
        language=spoken,
        title=_segment(0, len(folded_title.text), heading, lex.hits(heading)),
        body=body,
        thread=[segment for segment in body if id(segment) in led or _concludes(segment)],
        linked=len(linked),
        folded_title=folded_title,
        folded_text=folded_text,
    )


def _segment(start: int, end: int, words: list[str], hits: list[Hit]) -> Segment:
    mask = 0
    for _, _, group in hits:
        mask |= 1 << group
    if mask & _DOUBTFUL:
        return _segment(start, end, words, list(_settled(words, hits, mask)))
    return Segment(start, end, words, hits, mask)


def _settled(words: Sequence[str], hits: Sequence[Hit], mask: int) -> Iterator[Hit]:
    """The hits, those on names that are everyday words as actors or not at all."""
    meant = bool(mask & _BESIDE) or any(mask & both == both for both in _CLAIMED)
    for at, size, group in hits:
        if group != EVERYDAY:
            yield at, size, group
        elif meant or not _KINDS.isdisjoint(words[max(at - _NEAR, 0) : at + size + _NEAR]):
            yield at, size, _ACTOR


def _concludes(segment: Segment) -> bool:
    """Whether the author says in person whose work it was: no headline of another story does."""
    return segment.mask & _FINDING != 0 and segment.mask & _WHOSE != 0


def _stems(heading: Sequence[str], common: AbstractSet[str]) -> set[str]:
    return {word[:_STEM] for word in heading if word not in common and (len(word) >= _SHORTEST or not word.isascii())}


@cache
def _everyday() -> frozenset[str]:
    return frozenset(word for code in LANGUAGES for word in function_words(code))


def silent(reading: Reading) -> bool:
    """Whether title and text hold no cue of intrusion, malware, spyware or a state's hackers at all.

    Such a text can be about spies, and is not about networks. No espionage article of the development set that deserves
    its label is silent; of general press, two in five are.
    """
    return not any(segment.mask & _SPEAKING for segment in (reading.title, *reading.body))


def speaks_of_intrusion(reading: Reading) -> bool:
    """Whether title or text hold a cue of breaking in, or of what that is done with. No teaser is flagged without."""
    return any(segment.mask & _INTRUDING for segment in (reading.title, *reading.body))


def concludes(reading: Reading) -> bool:
    """Whether the author says in person which state or actor it was.

    A dry report does so in one sentence of forty, which weighs little; whoever rejects it should have read that one.
    """
    return any(_concludes(segment) and segment.mask & _NAMED for segment in reading.body)


def thinned(reading: Reading, keep: Callable[[Sequence[str]], bool]) -> Reading:
    """The reading as a poorer lexicon would give it: without the cues that `keep` refuses."""

    def poorer(segment: Segment) -> Segment:
        hits = [hit for hit in segment.hits if keep(segment.words[hit[0] : hit[0] + hit[1]])]
        return _segment(segment.start, segment.end, segment.words, hits)

    body = [poorer(segment) for segment in reading.body]
    twins = {id(segment): twin for segment, twin in zip(reading.body, body, strict=True)}
    thread = [twins[id(segment)] for segment in reading.thread]
    return replace(reading, title=poorer(reading.title), body=body, thread=thread)
