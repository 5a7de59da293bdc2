"""What hosts repeat and where paragraphs stand, on every engine: learnt once an article, bounded, shared."""

from __future__ import annotations

from array import array
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from storage.archive import Archive
from storage.lines import MEMORY, REPEATED, TIDY_EVERY, Lines, Print, keep_print, places, repeated, tidy
from storage.records import Article, Decision, Extent, HostLines, Judged, LinkState, PageLines, Standing
from storage.repeats import is_soft_404
from storage.tables import PrintRow
from tests.storage.test_contract import DAY, NOON, Room, article, link, settled, verdict

if TYPE_CHECKING:
    from storage.database import Database

CALL, SLOGAN, ONCE = 11, 12, 13


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


@pytest.fixture
def known(database: Database) -> Lines:
    return Lines(database)


def of(*short: int, host: str = "example.org", long: tuple[int, ...] = ()) -> PageLines:
    return PageLines(host=host, short=frozenset(short), long=frozenset(long))


def keep(room: Room, n: int, lines: PageLines, **more: object) -> LinkState:
    room.discover(link(n))
    return room.store(n, Decision.FLAG, lines=lines, **more)


def test_a_line_on_three_different_articles_is_the_hosts_own(room: Room, known: Lines) -> None:
    for n in (1, 2):
        keep(room, n, of(CALL, 100 + n))
    assert known.of_host("example.org") == HostLines(articles=2)
    keep(room, 3, of(CALL, 103))
    assert known.of_host("example.org") == HostLines(known=frozenset({CALL}), usual=frozenset({CALL}), articles=3)
    assert known.of_host("elsewhere.org") == HostLines()


def test_what_few_articles_have_is_known_and_not_usual(room: Room, known: Lines) -> None:
    for n in range(1, 14):
        keep(room, n, of(CALL, *([SLOGAN] if n <= 3 else [])))
    assert known.of_host("example.org") == HostLines(
        known=frozenset({CALL, SLOGAN}), usual=frozenset({CALL}), articles=13
    )


def test_what_is_no_article_of_its_own_teaches_nothing(room: Room, known: Lines) -> None:
    keep(room, 1, of(CALL))
    same_page = {"key": link(1).key, "article": replace(article(2), title="Story 1")}
    assert keep(room, 2, of(CALL), **same_page) is LinkState.DUPLICATE
    assert keep(room, 3, of(CALL), article=article(3, text=article(1).text)) is LinkState.FLAGGED, "another title"
    keep(room, 4, of(CALL))
    assert known.of_host("example.org").known == frozenset()
    keep(room, 5, of(CALL))
    assert known.of_host("example.org").known == {CALL}


def test_copies_of_one_report_count_once(room: Room, known: Lines) -> None:
    for n in (1, 2, 3):
        keep(room, n, of(CALL, long=(71, 72, 73, 80 + n)))
    assert known.of_host("example.org").known == frozenset()


def test_a_paragraph_that_a_host_repeats_is_no_short_line(room: Room, known: Lines) -> None:
    for n in (1, 2, 3):
        keep(room, n, of(CALL, long=(70, 80 + n, 90 + n)))
    assert known.of_host("example.org").known == {CALL}


def test_what_is_old_is_forgotten(room: Room, known: Lines, database: Database) -> None:
    for n in (1, 2, 3):
        keep(room, n, of(CALL, long=(70 + n,)))
    with database.write() as session:
        tidy(session, "example.org", at=NOON + MEMORY)
    assert known.of_host("example.org").known == {CALL}
    with database.write() as session:
        tidy(session, "example.org", at=NOON + MEMORY + timedelta(seconds=1))
        assert places(session, of(long=(71, 72), host="elsewhere.org")) == []
    assert known.of_host("example.org") == HostLines()


def test_a_host_is_remembered_by_its_last_pages_only(room: Room, known: Lines, database: Database) -> None:
    for n in range(1, 8):
        keep(room, n, of(CALL if n <= 3 else SLOGAN))
    keep(room, 8, of(CALL, host="elsewhere.org"))
    with database.write() as session:
        tidy(session, "example.org", at=NOON, most=4)
        assert session.scalar(select(func.count()).select_from(PrintRow)) == 5
    assert known.of_host("example.org") == HostLines(known=frozenset({SLOGAN}), usual=frozenset({SLOGAN}), articles=4)


