"""Names and claims in flagged and held articles. Of what is rejected none are kept: they can be read again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from storage.rows import findings_record
from storage.tables import ClaimRow, MentionRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from storage.records import Findings

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
    mentions: dict[int, list[MentionRow]] = {}
    claims: dict[int, list[ClaimRow]] = {}
    for start in range(0, len(article_ids), CHUNK):
        some = article_ids[start : start + CHUNK]
        for mention in session.scalars(
            select(MentionRow).where(MentionRow.article_id.in_(some)).order_by(MentionRow.id)
        ):
            mentions.setdefault(mention.article_id, []).append(mention)
        for claim in session.scalars(select(ClaimRow).where(ClaimRow.article_id.in_(some)).order_by(ClaimRow.id)):
            claims.setdefault(claim.article_id, []).append(claim)
    return {
        article: findings_record(mentions.get(article, []), claims.get(article, []))
        for article in mentions.keys() | claims.keys()
    }
