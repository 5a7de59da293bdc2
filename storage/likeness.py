"""Near-duplicates: which earlier texts a new one is like. A look costs the same, however many are stored."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from storage.records import Alike, AlikeArticle, Likeness, Sketch
from storage.tables import BandRow, LikenessRow, SketchRow, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

# in the driver's own words: what SQLAlchemy adds to these would cost as much as they do
KEEP = "INSERT INTO sketches (article_id, family_id, size, hashes) VALUES (?, ?, ?, ?)"
KEEP_BANDS = "INSERT INTO bands (hash, article_id) VALUES (?, ?)"
ON_BANDS = "SELECT hash, article_id FROM bands WHERE hash IN ({})"
# Core tables and statements that are built once: to build one costs more than to run it
SKETCHED, LIKE = (Table.metadata.tables[name] for name in ("sketches", "likenesses"))
KEEP_LIKE = insert(LIKE)
STORED = select(SKETCHED.c.article_id, SKETCHED.c.size, SKETCHED.c.hashes).where(
    SKETCHED.c.article_id.in_(bindparam("ids", expanding=True))
)

LOOKED = 64  # hashes by which others are looked for: in a text it was merged into, an article's stand further down
BANDS = 20  # of the smallest hashes; two in common make a candidate
TOGETHER = 2
CROWD = 60  # articles on one band; more come to no use, and would make the look longer
CANDIDATES = 12
SAME = 0.62  # share of both that makes one text
MOST = 0.75  # share that makes one a part of the other
HALF_AS_LONG = 0.57  # a cut or a frame leaves at least so much of the longer text; two texts merged leave less
SOME = 0.3  # share worth telling
SURE = 24  # hashes in a sketch, below which only nearly all is the same
FRAME = 0.9


@dataclass(frozen=True, kw_only=True)
class Near:
    """What a look at the stored texts gave."""

    alike: tuple[AlikeArticle, ...] = ()
    on_bands: Mapping[int, Sequence[int]] = field(default_factory=dict)  # the articles on each band that was named


NOTHING_NEAR = Near()


def compare(later: Sketch, earlier: Sketch) -> Alike:
    """How much of each text stands in the other, from the union of their smallest hashes."""
    both = _in_common(later, earlier)
    share, other = min(1.0, both / later.size), min(1.0, both / earlier.size)
    return Alike(share=share, other_share=other, kind=_kind(later, earlier, share, other))


def remember(session: Session, article_id: int, sketch: Sketch, near: Near) -> None:
    """Keep the sketch of an article that has none, and what `look` found that it is like."""
    if not sketch.hashes:
        return
    found, on_bands = near.alike, near.on_bands
    copies = [like for like in found if like.alike.kind is Likeness.COPY]
    family = _family(session, copies[0].article_id) if copies else article_id
    _run(session, KEEP, (article_id, family, sketch.size, _packed(sketch)))
    if not any(min(like.alike.share, like.alike.other_share) >= FRAME for like in copies):
        free = [value for value in sketch.hashes[:BANDS] if len(on_bands.get(value, ())) < CROWD]
        if free:
            _run(session, KEEP_BANDS, [(value, article_id) for value in free])
    if found:
        session.connection().execute(KEEP_LIKE, [_columns(article_id, like) for like in found])


def forget(session: Session, article_id: int) -> None:
    """Take an article's sketch out; what was said of it and others stays where others say it."""
    for table in (BandRow, SketchRow, LikenessRow):
        session.execute(delete(table).where(table.article_id == article_id))


def look(session: Session, sketch: Sketch) -> Near:
    """The stored texts that this one is like, the most alike first, then by age."""
    if not sketch.hashes:
        return NOTHING_NEAR
    on_bands = _on_bands(session, sketch)
    return Near(alike=tuple(_alike(session, sketch, on_bands)), on_bands=on_bands)


def compared(session: Session, sketch: Sketch, article_ids: Collection[int]) -> list[AlikeArticle]:
    """Those of the articles that a text is like."""
    if not article_ids or not sketch.hashes:
        return []
    stored = session.connection().execute(STORED, {"ids": list(article_ids)})
    alike = (
        AlikeArticle(article_id=article, alike=compare(sketch, Sketch(size=size, hashes=_unpacked(hashes))))
        for article, size, hashes in stored
    )
    return [like for like in alike if like.alike.kind is not None]


def family(session: Session, article_ids: Sequence[int]) -> dict[int, int]:
    """The text family of each article that has a sketch."""
    query = select(SketchRow.article_id, SketchRow.family_id).where(SketchRow.article_id.in_(article_ids))
    return {article: first for article, first in session.execute(query)}  # noqa: C416 - rows are no pairs for a type checker


def _on_bands(session: Session, sketch: Sketch) -> dict[int, list[int]]:
    """The articles on each band that one of the hashes names."""
    found: dict[int, list[int]] = {}
    named = sketch.hashes[:LOOKED]
    for value, article in _run(session, ON_BANDS.format(", ".join("?" * len(named))), named):
        found.setdefault(value, []).append(article)
    return found


def _run(session: Session, statement: str, values: Any) -> Iterable[Any]:
    """Run what is written for a driver, with `?` where values stand."""
    connection = session.connection()
    if connection.dialect.paramstyle != "qmark":
        statement = statement.replace("?", "%s")
    return connection.exec_driver_sql(statement, values)


def _alike(session: Session, sketch: Sketch, on_bands: dict[int, list[int]]) -> list[AlikeArticle]:
    counted = Counter(article for articles in on_bands.values() for article in articles)
    enough = min(TOGETHER, len(sketch.hashes))
    likely = sorted((-count, article) for article, count in counted.items() if count >= enough)[:CANDIDATES]
    told = compared(session, sketch, [article for _, article in likely])
    return sorted(told, key=lambda like: (-round(max(like.alike.share, like.alike.other_share), 1), like.article_id))


def _family(session: Session, article_id: int) -> int:
    return session.scalars(select(SketchRow.family_id).where(SketchRow.article_id == article_id)).one()


def _columns(article_id: int, like: AlikeArticle) -> dict[str, Any]:
    told = like.alike
    return {
        "article_id": article_id,
        "other_id": like.article_id,
        "kind": told.kind,
        "share": told.share,
        "other_share": told.other_share,
    }


def _in_common(one: Sketch, other: Sketch) -> float:
    """How many shingles both have: exact for short texts, else estimated from the smallest of the union."""
    mine, theirs = set(one.hashes), set(other.hashes)
    if len(mine) == one.size and len(theirs) == other.size:
        return len(mine & theirs)
    count = min(len(sketch.hashes) for sketch in (one, other) if len(sketch.hashes) < sketch.size)
    union = sorted(mine | theirs)[:count]
    jaccard = sum(value in mine and value in theirs for value in union) / count
    return jaccard / (1 + jaccard) * (one.size + other.size)


def _kind(later: Sketch, earlier: Sketch, share: float, other: float) -> Likeness | None:
    short, long = sorted((later.size, earlier.size))
    within, alike = max(share, other), min(share, other)
    if short < SURE and within < FRAME:
        return None
    if alike >= SAME or (within >= MOST and short >= HALF_AS_LONG * long):
        return Likeness.COPY
    if within >= MOST:
        return Likeness.PART if share >= other else Likeness.CONTAINS
    return Likeness.SHARES if within >= SOME else None


def _packed(sketch: Sketch) -> bytes:
    return array("q", sketch.hashes).tobytes()


def _unpacked(hashes: bytes) -> tuple[int, ...]:
    return tuple(array("q", hashes))
