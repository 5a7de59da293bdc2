"""One edition ready to be sent: its subject, its forms, and the stories of which a chat has a few lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.text import clean_line
from jobs.digest.columns import cut
from jobs.digest.plain import plain
from jobs.digest.render import phrases
from jobs.digest.words import MARKS, NOTHING_FOR_PROFILE, NOTHING_TO_TELL
from storage.records import EditionKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from jobs.digest.edition import Edition, Item
    from storage.records import StoredEdition

SUBJECT = 120  # columns: more than any client shows
WRITTEN = 8 * SUBJECT  # characters that are looked at for them: accents and joiners take no column
ALERT = "-alert"  # in the name of an alert's files


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is sent to one address. `write` renders the edition in one form."""

    profile: str
    kind: str  # "digest", "alert" or "test"
    number: int
    subject: str
    composed_at: datetime
    message_id: str
    write: Callable[[str], str]
    heading: str = ""  # what stands above the stories where there is room for no more
    stories: tuple[Item, ...] = ()
    more: int = 0  # stories beside those

    @property
    def name(self) -> str:
        """What its files are called, without their ending. No two editions of a home have one name.

        The digests of a profile `cert-alert` would be called as the alerts of `cert`: they have a dot, which no
        profile's name has.
        """
        number = "test" if self.kind == "test" else f"{self.number:05}"
        if self.kind == EditionKind.ALERT:
            return f"{self.profile}{ALERT}-{number}"
        return f"{self.profile}{'.' if self.profile.endswith(ALERT) else '-'}{number}"


def parcel(stored: StoredEdition, edition: Edition, message_id: str, write: Callable[[str], str]) -> Parcel:
    """A stored edition for one address."""
    items = edition.flagged.items
    told = subject(edition, kind=stored.kind, number=stored.number)
    return Parcel(
        profile=stored.profile,
        kind=stored.kind,
        number=stored.number,
        subject=told,
        heading=header_line(f"{_label(edition)}{edition.title}: ALERT") if stored.kind is EditionKind.ALERT else told,
        composed_at=stored.composed_at,
        message_id=message_id,
        write=write,
        stories=items,
        more=edition.flagged.stories - len(items),
    )


def subject(edition: Edition, *, kind: EditionKind, number: int) -> str:
    """One line that breaks no header, whatever a headline tries, and says the worst first."""
    label = _label(edition)
    if kind is EditionKind.ALERT:
        headline = edition.flagged.items[0].title if edition.flagged.items else "a story"
        return header_line(f"{label}ALERT: {headline}")
    day = f"{edition.until.astimezone(ZoneInfo(edition.zone)):%Y-%m-%d}"
    return header_line(
        f"{label}{edition.title} {number}, {day}: {MARKS.get(edition.coverage.day, '')}{_counted(edition)}"
    )


def header_line(text: str) -> str:
    """The text as a header takes it: one line, nothing hidden in it, no tower of accents, and not too long.

    Nor an encoded word (RFC 2047): the library would decode a headline that looks like one, line breaks and all.
    """
    return cut(plain(clean_line(text, limit=WRITTEN)).replace("=?", "= ?"), SUBJECT)


def _label(edition: Edition) -> str:
    return f"[TLP:{edition.tlp}] " if edition.tlp else ""


def _counted(edition: Edition) -> str:
    stories, held = edition.flagged.stories, edition.held.stories
    nothing = {NOTHING_FOR_PROFILE: "nothing for this profile", NOTHING_TO_TELL: "nothing to tell"}
    none = nothing.get(phrases.nothing(edition), "nothing flagged")
    flagged = {0: none, 1: "1 story"}.get(stories, f"{stories:,} stories")
    return f"{flagged}, {held:,} held" if held else flagged
