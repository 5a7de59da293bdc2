"""What `digest list` and `digest send` say, for people and for programs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jobs.digest.document import from_document
from jobs.digest.due import SHORT
from jobs.digest.edition import Day
from jobs.digest.words import MARKS
from storage.records import DeliveryState, EditionKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from jobs.digest.agenda import Entry
    from jobs.digest.edition import Edition
    from jobs.digest.send import Posted
    from storage.records import Delivery, StoredEdition

_WORDS = {
    DeliveryState.PENDING: "waiting",
    DeliveryState.SENDING: "on its way",
    DeliveryState.SENT: "sent",
    DeliveryState.DEFERRED: "put off",
    DeliveryState.UNCERTAIN: "uncertain",
    DeliveryState.FAILED: "failed",
}

Row = tuple["StoredEdition", "Sequence[Delivery]"]


def list_text(rows: Iterable[Row]) -> str:
    """A line for each edition, the newest first."""
    lines = [f"{'no.':>5}  {'profile':<12} {'composed (UTC)':<16}  {'covers':<8} {'stories':>7}  delivered"]
    return "\n".join([*lines, *(_line(stored, deliveries) for stored, deliveries in rows)])


def list_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "number": stored.number,
            "profile": stored.profile,
            "kind": str(stored.kind),
            "key": stored.key,
            "since": stored.since.isoformat(),
            "until": stored.until.isoformat(),
            "due_at": stored.due_at.isoformat(),
            "composed_at": stored.composed_at.isoformat(),
            "day": str(edition.coverage.day),
            "days": edition.days,
            "stories": edition.flagged.stories,
            "deliveries": {str(state): count for state, count in sorted(_states(deliveries).items())},
        }
        for stored, deliveries in rows
        for edition in [from_document(stored.body)]
    ]


def agenda_text(entries: Iterable[Entry]) -> str:
    """What is due, and when the rest will be."""
    return "\n".join(_entry(entry) for entry in entries)


def posted_text(posted: Posted, owed: Collection[Delivery], *, at: datetime) -> str:
    """What was made and sent, in a line each, and what is still owed."""
    lines = [_made(stored) for stored in posted.made]
    if posted.sent is not None and posted.sent.counts:
        lines.append("deliveries: " + _counted(posted.sent.counts))
    if owed:
        return "\n".join([*(lines or ["nothing is due"]), owed_text(owed, at=at)])
    return "\n".join(lines) or "nothing is due and nothing is owed"


def owed_text(owed: Collection[Delivery], *, at: datetime) -> str:
    """How many deliveries are open, what can be done of them now, and when the next attempt of the others is."""
    if not owed:
        return "nothing is owed"
    under_way = sum(each.state is DeliveryState.SENDING for each in owed)
    times = sorted(each.next_at for each in owed if each.next_at and each.state is not DeliveryState.SENDING)
    due = sum(time <= at for time in times)
    said = [f"{len(owed):,} {'delivery is' if len(owed) == 1 else 'deliveries are'} owed"]
    said += [f"{due:,} of them now"] if due else []
    said += [f"{under_way:,} on the way"] if under_way else []
    said += [f"next attempt {times[due]:%Y-%m-%d %H:%M} UTC"] if due < len(times) else []
    return ", ".join(said) + "; `spywire digest outbox` names them"


def short_notices(made: Iterable[StoredEdition]) -> Iterator[str]:
    """What whoever asked for an edition should know where there was hardly anything to tell since the last one."""
    for stored in made:
        if stored.kind is EditionKind.DIGEST and stored.until - stored.since < SHORT:
            window = f"{stored.since:%Y-%m-%d %H:%M} to {stored.until:%H:%M} UTC"
            nothing = from_document(stored.body).coverage.day is Day.IDLE
            read = "; nothing was read since the last one" if nothing else ""
            yield f"{stored.profile} digest {stored.number} covers less than an hour, {window}{read}"


def edition_line(edition: Edition) -> str:
    """`Normal day, 9 stories (5 new), 2 held`."""
    stories, held = edition.flagged.stories, edition.held.stories
    new = sum(item.standing == "new" for item in edition.flagged.items)
    told = f"{stories:,} {'story' if stories == 1 else 'stories'}" + (f" ({new:,} new)" if 0 < new < stories else "")
    left_out = f", {edition.left_out:,} left out" if edition.left_out else ""
    return f"{edition.coverage.day} day, {told}, {held:,} held{left_out}"


def _line(stored: StoredEdition, deliveries: Sequence[Delivery]) -> str:
    edition = from_document(stored.body)
    covers = "alert" if stored.kind is EditionKind.ALERT else _days(edition.days)
    told = _counted(_states(deliveries)) or "kept, owed to nobody"
    return (
        f"{stored.number:>5}  {stored.profile:<12} {stored.composed_at:%Y-%m-%d %H:%M}  {covers:<8} "
        f"{edition.flagged.stories:>7}  {MARKS.get(edition.coverage.day, '')}{told}"
    )


def _entry(entry: Entry) -> str:
    later = f"next {_local(entry.next_at, entry)}" if entry.next_at else "never due"
    window = f"{entry.since:%Y-%m-%d %H:%M} to {entry.until:%Y-%m-%d %H:%M} UTC"
    if entry.due is None:
        return f"{entry.profile}: not due, {later}; it would cover {window}"
    return f"{entry.profile}: due since {_local(entry.due.at, entry)} for {entry.due.day}, covers {window}; {later}"


def _local(at: datetime, entry: Entry) -> str:
    return f"{at.astimezone(ZoneInfo(entry.zone)):%a %d %b %H:%M} {entry.zone}"


def _made(stored: StoredEdition) -> str:
    if stored.kind is EditionKind.ALERT:
        return f"{stored.profile}: alert {stored.number}, {stored.key}"
    return f"{stored.profile}: edition {stored.number}, {edition_line(from_document(stored.body))}"


def _states(deliveries: Iterable[Delivery]) -> Counter[DeliveryState]:
    return Counter(delivery.state for delivery in deliveries)


def _counted(states: Counter[DeliveryState]) -> str:
    return ", ".join(f"{states[state]:,} {_WORDS[state]}" for state in DeliveryState if states[state])


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"
