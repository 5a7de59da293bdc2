"""Check us: a few rejected articles that the readers of an edition are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.teaching.recall import sample
from storage.audits import Audits
from storage.verdicts import Verdicts

if TYPE_CHECKING:
    from datetime import date, datetime

    from storage.database import Database
    from storage.records import Draw, StoredArticle


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The draws, to be kept once the edition is; and the articles, in the same order."""

    draws: tuple[Draw, ...] = ()
    articles: tuple[StoredArticle, ...] = ()


def ask(database: Database, *, profile: str, n: int, day: date, since: datetime, until: datetime) -> Asked:
    """`n` of the articles that a model rejected in the window and nobody was asked about yet.

    A third each from close to the threshold, well below and far below, as the recall audit draws them. The same archive
    gives a profile the same ones on the same day; two profiles are asked about different ones.
    """
    if not n:
        return Asked()
    draws = sample(Audits(database).rejects(since=since, until=until), n, day, of=f"{profile}:")
    verdicts = Verdicts(database)
    found = [(draw, verdicts.article(draw.reject.article_id)) for draw in draws]
    pairs = [(draw, stored) for draw, stored in found if stored is not None]
    return Asked(draws=tuple(draw for draw, _ in pairs), articles=tuple(stored for _, stored in pairs))
