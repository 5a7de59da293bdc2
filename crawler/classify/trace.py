"""Where a score came from: each feature's part of the log-odds, handed to the segments and cues it was computed from.

The linear model's part goes to its terms. The weights are parts of the score itself, not a story told after it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.classify.cues import GROUPS
from crawler.classify.features import FEATURES, lead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.classify.features import Feature
    from crawler.classify.reading import Reading, Segment

FAINT = 0.03  # log-odds; below, a part is not traced
MASK = {group: 1 << index for index, group in enumerate(GROUPS)}

_WANTS = [sum(MASK[group] for group in feature.groups) for feature in FEATURES]

Words = tuple[str, ...]
Where = tuple[int, int, int]  # segment, token, number of tokens


@dataclass(frozen=True, slots=True)
class Trace:
    """Where the log-odds came from: by segment and group, by what is absent, and by the linear model's terms."""

    cues: dict[tuple[int, str], float]  # (index into segments, group)
    absent: dict[str, float]
    words: dict[str, float]
    segments: list[Segment]  # the title, then the body

    def terms(self) -> tuple[dict[Words, float], dict[Words, Where]]:
        """Each cue's weight over the whole text, and where it stands first: (segment, token, number of tokens)."""
        weights: dict[Words, float] = defaultdict(float)
        first: dict[Words, Where] = {}
        for at, segment in enumerate(self.segments):
            groups = [GROUPS[group] for _, _, group in segment.hits]
            for (token, size, _), group in zip(segment.hits, groups, strict=True):
                if weight := self.cues.get((at, group)):
                    words = tuple(segment.words[token : token + size])
                    weights[words] += weight / groups.count(group)
                    first.setdefault(words, (at, token, size))
        return weights, first


def trace(reading: Reading, given: Sequence[float], parts: Sequence[tuple[str, float]]) -> Trace:
    """Hand each feature's contribution to the segments, cues and terms it was computed from."""
    segments = [reading.title, *reading.body]
    zones, masks = _zones(reading, segments), [segment.mask for segment in segments]
    cues: dict[tuple[int, str], float] = defaultdict(float)
    absent: dict[str, float] = defaultdict(float)
    for feature, wanted, gift in zip(FEATURES, _WANTS, given, strict=False):
        if abs(gift) < FAINT or not feature.groups:
            continue
        standing = [at for at in zones[feature.thread, feature.zone] if masks[at] & wanted == wanted]
        for at in standing:
            for group in feature.groups:
                cues[at, group] += gift / len(standing) / len(feature.groups)
        if not standing:
            absent[_lacking(feature)] += gift
    words = _share_out(given[len(FEATURES)], parts) if len(given) > len(FEATURES) else {}
    return Trace(cues=cues, absent=absent, words=words, segments=segments)


def _zones(reading: Reading, segments: Sequence[Segment]) -> dict[tuple[str, str], list[int]]:
    index = {id(segment): at for at, segment in enumerate(segments)}
    everything, thread = list(range(1, len(segments))), [index[id(segment)] for segment in reading.thread]
    return {
        ("all", "title"): [0],
        ("all", "body"): everything,
        ("all", "lead"): everything[: len(lead(reading.body))],
        ("main", "body"): thread,
        ("main", "lead"): thread[: len(lead(reading.thread))],
    }


def _lacking(feature: Feature) -> str:
    return next((group for group in ("state", "intrusion", "sponsor", "espionage") if group in feature.groups), "other")


def _share_out(gift: float, parts: Sequence[tuple[str, float]]) -> dict[str, float]:
    """The linear score's contribution, over the terms that pushed the same way."""
    summed: dict[str, float] = defaultdict(float)
    for term, part in parts:
        if part * gift > 0:
            summed[term] += part
    total = sum(summed.values())
    return {term: gift * part / total for term, part in summed.items()} if total else {}
