"""The schema: what a run leaves behind. Sessions and rows never leave this room."""

from storage.tables.alarms import AlarmRow
from storage.tables.articles import KEPT, NOTABLE, ArticleRow, ClaimRow, MentionRow, VerdictRow
from storage.tables.columns import Table
from storage.tables.editions import DeliveryRow, EditionRow, ToldRow
from storage.tables.gate import AppointmentRow, DrawRow, LabelRow, ShadowRow
from storage.tables.likeness import BandRow, LikenessRow, SketchRow
from storage.tables.lines import ParagraphRow, PrintRow
from storage.tables.links import OPEN, LinkRow
from storage.tables.polls import READ, HostRow, PollRow, RobotsRow, SourceRow
from storage.tables.revisions import RevisionRow, RevisitRow
from storage.tables.runs import RunRow
from storage.tables.stories import MemberRow, StoryChangeRow, StoryRow, WordOfHandRow

__all__ = [
    "KEPT",
    "NOTABLE",
    "OPEN",
    "READ",
    "AlarmRow",
    "AppointmentRow",
    "ArticleRow",
    "BandRow",
    "ClaimRow",
    "DeliveryRow",
    "DrawRow",
    "EditionRow",
    "HostRow",
    "LabelRow",
    "LikenessRow",
    "LinkRow",
    "MemberRow",
    "MentionRow",
    "ParagraphRow",
    "PollRow",
    "PrintRow",
    "RevisionRow",
    "RevisitRow",
    "RobotsRow",
    "RunRow",
    "ShadowRow",
    "SketchRow",
    "SourceRow",
    "StoryChangeRow",
    "StoryRow",
    "Table",
    "ToldRow",
    "VerdictRow",
    "WordOfHandRow",
]
