"""The schema: what a run leaves behind. Sessions and rows never leave this room."""

from storage.tables.articles import ArticleRow, ClaimRow, MentionRow, VerdictRow
from storage.tables.columns import Table
from storage.tables.links import OPEN, LinkRow
from storage.tables.polls import READ, HostRow, PollRow, RobotsRow, SourceRow
from storage.tables.runs import RunRow

__all__ = [
    "OPEN",
    "READ",
    "ArticleRow",
    "ClaimRow",
    "HostRow",
    "LinkRow",
    "MentionRow",
    "PollRow",
    "RobotsRow",
    "RunRow",
    "SourceRow",
    "Table",
    "VerdictRow",
]
