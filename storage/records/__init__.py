"""The values that travel between the rooms: frozen, typed, and valid once built.

A discovered `Link` becomes an `Article` with a `Verdict`, or leaves the flow in one of the named `LinkState`s.
Every time is an aware UTC `datetime`.
"""

from storage.records.articles import (
    Article,
    Because,
    Dateline,
    DateSource,
    Decision,
    Evidence,
    Extent,
    Judged,
    StoredArticle,
    Verdict,
)
from storage.records.findings import NO_FINDINGS, Claim, EntityKind, Findings, Hedge, Mention, Role
from storage.records.gate import LABEL, Appointment, Draw, Flip, Label, Reject, Seat, Stratum, Taught, Word
from storage.records.likeness import NO_SKETCH, Alike, AlikeArticle, Likeness, Sketch
from storage.records.lines import NO_LINES, NOTHING_REPEATED, HostLines, PageLines, Standing
from storage.records.links import Link, LinkHistory, LinkState, Settled
from storage.records.polls import (
    Parked,
    Poll,
    PollState,
    Rhythm,
    RobotsFile,
    SourceFeed,
    SourcePoll,
    SourceState,
    Validators,
)
from storage.records.runs import Activity, Run, Tally
from storage.records.stories import Change, HandWord, Membership, NewStory, StoredStory, StoryChange

__all__ = [
    "LABEL",
    "NOTHING_REPEATED",
    "NO_FINDINGS",
    "NO_LINES",
    "NO_SKETCH",
    "Activity",
    "Alike",
    "AlikeArticle",
    "Appointment",
    "Article",
    "Because",
    "Change",
    "Claim",
    "DateSource",
    "Dateline",
    "Decision",
    "Draw",
    "EntityKind",
    "Evidence",
    "Extent",
    "Findings",
    "Flip",
    "HandWord",
    "Hedge",
    "HostLines",
    "Judged",
    "Label",
    "Likeness",
    "Link",
    "LinkHistory",
    "LinkState",
    "Membership",
    "Mention",
    "NewStory",
    "PageLines",
    "Parked",
    "Poll",
    "PollState",
    "Reject",
    "Rhythm",
    "RobotsFile",
    "Role",
    "Run",
    "Seat",
    "Settled",
    "Sketch",
    "SourceFeed",
    "SourcePoll",
    "SourceState",
    "Standing",
    "StoredArticle",
    "StoredStory",
    "StoryChange",
    "Stratum",
    "Tally",
    "Taught",
    "Validators",
    "Verdict",
    "Word",
]
