"""The values that travel between the rooms: frozen, typed, and valid once built.

A discovered `Link` becomes an `Article` with a `Verdict`, or leaves the flow in one of the named `LinkState`s.
Every time is an aware UTC `datetime`.
"""

from storage.records.alarms import Alarm, AlarmKind
from storage.records.articles import (
    NO_MODEL,
    STATE,
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
from storage.records.editions import Address, Delivery, DeliveryState, EditionKind, NewEdition, StoredEdition
from storage.records.findings import NO_FINDINGS, Claim, EntityKind, Findings, Hedge, Mention, Role
from storage.records.gate import LABEL, Appointment, Draw, Flip, Label, Reject, Seat, Stratum, Taught, Word
from storage.records.likeness import NO_SKETCH, Alike, AlikeArticle, Likeness, Sketch
from storage.records.lines import NO_LINES, NOTHING_REPEATED, HostLines, PageLines, Standing
from storage.records.links import Link, LinkHistory, LinkState, Settled
from storage.records.polls import (
    NO_VALIDATORS,
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
from storage.records.retention import FOREVER, Contracts, Keeping, KeptText
from storage.records.revisions import Past, Revision, Revisit, Seen
from storage.records.runs import Activity, Run, Tally
from storage.records.stories import Change, HandWord, Membership, NewStory, StoredStory, StoryChange

__all__ = [
    "FOREVER",
    "LABEL",
    "NOTHING_REPEATED",
    "NO_FINDINGS",
    "NO_LINES",
    "NO_MODEL",
    "NO_SKETCH",
    "NO_VALIDATORS",
    "STATE",
    "Activity",
    "Address",
    "Alarm",
    "AlarmKind",
    "Alike",
    "AlikeArticle",
    "Appointment",
    "Article",
    "Because",
    "Change",
    "Claim",
    "Contracts",
    "DateSource",
    "Dateline",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Draw",
    "EditionKind",
    "EntityKind",
    "Evidence",
    "Extent",
    "Findings",
    "Flip",
    "HandWord",
    "Hedge",
    "HostLines",
    "Judged",
    "Keeping",
    "KeptText",
    "Label",
    "Likeness",
    "Link",
    "LinkHistory",
    "LinkState",
    "Membership",
    "Mention",
    "NewEdition",
    "NewStory",
    "PageLines",
    "Parked",
    "Past",
    "Poll",
    "PollState",
    "Reject",
    "Revision",
    "Revisit",
    "Rhythm",
    "RobotsFile",
    "Role",
    "Run",
    "Seat",
    "Seen",
    "Settled",
    "Sketch",
    "SourceFeed",
    "SourcePoll",
    "SourceState",
    "Standing",
    "StoredArticle",
    "StoredEdition",
    "StoredStory",
    "StoryChange",
    "Stratum",
    "Tally",
    "Taught",
    "Validators",
    "Verdict",
    "Word",
]
