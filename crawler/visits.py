"""One look at a source while it goes on, and whether the source's 304 is put to the proof by it.

Some servers answer 304, or repeat an ETag, although the feed has changed; what they publish would never be seen. So now
and then a look is sent without validators. If it then brings links that nobody knew, and the server claims that nothing
has changed, its validators are not sent any more: the hash of the body tells change from none just as well, and only
costs the transfer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.schedule import Findings, draw, next_poll, together
from storage.records import Validators

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.sources import Source
    from storage.records import SourceState

AUDITED = 1 / 20  # of the looks
AUDIT_PAUSE = timedelta(days=1)
LONGEST_TRUST = timedelta(days=7)
MOVES = 5  # looks in a row that are sent on to the same URL for good, before somebody is told
DISPROVED = "its 304 hid new links and is not believed any more"


@dataclass(kw_only=True)
class Visit:
    """What is asked, what was answered. It ends with the answer to its last request: a sitemap index has many parts."""

    source: Source
    before: SourceState
    audit: bool = False  # asks without validators, although it has some
    lied: bool = False
    moved_to: str | None = None  # where a permanent redirect led
    waiting: int = 0  # for answers
    withheld: dict[str, Validators] = field(default_factory=dict)  # by URL: what an audit did not send
    parts: list[Findings] = field(default_factory=list)

    def asks(self, url: str, known: Validators) -> Validators:
        """What is sent along to a URL of the source: all that is known, or only the hash that we compare ourselves."""
        self.waiting += 1
        if self.before.validators_trusted and not self.audit:
            return known
        if self.audit:
            self.withheld[url] = known
        return Validators(body_hash=known.body_hash)

    def answered(self, findings: Findings | None) -> bool:
        """Note an answer, or None for an index whose parts are answers of their own; says whether it was the last."""
        self.waiting -= 1
        self.parts += [findings] if findings else []
        return self.waiting == 0 and bool(self.parts)

    @property
    def moves(self) -> int:
        """Looks in a row, this one included, that were sent on to the same URL for good."""
        return 0 if self.moved_to is None else 1 + self.before.moves * (self.moved_to == self.before.moved_to)

    @property
    def advice(self) -> str:
        """What an operator should know of a source that answers; empty when there is nothing."""
        moved = f"moved permanently to {self.moved_to}: write that as its url in sources.toml"
        return moved if self.moves >= MOVES else ""

    def after(self, at: datetime) -> SourceState:
        """What is known of the source when the visit is over."""
        jitter, found = draw("jitter", self.source.name, at), together(self.parts)
        rhythm = next_poll(self.before.rhythm, found, at=at, jitter=jitter, every=self.source.every)
        failed = found.gravity > 0  # which says nothing about where the source is
        return replace(
            self.before,
            rhythm=rhythm,
            moved_to=self.before.moved_to if failed else self.moved_to,
            moves=self.before.moves if failed else self.moves,
            validators_trusted=self.before.validators_trusted and not self.lied,
            audited_at=at if self.audit else self.before.audited_at or at,  # the first look has no validators to send
        )


def visit(source: Source, before: SourceState, *, at: datetime) -> Visit:
    """A look at a source that begins at `at`."""
    return Visit(source=source, before=before, audit=audit_due(before, at=at))


def audit_due(state: SourceState, *, at: datetime) -> bool:
    """Whether the look at `at` goes without validators: one in twenty, not twice in a day, and at the latest weekly."""
    if not state.validators_trusted or state.audited_at is None:
        return False
    passed = at - state.audited_at
    if passed < timedelta() or passed >= LONGEST_TRUST:  # a clock that went back
        return True
    return passed >= AUDIT_PAUSE and draw("audit", state.name, at) < AUDITED


def claims_unchanged(known: Validators, now: Validators) -> bool:
    """Whether an answer carries the validators of an earlier one: asked with them, the server would have sent a 304.

    Compared as the server would: by ETag, weak or strong, and only without one by date (RFC 9110, section 13.2.2).
    """
    if known.etag:
        return now.etag is not None and now.etag.removeprefix("W/") == known.etag.removeprefix("W/")
    return known.last_modified is not None and now.last_modified == known.last_modified
