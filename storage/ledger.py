"""The ledger: every link ever seen, what became of it, and who is fetching it now.

It is the frontier and the memory in one (Scrapy's own JOBDIR does not survive `kill -9`): a link is taken by a lease
that ends by itself, and settled in the transaction that stores what came of it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, not_, or_, select, text, update

from storage.records import Account, Link, LinkHistory, LinkState, Settled, Tally, Waited
from storage.rows import link_record, stored_record
from storage.tables import OPEN, ArticleRow, LinkRow, PrintRow, VerdictRow
from storage.upsert import dialect, insert_into

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from storage.database import Database

CHUNK = 500  # keys in one IN list: below SQLite's limit of 999 in old builds
ENDED = "the crawl that had it ended before its turn"  # why a link waits again
IN_VAIN = {LinkState.GONE, LinkState.FAILED, LinkState.BLOCKED, LinkState.UNEXTRACTABLE}  # what had no page to read
BEFORE = ": as before at "  # between the reason of such a link and the other URLs where it was asked for, in <>


class Ledger:
    """One method, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unknown(self, links: Sequence[Link]) -> list[Link]:
        """The links that the ledger has never seen, one for each key, in order."""
        with self._database.read() as session:
            return unseen(session, links)

    def lease(self, source: str, *, owner: str, at: datetime, until: datetime, limit: int) -> list[Link]:
        """Take up to `limit` links of a source that are waiting, due again, or whose lease has ended."""
        with self._database.write() as session:
            rows = session.scalars(_due(source, at=at).limit(limit).with_for_update(skip_locked=True)).all()
            for row in rows:
                row.state, row.lease_owner, row.lease_until = LinkState.LEASED, owner, until
            return [link_record(row) for row in rows]

    def waiting(self, source: str, *, owner: str, at: datetime, limit: int) -> list[Link]:
        """What `lease` would take after `release`, without taking it."""
        with self._database.read() as session:
            return [link_record(row) for row in session.scalars(_due(source, owner=owner, at=at).limit(limit))]

    def sources_waiting(self, *, at: datetime) -> set[str]:
        """The sources with links that `lease` would take."""
        query = select(LinkRow.source).where(text(OPEN), _takeable(at)).distinct()
        with self._database.read() as session:
            return set(session.scalars(query))

    def count_waiting(self, source: str, *, at: datetime) -> int:
        """How many links `lease` would take if it had no limit."""
        with self._database.read() as session:
            query = select(func.count()).select_from(LinkRow).where(LinkRow.source == source, _takeable(at))
            return session.scalar(query) or 0

    def explain(self, source: str, reason: str) -> None:
        """Write beside the links of a source that wait for their turn why they still do."""
        wait = LinkRow.state == LinkState.DISCOVERED, LinkRow.source == source
        untold = LinkRow.reason != reason, not_(LinkRow.reason.contains(BEFORE))
        with self._database.write() as session:
            session.execute(update(LinkRow).where(text(OPEN), *wait, *untold).values(reason=reason))

    def release(self, *, owner: str) -> int:
        """Give back every link this owner holds, at the end of a run; and at its start, should the last have died."""
        with self._database.write() as session:
            free = update(LinkRow).where(_held_by(owner)).values(_free(ENDED)).returning(LinkRow.id)
            return len(session.scalars(free).all())

    def put_back(self, key: str, *, owner: str, reason: str) -> None:
        """Give back one link that was not asked for: it waits for the next run."""
        with self._database.write() as session:
            session.execute(update(LinkRow).where(_held_by(owner), LinkRow.key == key).values(_free(reason)))

    def renew(self, *, owner: str, until: datetime) -> None:
        """Keep every link this owner holds for longer: its run lives."""
        with self._database.write() as session:
            session.execute(update(LinkRow).where(_held_by(owner)).values(lease_until=until))

    def settle(self, outcome: Settled, *, run: int) -> None:
        """Write what became of a link that gave no article."""
        with self._database.write() as session:
            settle(session, outcome, run=run)

    def attempts(self, key: str) -> int:
        """How often the link has been tried."""
        with self._database.read() as session:
            return session.scalar(select(LinkRow.attempts).where(LinkRow.key == key)) or 0

    def waited(self, key: str) -> Waited | None:
        """How a link waited that could not be had the last time; None for one that was never put off."""
        columns = LinkRow.discovered_at, LinkRow.settled_at, LinkRow.retry_at
        with self._database.read() as session:
            row = session.execute(select(*columns).where(LinkRow.key == key)).first()
        if row is None or row.settled_at is None or row.retry_at is None:
            return None
        return Waited(found=row.discovered_at, last=row.retry_at - row.settled_at)

    def history(self, key: str) -> LinkHistory | None:
        """What the ledger knows of a link, or of the one whose page claims this key; None if it was never seen."""
        claimed = select(ArticleRow.link_id).where(ArticleRow.key == key).order_by(ArticleRow.id).limit(1)
        with self._database.read() as session:
            row = session.scalar(select(LinkRow).where(LinkRow.key == key))
            row = row or session.scalar(select(LinkRow).where(LinkRow.id == claimed.scalar_subquery()))
            return None if row is None else _history(session, row)

    def tallies(self, *, since: datetime, until: datetime) -> tuple[Tally, ...]:
        """What became of the links discovered in `[since, until)`: every one of them is in exactly one tally."""
        query = (
            select(LinkRow.state, LinkRow.reason, func.count())
            .where(LinkRow.discovered_at >= since, LinkRow.discovered_at < until)
            .group_by(LinkRow.state, LinkRow.reason)
            .order_by(LinkRow.state, LinkRow.reason)
        )
        with self._database.read() as session:
            return tuple(Tally(state=state, reason=reason, count=n) for state, reason, n in session.execute(query))

    def account(self, *, since: datetime, until: datetime) -> Account:
        """What became, by the end of `[since, until)`, of the links found in it and of those that were waiting for it.

        Of windows that follow each other exactly one tells how a link ended: the one in which it was first settled for
        good. Another verdict on its article later on is no end. What ends after the window still waits here. One that
        is opened again at another URL waits, and ends, once more.
        """
        found = LinkRow.discovered_at >= since, LinkRow.discovered_at < until
        # Few of many, found by an index of their own: asked for at once with the rest, SQLite goes through all links.
        trying, settled = (
            LinkRow.id.in_(select(LinkRow.id).where(which)) for which in (_to_try(), LinkRow.settled_at >= since)
        )
        early = func.coalesce(LinkRow.discovered_at, since) < since  # nearly all: by its index each would be looked up
        with self._database.read() as session:
            return Account(
                found=_by_source(_tallied(session, *found, until=until)),
                before=_by_source(
                    [
                        *_tallied(session, trying, early, until=until),
                        *_tallied(session, settled, not_(_to_try()), early, _ended() >= since, until=until),
                    ]
                ),
            )


