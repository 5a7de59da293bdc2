from __future__ import annotations

import random
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.stories.copies import gather
from tests.jobs.digest_day import MINISTRY, PATENTS, RUMOUR, SINCE, TROJAN, stored

if TYPE_CHECKING:
    from storage.records import StoredArticle


JAPANESE = """\
情報機関は土曜日、外務省の職員が機密文書を外国の外交官に渡した疑いで逮捕されたと発表した。職員は容疑を否認している。"""

KOREAN = """\
정보기관은 토요일 외교부 직원이 외국 외교관에게 기밀 문서를 넘긴 혐의로 체포됐다고 밝혔다.
직원은 혐의를 부인하고 있으며 재판은 내년 봄에 열릴 예정이다."""

THAI = """\
หน่วยข่าวกรองแถลงเมื่อวันเสาร์ว่าเจ้าหน้าที่กระทรวงการต่างประเทศถูกจับฐานส่งเอกสารลับให้นักการทูตต่างชาติ"""


def groups(articles: list[StoredArticle]) -> list[list[int]]:
    return [[stored.id for stored in story.articles] for story in gather(articles)]


def words(seed: int, number: int = 300) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(number)]


def test_a_wire_story_with_small_edits_is_one_story() -> None:
    edited = "From our wire desk. " + MINISTRY.replace("nineteen months", "a year and a half").replace("Dr. ", "")
    assert groups([stored(1, title="A", text=MINISTRY), stored(2, title="B", text=edited)]) == [[1, 2]]


def test_a_shortened_copy_belongs_to_the_whole() -> None:
    half = MINISTRY[: len(MINISTRY) // 2]
    assert groups([stored(1, title="A", text=half), stored(2, title="B", text=MINISTRY)]) == [[1, 2]]


def test_other_words_for_the_same_event_stay_apart() -> None:
    retold = (
        "The foreign ministry of Varnish was spied on for more than a year and a half, the head of the inquiry told "
        "reporters at the weekend. Ambassadors' notes, travel dates and unsigned treaties ended up on a machine "
        "abroad. A company that runs calendars for the ministry was the way in, Ilse Tarn said."
    )
    assert groups([stored(1, title="A", text=MINISTRY), stored(2, title="A", text=retold)]) == [[1], [2]]


def test_a_round_up_that_quotes_whole_articles_swallows_none_of_them() -> None:
    round_up = "\n".join([MINISTRY, " ".join(words(1)), " ".join(words(2)), TROJAN])
    articles = [
        stored(1, title="Week in review", text=round_up),
        stored(2, title="A", text=MINISTRY),
        stored(3, title="B", text=TROJAN),
    ]
    assert groups(articles) == [[1], [2], [3]]


def test_a_shared_footer_makes_no_story() -> None:
    footer = " Subscribe to our newsletter, follow us on every network and support reporting that no one else pays for."
    articles = [stored(n, title="A", text=text + footer) for n, text in enumerate((MINISTRY, TROJAN, RUMOUR), 1)]
    assert groups(articles) == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        (PATENTS, PATENTS.replace("周六", "22日")),
        (JAPANESE, JAPANESE.replace("土曜日", "21日")),
        (KOREAN, KOREAN.replace("토요일", "21일")),
        (THAI, THAI.replace("เมื่อวันเสาร์", "วานนี้")),
    ],
    ids=["zh", "ja", "ko", "th"],
)
def test_scripts_without_spaces_are_compared_by_characters(text: str, edited: str) -> None:
    assert groups([stored(1, title="A", text=text), stored(2, title="B", text=edited)]) == [[1, 2]]


def test_articles_without_text_are_no_copies_of_each_other() -> None:
    assert groups(
        [stored(1, title="A", text=""), stored(2, title="B", text=" \n"), stored(3, title="C", text="…")]
    ) == [
        [1],
        [2],
        [3],
    ]


def test_the_lead_is_the_highest_score_and_then_the_earliest() -> None:
    articles = [
        stored(n, title="A", text=MINISTRY, score=score) for n, score in ((1, None), (2, 0.8), (3, 0.8), (4, 0.7))
    ]
    (story,) = gather(articles)
    assert (story.id, story.lead.id, story.score, story.first_seen) == (1, 2, 0.8, SINCE + timedelta(hours=1))


def test_outlets_are_named_once_and_the_lead_first() -> None:
    articles = [
        stored(1, title="A", text=MINISTRY, outlet="Harbour Daily", score=0.7),
        stored(2, title="A", text=MINISTRY, outlet="Example Times", score=0.9),
        stored(3, title="A", text=MINISTRY, outlet="Harbour Daily", score=0.6),
        stored(4, title="A", text=MINISTRY, source="wire"),
    ]
    assert gather(articles)[0].outlets == ("Example Times", "Harbour Daily", "wire")


@given(st.permutations(range(12)), st.integers(0, 5))
def test_the_order_of_the_articles_makes_no_difference(order: list[int], edits: int) -> None:
    texts = [words(n // 3, 80) for n in range(12)]
    for number, text in enumerate(texts):
        text[number : number + edits] = ["edited"] * edits
    articles = [stored(n, title="A", text=" ".join(text)) for n, text in enumerate(texts)]
    shuffled = gather([articles[place] for place in order])
    assert shuffled == gather(articles)
    assert sorted(a.id for story in shuffled for a in story.articles) == list(range(12))


@pytest.mark.parametrize("edited", [False, True], ids=["copies", "edited copies"])
def test_ten_thousand_copies_of_one_text_cost_one_comparison_each(edited: bool) -> None:  # noqa: FBT001
    text = words(7)
    articles = [
        stored(
            n, title="A", text=" ".join([*text[: n % 250], f"edit{n}", *text[n % 250 :]]) if edited else " ".join(text)
        )
        for n in range(10_000)
    ]
    began = perf_counter()
    assert len(gather(articles)) == 1
    assert perf_counter() - began < 60  # about 2 s where this was written; the quadratic way takes hours


def test_thousands_of_texts_around_one_paragraph_stay_apart_in_bounded_time() -> None:
    shared = " ".join(words(8, 60))
    articles = [stored(n, title="A", text=f"{' '.join(words(100 + n, 120))} {shared}") for n in range(2_000)]
    began = perf_counter()
    assert len(gather(articles)) == 2_000
    assert perf_counter() - began < 60
