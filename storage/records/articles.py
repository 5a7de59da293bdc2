"""The article, the verdict on it, and the two together: there is no stored article without a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from storage.records.findings import NO_FINDINGS
from storage.records.likeness import NO_SKETCH
from storage.records.lines import NO_LINES
from storage.records.links import LinkState

if TYPE_CHECKING:
    from datetime import date, datetime

    from storage.records.findings import Findings
    from storage.records.likeness import Sketch
    from storage.records.lines import PageLines


class DateSource(StrEnum):
    """Where an article's date comes from, most trusted first."""

    FEED = "feed"
    JSON_LD = "json-ld"
    META = "meta"
    TIME = "time"  # a <time> element
    URL = "url"
    GUESSED = "guessed"


class Extent(StrEnum):
    """How much of the article its text is."""

    FULL = "full"
    SUMMARY = "summary"  # what the feed or the page's description says: the page kept the rest to itself


class Decision(StrEnum):
    """What the gate says of an article."""

    FLAG = "flag"
    HOLD = "hold"
    REJECT = "reject"


STATE = {
    Decision.FLAG: LinkState.FLAGGED,
    Decision.HOLD: LinkState.HELD,
    Decision.REJECT: LinkState.REJECTED,
}
NO_MODEL = "none"  # stands where a verdict names its model, when there was none


class Because(StrEnum):
    """What brought a verdict about."""

    NEW = "new"  # the article came
    REJUDGED = "rejudged"  # nothing could judge it when it came
    REVISED = "revised"  # its page has changed
    LABEL = "label"  # a person said so, or took it back
    RECLASSIFIED = "reclassified"  # another model went through the archive


@dataclass(frozen=True, kw_only=True)
class Dateline:
    """Where, when and through which agency a report says it was written."""

    place: str | None = None
    date: date | None = None
    agency: str | None = None  # the wire agency's usual name: "Reuters", "IANS"


@dataclass(frozen=True, kw_only=True)
class Article:
    """The clean text and metadata of one page. `text` has one paragraph per line."""

    url: str
    title: str
    text: str
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    published: datetime | None = None
    date_source: DateSource | None = None
    language: str | None = None  # ISO 639-1, of the text
    summary: str | None = None
    image: str | None = None  # absolute URL of the lead image
    tags: tuple[str, ...] = ()
    paywalled: bool = False
    extent: Extent = Extent.FULL
    extent_reason: str = ""  # why there is no more of it
    dateline: Dateline | None = None
    quality: float = 1.0  # 0 to 1; each sign of spun or stitched text lowers it, and it lowers the rank
    signs: tuple[str, ...] = ()  # what was odd about the text, by name
    dropped_lines: int = 0  # that its host repeats, and that were taken out of the text


@dataclass(frozen=True, kw_only=True)
class Evidence:
    r"""A term or sentence that moved the verdict. `weight` > 0 pushes towards flag (log-odds).

    `start` and `end` are offsets in code points into `title + "\n" + text`; None for what has no place there.
    """

    text: str
    weight: float
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gate decided, and why. `score` is a calibrated probability; None when no model could judge."""

    decision: Decision
    score: float | None
    threshold: float  # flag at or above
    reject_below: float
    model: str  # version of the model, "none" when there was none
    why: str  # one line, read in five seconds
    evidence: tuple[Evidence, ...] = ()
    signs: tuple[str, ...] = ()  # what tried to sway the gate, by name: stuffed keywords, hidden text, instructions
    because: Because = Because.NEW


@dataclass(frozen=True, kw_only=True)
class StoredArticle:
    """An article in the archive with the verdict that stands now."""

    id: int
    source: str
    first_seen: datetime  # when its link was discovered: what a page claims of its date decides nothing
    article: Article
    verdict: Verdict
    findings: Findings = NO_FINDINGS
    purged_at: datetime | None = None  # since when its text is gone


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An article with its verdict, on its way into the archive. `key` is the identity the page claims for itself."""

    key: str
    article: Article
    verdict: Verdict
    findings: Findings = NO_FINDINGS
    lines: PageLines = NO_LINES
    sketch: Sketch = NO_SKETCH
    shadow: Verdict | None = None  # of the model that is tried beside the one that decides
