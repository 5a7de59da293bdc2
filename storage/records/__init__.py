"""The values that travel between the rooms: frozen, typed, and valid once built.

A discovered `Link` becomes an `Article` with a `Verdict`, or leaves the flow in one of the named `LinkState`s.
Every time is an aware UTC `datetime`.
"""

from storage.records.articles import (
    Article,
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

__all__ = [
    "NO_FINDINGS",
    "Activity",
    "Article",
    "Claim",
    "DateSource",
    "Dateline",
    "Decision",
    "EntityKind",
    "Evidence",
    "Extent",
    "Findings",
    "Hedge",
    "Judged",
    "Link",
    "LinkHistory",
    "LinkState",
    "Mention",
    "Parked",
    "Poll",
    "PollState",
    "Rhythm",
    "RobotsFile",
    "Role",
    "Run",
    "Settled",
    "SourceFeed",
    "SourcePoll",
    "SourceState",
    "StoredArticle",
    "Tally",
    "Validators",
    "Verdict",
]