def unseen(session: Session, links: Iterable[Link]) -> list[Link]:
    wanted = by_key(links)
    known = {key for key, _, _ in known_links(session, list(wanted))}
    return [link for key, link in wanted.items() if key not in known]


def add_links(session: Session, links: Iterable[Link], *, at: datetime, run: int) -> int:
    """Add what is not there; gives how many were added. Another crawl may have added some since anyone looked."""
    rows = [_new_row(link, at=at, run=run) for link in links]
    if not rows:
        return 0
    statement = (
        insert_into(LinkRow, dialect(session)).on_conflict_do_nothing(index_elements=["key"]).returning(LinkRow.id)
    )
    return len(session.scalars(statement, rows).all())


def by_key(links: Iterable[Link]) -> dict[str, Link]:
    """The first link of each key, in order."""
    wanted: dict[str, Link] = {}
    for link in links:
        wanted.setdefault(link.key, link)
    return wanted


def known_links(session: Session, keys: Sequence[str]) -> Iterator[tuple[str, LinkState, int]]:
    """Key, state and id of those that are there."""
    columns = LinkRow.key, LinkRow.state, LinkRow.id
    for start in range(0, len(keys), CHUNK):
        rows = session.execute(select(*columns).where(LinkRow.key.in_(keys[start : start + CHUNK])))
        yield from ((key, state, number) for key, state, number in rows)


def settle(session: Session, outcome: Settled, *, run: int) -> None:
    reason = outcome.reason
    if outcome.state in IN_VAIN:
        before = session.scalar(select(LinkRow.reason).where(LinkRow.key == outcome.key)) or ""
        reason += "".join(before.partition(BEFORE)[1:])
    changes: dict[str, Any] = {
        "state": outcome.state,
        "reason": reason,
        "settled_at": outcome.at,
        "settled_by": run,
        "fetched_at": (outcome.fetched_at or outcome.at) if outcome.http_status is not None else LinkRow.fetched_at,
        "http_status": outcome.http_status,
        "final_url": outcome.final_url,
        "attempts": LinkRow.attempts + int(outcome.tried),
        "retry_at": outcome.retry_at,
        "lease_owner": None,
        "lease_until": None,
    }
    session.execute(update(LinkRow).where(LinkRow.key == outcome.key).values(changes))


