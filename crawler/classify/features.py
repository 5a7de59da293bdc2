"""A reading as numbers: which groups of cues stand where, and which stand together.

Every number belongs to a thread (the whole text, or the main thread) and a zone (title, lead, body), so a verdict can
be traced back from the number to the words.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import takewhile
from math import log1p
from typing import TYPE_CHECKING

from crawler.classify.cues import FOLDER, GROUPS, LANGUAGES
from crawler.classify.gazetteer import PACKAGED as NAMES
from crawler.classify.gazetteer import everyday_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.classify.reading import Reading, Segment

LEAD = 600  # characters
_SHORT = 12  # tokens; lists of headlines are made of such segments
_NOWHERE = 1.5  # the position of a cue that is not there: later than any that is
_MOST_IN_TITLE = 2

_PAIRS = (
    *(("intrusion", other) for other in ("sponsor", "state", "agency", "espionage", "actor", "victim")),
    *(("intrusion", other) for other in ("attribution", "malware", "crime", "fallout")),
    *(("spyware", other) for other in ("victim", "sponsor", "agency", "fallout")),
    *(("espionage", other) for other in ("sponsor", "victim", "tooling")),
    *(("sponsor", other) for other in ("actor", "attribution", "malware", "tooling")),
    ("state", "victim"), ("state", "tooling"),
    ("attribution", "agency"), ("attribution", "actor"), ("attribution", "state"),
    ("finding", "agency"), ("finding", "actor"), ("finding", "sponsor"), ("finding", "tooling"),
    ("surveillance", "agency"), ("humint", "sponsor"), ("espionage", "humint"), ("espionage", "partisan"),
)  # fmt: skip
PATTERNS: tuple[tuple[str, ...], ...] = (*((group,) for group in GROUPS), *_PAIRS)
_MASKS = tuple(sum(1 << GROUPS.index(group) for group in pattern) for pattern in PATTERNS)
_TELLING = sum(
    1 << GROUPS.index(group)
    for group in ("intrusion", "tooling", "state", "agency", "sponsor", "attribution", "finding", "actor", "malware")
)
_BREAKING_IN = sum(1 << GROUPS.index(group) for group in ("intrusion", "tooling", "spyware", "malware"))
_MARKERS = ("intrusion", "state", "sponsor", "espionage")
_MARKER_BITS = tuple(1 << GROUPS.index(marker) for marker in _MARKERS)


@dataclass(frozen=True, slots=True)
class Feature:
    """What a number counts. `groups` is empty where it measures the text's shape."""

    name: str
    thread: str  # "all" or "main"
    zone: str  # "title", "lead", "body", or "" for shape
    groups: tuple[str, ...] = ()


def _zone(thread: str, zone: str) -> Iterator[Feature]:
    for pattern in PATTERNS:
        yield Feature(f"{thread}.{zone}.{'*'.join(pattern)}", thread, zone, pattern)


def _shape(thread: str) -> Iterator[Feature]:
    for name in ("segments", "tokens", "short", "peak", "breaking_in"):
        yield Feature(f"{thread}.{name}", thread, "")
    for marker in _MARKERS:
        yield Feature(f"{thread}.first.{marker}", thread, "body", (marker,))


FEATURES: tuple[Feature, ...] = (
    *_zone("all", "title"),
    *_zone("all", "lead"), *_zone("all", "body"), *_shape("all"),
    *_zone("main", "lead"), *_zone("main", "body"), *_shape("main"),
    Feature("all.linked", "all", ""),
    Feature("all.title_length", "all", ""),
)  # fmt: skip


@cache
def fingerprint() -> str:
    """SHA-256 over the cues, the names and the features: weights fit no others."""
    digest = sha256(" ".join(feature.name for feature in FEATURES).encode())
    digest.update(" ".join(name.name for name in everyday_names().values()).encode())
    for path in (*(FOLDER / f"{code}.toml" for code in LANGUAGES), NAMES):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def vector(reading: Reading) -> list[float]:
    """The numbers of `FEATURES`, in their order."""
    body, thread, title = reading.body, reading.thread, reading.title
    return [
        *_title(title),
        *_lead(body), *_body(body), *_shapes(body),
        *_lead(thread), *_body(thread), *_shapes(thread),
        reading.linked / max(len(body), 1),
        log1p(len(title.words)),
    ]  # fmt: skip


@cache
def present(mask: int) -> tuple[int, ...]:
    """Which patterns a segment's groups make, as indices into `PATTERNS`."""
    return tuple(index for index, wanted in enumerate(_MASKS) if mask & wanted == wanted)


def lead(segments: Sequence[Segment]) -> list[Segment]:
    """The segments that begin in the first `LEAD` characters of these."""
    if not segments:
        return []
    ahead = 0
    opening = []
    for segment in segments:
        if ahead >= LEAD:
            break
        opening.append(segment)
        ahead += segment.end - segment.start
    return opening


def _title(title: Segment) -> list[float]:
    counts = Counter(group for _, _, group in title.hits)
    here = set(present(title.mask))
    singles = [float(min(counts[group], _MOST_IN_TITLE)) for group in range(len(GROUPS))]
    return singles + [float(index in here) for index in range(len(GROUPS), len(PATTERNS))]


def _lead(segments: Sequence[Segment]) -> list[float]:
    return [log1p(count) for count in _count(lead(segments))]


def _body(segments: Sequence[Segment]) -> list[float]:
    # Half a segment is added to none: one cue in a teaser of one sentence is less than a cue in every sentence.
    total = len(segments) + 0.5
    return [count / total for count in _count(segments)]


def _count(segments: Sequence[Segment]) -> list[int]:
    counts = [0] * len(PATTERNS)
    for mask, times in Counter(segment.mask for segment in segments).items():
        for index in present(mask):
            counts[index] += times
    return counts


def _shapes(segments: Sequence[Segment]) -> list[float]:
    lengths = [len(segment.words) for segment in segments]
    number = max(len(lengths), 1)
    masks = [segment.mask for segment in segments]
    return [
        log1p(len(lengths)),
        log1p(sum(lengths)),
        sum(length < _SHORT for length in lengths) / number,
        float(max([(s.mask & _TELLING).bit_count() for s in segments if len(s.words) >= _SHORT], default=0)),
        sum(mask & _BREAKING_IN > 0 for mask in masks) / (len(masks) + 0.5),
        *(_first(masks, bit) for bit in _MARKER_BITS),
    ]  # fmt: skip


def _first(masks: Sequence[int], bit: int) -> float:
    """How far into the text a cue stands first, from 0 to 1."""
    before = sum(1 for _ in takewhile(lambda mask: not mask & bit, masks))
    return before / len(masks) if before < len(masks) else _NOWHERE
