"""Which article tells a story."""

from __future__ import annotations

import pytest

from jobs.stories.view import primary
from storage.records import Membership, StoredArticle, StoredStory
from tests.jobs.digest_day import SINCE, stored


def story(*articles: StoredArticle, origins: dict[int, int]) -> StoredStory:
    return StoredStory(
        id=1,
        public="S-20261122-01",
        first_seen=SINCE,
        last_seen=SINCE,
        roundup=False,
        articles=articles,
        members=tuple(Membership(article=each.id, why="", origin=origins[each.id], origin_why="") for each in articles),
    )


REPRINT = stored(1, title="Spies read the mail", text="A text.", outlet="Harbour Post", authors=("Meridian Wire",))
WIRE = stored(2, title="Spies read the mail", text="A text.", outlet="Meridian Wire", authors=("Ilse Tamm",))
OTHER = stored(3, title="What the spies read", text="Another text.", outlet="Example Times", score=0.8)


@pytest.mark.parametrize("seen_first", [REPRINT, WIRE], ids=["the reprint first", "the wire first"])
def test_the_agency_tells_it_and_not_who_reprints_it(seen_first: StoredArticle) -> None:
    origins = {1: seen_first.id, 2: seen_first.id, 3: 3}
    assert primary(story(REPRINT, WIRE, OTHER, origins=origins)) is WIRE


def test_a_reprint_tells_it_where_nobody_else_does() -> None:
    assert primary(story(REPRINT, origins={1: 1})) is REPRINT


def test_an_origin_stands_before_a_copy_whatever_their_scores() -> None:
    copy = stored(4, title="What the spies read", text="Another text.", outlet="Nordblatt", score=0.99)
    assert primary(story(OTHER, copy, origins={3: 3, 4: 3})) is OTHER