def _tallied(session: Session, *which: ColumnElement[bool], until: datetime) -> Iterator[tuple[str, Tally]]:
    """Links by their source and by where they stood at a time: those that ended later were still waiting."""
    later = func.count().filter(and_(LinkRow.settled_at >= until, _ended() >= until))
    kinds = LinkRow.source, LinkRow.state, LinkRow.reason
    query = select(*kinds, func.count(), later).where(*which).group_by(*kinds).order_by(*kinds)
    for source, state, reason, links, waiting in session.execute(query):
        if links > waiting:
            yield source, Tally(state=state, reason=reason, count=links - waiting)
        if waiting:
            yield source, Tally(state=LinkState.DISCOVERED, reason="", count=waiting)


def _by_source(tallies: Iterable[tuple[str, Tally]]) -> dict[str, tuple[Tally, ...]]:
    found: defaultdict[str, list[Tally]] = defaultdict(list)
    for source, tally in tallies:
        found[source].append(tally)
    return {source: tuple(some) for source, some in found.items()}


def _ended() -> ColumnElement[datetime | None]:
    """When a link was first settled: another verdict, and a page that turned out to be a soft 404, settle it again."""
    judged = (
        select(func.min(VerdictRow.judged_at))
        .join(ArticleRow, ArticleRow.id == VerdictRow.article_id)
        .where(ArticleRow.link_id == LinkRow.id)
    )
    read = select(PrintRow.at).where(PrintRow.link_id == LinkRow.id)
    return func.coalesce(judged.scalar_subquery(), read.scalar_subquery(), LinkRow.settled_at)


def _to_try() -> ColumnElement[bool]:
    """A link that has no outcome: it waits, is being fetched, or is to be tried again. OPEN as in `_held_by`."""
    again = and_(LinkRow.state.in_([LinkState.FAILED, LinkState.BLOCKED]), LinkRow.retry_at.is_not(None))
    return and_(text(OPEN), or_(LinkRow.state.in_([LinkState.DISCOVERED, LinkState.LEASED]), again))


def _held_by(owner: str) -> ColumnElement[bool]:
    """OPEN says again what follows from the state: SQLite and PostgreSQL then read the few open links, not all."""
    return and_(text(OPEN), LinkRow.state == LinkState.LEASED, LinkRow.lease_owner == owner)


def _free(reason: str) -> dict[str, Any]:
    """A link that waits for its turn again. Where else it was asked for stays in its reason."""
    kept = case((LinkRow.reason.contains(BEFORE), LinkRow.reason), else_=reason)
    return {"state": LinkState.DISCOVERED, "reason": kept, "lease_owner": None, "lease_until": None}


def _due(source: str, *, at: datetime, owner: str | None = None) -> Select[LinkRow]:
    return select(LinkRow).where(LinkRow.source == source, _takeable(at, owner)).order_by(LinkRow.id)


def _takeable(at: datetime, owner: str | None = None) -> ColumnElement[bool]:
    abandoned = or_(LinkRow.lease_until <= at, LinkRow.lease_owner == owner) if owner else LinkRow.lease_until <= at
    return or_(
        LinkRow.state == LinkState.DISCOVERED,
        and_(LinkRow.state == LinkState.LEASED, abandoned),
        and_(LinkRow.state.in_([LinkState.FAILED, LinkState.BLOCKED]), LinkRow.retry_at <= at),
    )


def _new_row(link: Link, *, at: datetime, run: int) -> dict[str, Any]:
    return {
        "key": link.key,
        "url": link.url,
        "source": link.source,
        "title": link.title,
        "published": link.published,
        "summary": link.summary,
        "authors": list(link.authors),
        "discovered_at": at,
        "discovered_by": run,
        "state": LinkState.DISCOVERED,
        "reason": "",
        "attempts": 0,
    }


def _history(session: Session, row: LinkRow) -> LinkHistory:
    stored = session.execute(
        select(ArticleRow, VerdictRow)
        .join(VerdictRow, VerdictRow.article_id == ArticleRow.id)
        .where(ArticleRow.link_id == row.id, VerdictRow.superseded_at.is_(None))
    ).first()
    return LinkHistory(
        link=link_record(row),
        state=row.state,
        reason=row.reason,
        discovered_at=row.discovered_at,
        attempts=row.attempts,
        settled_at=row.settled_at,
        fetched_at=row.fetched_at,
        http_status=row.http_status,
        final_url=row.final_url,
        retry_at=row.retry_at,
        stored=None if stored is None else stored_record(row, stored[0], stored[1]),
    )
