"""How much of one text stands in another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """The smallest hashes of a text's shingles (bottom-k MinHash; Broder 1997), ascending, below 2^63.

    `size` counts all distinct shingles. A text too short to have any has an empty sketch and is like nothing.
    """

    size: int = 0
    hashes: tuple[int, ...] = ()


NO_SKETCH = Sketch()


class Likeness(StrEnum):
    """How a text relates to an earlier one."""

    COPY = "copy"  # the same text, give or take an edit, a cut or some boilerplate: one family
    CONTAINS = "contains"  # the earlier text stands in it, and much besides
    PART = "part"  # most of it stands in the earlier text, which is much longer
    SHARES = "shares"  # a good part of both


@dataclass(frozen=True, kw_only=True)
class Alike:
    """What two texts have in common, estimated from their sketches."""

    share: float  # of the later text that stands in the earlier one, 0 to 1
    other_share: float  # of the earlier text that stands in the later one
    kind: Likeness | None  # None: not alike


@dataclass(frozen=True, kw_only=True)
class AlikeArticle:
    """An earlier article that a text is like."""

    article_id: int
    alike: Alike