def test_pages_are_tidied_up_on_the_way(room: Room, database: Database) -> None:
    keep(room, 1, of(CALL))
    late = NOON + MEMORY + DAY
    for n in range(2, TIDY_EVERY + 1):
        room.discover(link(n))
        judged = Judged(key=link(n).key, article=article(n), verdict=verdict(), lines=of(1000 + n))
        Archive(database).add(judged, settled(n, at=late), run=room.run)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(PrintRow)) == TIDY_EVERY - 1


def test_a_link_that_is_read_again_counts_once(room: Room, known: Lines, database: Database) -> None:
    keep(room, 1, of(CALL))
    page = Print(link_id=1, text=7, title="Story 1", lines=of(CALL), teaches=True)
    for _ in range(3):
        with database.write() as session:
            keep_print(session, page, at=NOON)
    assert known.of_host("example.org") == HostLines(articles=1)


def test_many_processes_teach_one_host_at_once(database: Database) -> None:
    rooms = [Room(database) for _ in range(4)]
    rooms[0].discover(*(link(n) for n in range(1, 41)))

    def work(worker: int) -> None:
        for n in range(worker * 10 + 1, worker * 10 + 11):
            rooms[worker].store(n, lines=of(1000 + n, CALL, SLOGAN, long=(2000 + n,)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert Lines(database).of_host("example.org") == HostLines(
        known=frozenset({CALL, SLOGAN}), usual=frozenset({CALL, SLOGAN}), articles=40
    )


def test_an_article_is_shown_where_its_paragraphs_stand_before_it_is_stored(room: Room, database: Database) -> None:
    asked: list[set[Standing]] = []

    def marks(one: Article, standing: object) -> Article:
        asked.append(set(standing))  # type: ignore[call-overload]
        return replace(one, quality=0.6, signs=("odd",))

    keep(room, 1, of(long=(71, 72), host="a.example"))
    keep(room, 2, of(long=(72, 73), host="b.example"))
    for n in (3, 4):
        keep(room, n, of(long=(74, 80 + n), host="c.example"))
    room.discover(link(5))
    judged = Judged(key=link(5).key, article=article(5), verdict=verdict(), lines=of(long=(72, 73, 74, 75)))
    Archive(database, regard=marks).add(judged, settled(5), run=room.run)
    stand = [
        Standing(line=line, host=host, outlet="Example Wire", article_id=of)
        for line, host, of in [(72, "a.example", 1), (72, "b.example", 2), (73, "b.example", 2)]
    ]
    assert asked == [set(stand)], "74 is what c.example prints under everything"
    history = room.ledger.history(link(5).key)
    assert history is not None
    assert history.stored is not None
    assert (history.stored.article.quality, history.stored.article.signs) == (0.6, ("odd",))


prints = st.lists(
    st.tuples(st.sets(st.integers(1, 9)), st.sets(st.integers(100, 130), max_size=4)).map(
        lambda both: (array("q", sorted(both[0])), array("q", sorted(both[1])))
    ),
    max_size=12,
)


@given(prints)
def test_only_what_stands_on_three_articles_is_repeated(articles: list[tuple[array[int], array[int]]]) -> None:
    found = repeated(articles)
    on = Counter(line for short, _ in articles for line in short)
    assert found.usual <= found.known <= {line for line, count in on.items() if count >= REPEATED}
    assert found.articles <= len(articles)
    apart = [(short, array("q")) for short, _ in articles]
    assert repeated(apart).known == {line for line, count in on.items() if count >= REPEATED}


NOTICE = "We are sorry, but what you are looking for is not here any more. Perhaps our front page helps you further."


def missing(n: int, title: str | None = None) -> dict[str, object]:
    return {
        "article": replace(article(n, text=NOTICE), title=title or f"Chapter {n} of a tale", authors=(), published=None)
    }


def state(room: Room, n: int) -> tuple[LinkState, str]:
    history = room.ledger.history(link(n).key)
    assert history is not None
    return history.state, history.reason


def test_the_third_link_with_the_same_text_is_a_soft_404_and_so_were_the_others(room: Room) -> None:
    assert [keep(room, n, of(), **missing(n)) for n in (1, 2)] == [LinkState.FLAGGED] * 2
    assert keep(room, 3, of(), **missing(3)) is LinkState.NOT_AN_ARTICLE
    assert state(room, 3) == (LinkState.NOT_AN_ARTICLE, "soft 404: the same text as 2 other pages of example.org")
    assert state(room, 1) == (
        LinkState.NOT_AN_ARTICLE,
        "soft 404: the same text as 2 other pages of example.org; was flagged",
    )
    assert room.archive.decided(Decision.FLAG, since=NOON, until=NOON + DAY) == []
    assert keep(room, 4, of(), **missing(4)) is LinkState.NOT_AN_ARTICLE
    assert state(room, 4)[1] == "soft 404: the same text as 3 other pages of example.org"


def test_a_page_that_comes_back_is_no_duplicate_of_what_was_withdrawn(room: Room) -> None:
    for n in (1, 2, 3):
        keep(room, n, of(), **missing(n))
    back = replace(article(4), title="Chapter 1 of a tale")
    assert keep(room, 4, of(), key=link(1).key, article=back) is LinkState.FLAGGED


def test_one_article_under_three_addresses_is_a_duplicate(room: Room) -> None:
    states = [
        keep(room, n, of(), key=link(1).key, article=replace(article(1), url=f"https://example.org/{n}"))
        for n in (1, 2, 3, 4)
    ]
    assert states == [LinkState.FLAGGED] + [LinkState.DUPLICATE] * 3
    assert state(room, 1)[0] is LinkState.FLAGGED


def test_the_same_text_on_three_hosts_is_no_soft_404(room: Room) -> None:
    hosts = ["a.example", "b.example", "c.example"]
    assert [keep(room, n, of(host=host), **missing(n)) for n, host in enumerate(hosts, 1)] == [LinkState.FLAGGED] * 3


ANNOUNCED = [
    ("Quay reopens after repairs", "https://a.example/quay-reopens"),
    ("Ferry fares rise", "https://a.example/ferry-fares"),
    ("Council meets again", "https://a.example/council-meets"),
]


def page(title: str, text: str = NOTICE, **more: object) -> Article:
    return Article(url="https://a.example/x", title=title, text=text, **more)  # type: ignore[arg-type]


def test_three_stories_announced_and_none_told_is_a_soft_404_however_long() -> None:
    (title, url), *others = ANNOUNCED
    assert is_soft_404(page(title), url, others)
    assert is_soft_404(page(title, NOTICE * 40), url, others)
    assert is_soft_404(page("港口重新开放", "您访问的页面不存在，请返回首页。"), url, others)


@pytest.mark.parametrize("about", [title for title, _ in ANNOUNCED])
def test_a_text_about_one_of_its_titles_is_that_article(about: str) -> None:
    (title, url), *others = ANNOUNCED
    text = f"{about}: the harbour master said so on Monday. " * 5
    assert not is_soft_404(page(title, text), url, others)


def test_two_links_are_not_enough_and_a_summary_is_not_looked_at() -> None:
    (title, url), *others = ANNOUNCED
    assert not is_soft_404(page(title), url, others[:1])
    assert not is_soft_404(page(title, extent=Extent.SUMMARY), url, others)


def test_under_one_title_only_a_short_unsigned_undated_notice_that_knows_none_of_its_addresses_is() -> None:
    same = [("Sorry", url) for _, url in ANNOUNCED[1:]]
    url = ANNOUNCED[0][1]
    assert is_soft_404(page("Sorry"), url, same)
    assert not is_soft_404(page("Sorry", NOTICE * 10), url, same), "long"
    assert not is_soft_404(page("Sorry", authors=("Ada",)), url, same), "signed"
    assert not is_soft_404(page("Sorry", published=NOON, date_source="json-ld"), url, same), "dated"
    assert not is_soft_404(page("Sorry"), url, [("Sorry", "https://a.example/news/quay-reopens"), *same[:1]]), (
        "one name"
    )
    assert not is_soft_404(page("Sorry", f"{NOTICE} The quay reopens."), url, same), "it tells"


@given(
    st.text(max_size=200),
    st.text(max_size=50),
    st.lists(st.tuples(st.text(max_size=50), st.text(max_size=50)), max_size=5),
)
def test_any_texts_and_addresses_can_be_compared(text: str, title: str, others: list[tuple[str, str]]) -> None:
    assert is_soft_404(page(title, text), "https://a.example/x", others) in {True, False}
