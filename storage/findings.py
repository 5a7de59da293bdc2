"""Names and claims in flagged and held articles. Of what is rejected none are kept: they can be read again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from json import loads
from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, delete, func, select

from storage.records import Claim, Findings, Mention
from storage.tables import ClaimRow, MentionRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

CHUNK = 500  # ids in one IN list


def write_findings(session: Session, article_id: int, findings: Findings) -> None:
    """Put these in the place of what was recognised before."""
    for table in (MentionRow, ClaimRow):
        session.execute(delete(table).where(table.article_id == article_id))
    once = {(m.entity, m.name, m.kind, m.role): m for m in reversed(findings.mentions)}
    for mention in sorted(once.values(), key=lambda m: m.start):
        fields = asdict(mention) | {"candidates": list(mention.candidates)}
        session.add(MentionRow(article_id=article_id, **fields))
    session.add_all(ClaimRow(article_id=article_id, **asdict(claim)) for claim in findings.claims)


def read_findings(session: Session, article_ids: Sequence[int]) -> dict[int, Findings]:
    """What was recognised in each of these articles; those without anything are not in it."""
    mentions: defaultdict[int, list[Mention]] = defaultdict(list)
    claims: defaultdict[int, list[Claim]] = defaultdict(list)
    for start in range(0, len(article_ids), CHUNK):
        some = article_ids[start : start + CHUNK]
        for article, mention in _mentions(session, some):
            mentions[article].append(mention)
        for article, claim in _claims(session, some):
            claims[article].append(claim)
    return {
        article: Findings(mentions=tuple(mentions.get(article, ())), claims=tuple(claims.get(article, ())))
        for article in mentions.keys() | claims.keys()
    }


def _mentions(session: Session, article_ids: Sequence[int]) -> Iterator[tuple[int, Mention]]:
    """Columns and no rows of the mapper, and no JSON where it says nothing: an edition reads tens of thousands."""
    row = MentionRow
    some = func.nullif(cast(row.candidates, Text), "[]")
    query = select(row.article_id, row.kind, row.name, row.entity, row.text, row.start, row.end, row.role, some)
    found = session.execute(query.where(row.article_id.in_(article_ids)).order_by(row.id))
    for article, kind, name, entity, text, start, end, role, candidates in found:
        yield (
            article,
            Mention(
                kind=kind,
                name=name,
                entity=entity,
                text=text,
                start=start,
                end=end,
                role=role,
                candidates=tuple(loads(candidates)) if candidates else (),
            ),
        )


def _claims(session: Session, article_ids: Sequence[int]) -> Iterator[tuple[int, Claim]]:
    for row in session.scalars(select(ClaimRow).where(ClaimRow.article_id.in_(article_ids)).order_by(ClaimRow.id)):
        yield (
            row.article_id,
            Claim(
                claimant=row.claimant,
                accused=row.accused,
                accused_entity=row.accused_entity,
                hedge=row.hedge,
                hedge_text=row.hedge_text,
                victim=row.victim,
                victim_country=row.victim_country,
                sector=row.sector,
                quote=row.quote,
                start=row.start,
                end=row.end,
            ),
        )
