"""Links that are found: the new ones enter the ledger, and those that are known may profit from being found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from storage.ledger import BEFORE, CHUNK, IN_VAIN, add_links, by_key, known_links
from storage.records import LinkState
from storage.tables import ArticleRow, LinkRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from storage.records import Link

SPELLINGS = 3  # URLs of one key that are tried beside the first
UNDONE = IN_VAIN | {LinkState.DISCOVERED, LinkState.LEASED}


def take_in(session: Session, links: Iterable[Link], *, at: datetime, run: int, forgotten: Collection[str] = ()) -> int:
    """Add the links that are not there, and look at the others once more; gives how many were added.

    Of a link without an article, what was not said of it before is filled in. One that waits goes over to the source
    that found it now, if its own is `forgotten`. One that was asked for in vain is opened again when it
    comes with another URL: any spelling of it may be dead, by mistake or on purpose, and a key is all that they share.
    """
    wanted = by_key(links)
    known = list(known_links(session, list(wanted)))
    _look_again(session, [number for _, state, number in known if state in UNDONE], wanted, at=at, forgotten=forgotten)
    there = {key for key, _, _ in known}
    return add_links(session, [link for key, link in wanted.items() if key not in there], at=at, run=run)


def _look_again(
    session: Session, ids: Sequence[int], found: Mapping[str, Link], *, at: datetime, forgotten: Collection[str]
) -> None:
    """A row that somebody else is writing is left to him: nobody waits here, so nobody waits in a circle."""
    stored = select(ArticleRow.id).where(ArticleRow.link_id == LinkRow.id).exists()
    for start in range(0, len(ids), CHUNK):
        query = select(LinkRow).where(LinkRow.id.in_(ids[start : start + CHUNK]), ~stored).order_by(LinkRow.id)
        for row in session.scalars(query.with_for_update(skip_locked=True)).all():
            _found_again(row, found[row.key], at=at, forgotten=forgotten)


def _found_again(row: LinkRow, link: Link, *, at: datetime, forgotten: Collection[str]) -> None:
    row.title, row.published = row.title or link.title, row.published or link.published
    row.summary, row.authors = row.summary or link.summary, row.authors or list(link.authors)
    if row.state == LinkState.LEASED and row.lease_until is not None and row.lease_until > at:
        return
    if _may_be_at(link.url, row):
        _open(row, link)
    elif row.source in forgotten and _waits(row):
        row.source = link.source


def _may_be_at(url: str, row: LinkRow) -> bool:
    """Whether a link that was asked for in vain is worth asking for at this URL, where it has not been asked for."""
    tried = row.reason.partition(BEFORE)[2]
    in_vain = row.state in IN_VAIN and row.attempts > 0
    return in_vain and url != row.url and f"<{url}>" not in tried and tried.count("<") < SPELLINGS


def _open(row: LinkRow, link: Link) -> None:
    """Let it wait, under the new URL and as its source announces it. One that is to be tried again keeps its time."""
    what, _, tried = row.reason.partition(BEFORE)
    row.reason = f"{what}{BEFORE}{' '.join([*tried.split(), f'<{row.url}>'])}"
    row.url, row.source = link.url, link.source
    row.title, row.published = link.title or row.title, link.published or row.published
    row.summary, row.authors = link.summary or row.summary, list(link.authors) or row.authors
    if row.retry_at is None:
        row.state = LinkState.DISCOVERED


def _waits(row: LinkRow) -> bool:
    return row.state in {LinkState.DISCOVERED, LinkState.LEASED} or row.retry_at is not None
