"""One edition ready to be sent: its subject, its forms, and the few lines that a chat has room for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.text import clean_line
from jobs.digest.columns import cut
from jobs.digest.words import MARKS
from storage.records import EditionKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from jobs.digest.edition import Edition
    from storage.records import StoredEdition

SUBJECT = 120  # columns: more than any client shows


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is sent to one address. `write` renders the edition in one form; `stories` are ids with their headlines."""

    profile: str
    kind: str  # "digest", "alert" or "test"
    number: int
    subject: str
    composed_at: datetime
    message_id: str
    write: Callable[[str], str]
    stories: tuple[tuple[str, str], ...] = ()
    more: int = 0  # stories beside those

    @property
    def name(self) -> str:
        """What its files are called, without their ending."""
        number = "test" if self.kind == "test" else f"{self.number:05}"
        return f"{self.profile}-alert-{number}" if self.kind == EditionKind.ALERT else f"{self.profile}-{number}"


def parcel(stored: StoredEdition, edition: Edition, message_id: str, write: Callable[[str], str]) -> Parcel:
    """A stored edition for one address."""
    items = edition.flagged.items
    return Parcel(
        profile=stored.profile,
        kind=stored.kind,
        number=stored.number,
        subject=subject(edition, kind=stored.kind, number=stored.number),
        composed_at=stored.composed_at,
        message_id=message_id,
        write=write,
        stories=tuple((item.id, item.title) for item in items),
        more=edition.flagged.stories - len(items),
    )


def subject(edition: Edition, *, kind: EditionKind, number: int) -> str:
    """One line that breaks no header, whatever a headline tries, and says the worst first."""
    label = f"[TLP:{edition.tlp}] " if edition.tlp else ""
    if kind is EditionKind.ALERT:
        headline = edition.flagged.items[0].title if edition.flagged.items else "a story"
        return header_line(f"{label}ALERT: {headline}")
    day = f"{edition.until.astimezone(ZoneInfo(edition.zone)):%Y-%m-%d}"
    return header_line(
        f"{label}{edition.title} {number}, {day}: {MARKS.get(edition.coverage.day, '')}{_counted(edition)}"
    )


def header_line(text: str) -> str:
    """The text as a header takes it: one line, nothing hidden in it, and not too long.

    Nor an encoded word (RFC 2047): the library would decode a headline that looks like one, line breaks and all.
    """
    return cut(clean_line(text, limit=4 * SUBJECT).replace("=?", "= ?"), SUBJECT)


def _counted(edition: Edition) -> str:
    stories, held = edition.flagged.stories, edition.held.stories
    flagged = {0: "nothing flagged", 1: "1 story"}.get(stories, f"{stories:,} stories")
    return f"{flagged}, {held:,} held" if held else flagged
