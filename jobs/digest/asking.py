"""Check us: a few rejected articles that the readers of an edition are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.digest.wanted import ANYTHING
from jobs.teaching.recall import sample
from storage.audits import Audits
from storage.subjects import Subjects
from storage.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from jobs.digest.wanted import Wanted
    from storage.database import Database
    from storage.records import Draw, StoredArticle


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The draws, to be kept once the edition is; and the articles, in the same order."""

    draws: tuple[Draw, ...] = ()
    articles: tuple[StoredArticle, ...] = ()


def ask(
    database: Database,
    *,
    profile: str,
    n: int,
    day: date,
    since: datetime,
    until: datetime,
    wanted: Wanted = ANYTHING,
    without: Collection[str] = (),
) -> Asked:
    """`n` of the articles that a model rejected in the window and nobody was asked about yet.

    A third each from close to the threshold, well below and far below, as the recall audit draws them. The same archive
    gives a profile the same ones on the same day; two profiles are asked about different ones. Readers are asked about
    articles of the sources and languages that they ask for, and about none of the sources in `without`. By what an
    article names nobody is spared: of what is rejected no names are kept, and the audit needs a fair draw.
    """
    if not n:
        return Asked()
    rejects = Audits(database).rejects(since=since, until=until)
    if without or not wanted.every_article:
        printed = Subjects(database).printed([reject.article_id for reject in rejects])
        rejects = [reject for reject in rejects if _would_be_told(printed[reject.article_id], wanted, without)]
    draws = sample(rejects, n, day, of=f"{profile}:")
    verdicts = Verdicts(database)
    found = [(draw, verdicts.article(draw.reject.article_id)) for draw in draws]
    pairs = [(draw, stored) for draw, stored in found if stored is not None]
    return Asked(draws=tuple(draw for draw, _ in pairs), articles=tuple(stored for _, stored in pairs))


def _would_be_told(printed: tuple[str, str | None], wanted: Wanted, without: Collection[str]) -> bool:
    source, language = printed
    return source not in without and wanted.article(source, language)
