"""Near-duplicates in the archive, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from crawler.shingles import sketch
from storage.likeness import CROWD, family, look, remember
from storage.records import Likeness
from storage.tables import BandRow
from tests.crawler.test_shingles import prose
from tests.storage.test_search import Shelf

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from storage.database import Database
    from storage.records import AlikeArticle


def shelf_of(database: Database, texts: list[str]) -> None:
    shelf = Shelf(database)
    for number, text in enumerate(texts):
        shelf.add(f"Story {number}", text)


def remembered(database: Database, texts: list[str]) -> list[list[tuple[int, Likeness | None]]]:
    shelf_of(database, texts)
    with database.write() as session:
        found = [_kept(session, number, text) for number, text in enumerate(texts, 1)]
    return [[(like.article_id, like.alike.kind) for like in likes] for likes in found]


def _kept(session: Session, number: int, text: str) -> tuple[AlikeArticle, ...]:
    drawn = sketch(text)
    near = look(session, drawn)
    remember(session, number, drawn, near)
    return near.alike


def test_copies_join_one_family_and_a_merged_page_stays_outside(database: Database) -> None:
    wire, other = prose(1), prose(2)
    found = remembered(database, [wire, other, wire + " The end.", f"{wire}\n{other}", wire[: int(len(wire) * 0.7)]])
    assert found[2] == [(1, Likeness.COPY)]
    assert sorted(found[3]) == [(1, Likeness.CONTAINS), (2, Likeness.CONTAINS)]
    with database.read() as session:
        assert family(session, [1, 2, 3, 4, 5]) == {1: 1, 2: 2, 3: 1, 4: 4, 5: 1}


def test_what_one_process_kept_another_finds(database: Database) -> None:
    remembered(database, [prose(1)])
    with database.read() as session:
        (like,) = look(session, sketch(prose(1))).alike
    assert (like.article_id, like.alike.kind, like.alike.share) == (1, Likeness.COPY, 1.0)


def test_a_thousand_copies_take_no_more_room_on_the_bands_than_one(database: Database) -> None:
    shelf_of(database, [f"{prose(1)} {number}" for number in range(30)])
    with database.write() as session:
        for number in range(1, 31):
            _kept(session, number, prose(1))
        assert session.scalar(select(func.count()).select_from(BandRow)) == 20


def test_boilerplate_that_everybody_has_crowds_no_band(database: Database) -> None:
    frame = prose(99, 60)
    texts = [f"{frame}\n{prose(number, 72)}" for number in range(CROWD + 20)]
    remembered(database, texts)
    with database.read() as session:
        per_band = select(func.count()).select_from(BandRow).group_by(BandRow.hash)
        assert max(session.scalars(per_band)) <= CROWD


def test_an_empty_text_is_like_nothing(database: Database) -> None:
    assert remembered(database, ["short", "short too"]) == [[], []]
