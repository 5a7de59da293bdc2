"""Signs of spun and stitched text: each on a text of our own, and none on what newsrooms print."""

from __future__ import annotations

import gzip
import json
import lzma
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import NotAnArticleError, UnextractableError
from crawler.extract import extract
from crawler.extract.fingerprints import fingerprint
from crawler.extract.quality import WEIGHTS, Sign, graded, marked, regard
from crawler.page import Page
from storage.records import Article, Dateline, Standing
from tests.crawler.test_real_pages import wrapped

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLAIN = "The ministry said on Friday that it had found the intruders in a copy of last year's mail. "


def article(text: str, language: str | None = "en", url: str = "https://dusk.example/1", **more: object) -> Article:
    return Article(url=url, title="A title", text=text, language=language, authors=("Ada",), published=NOW, **more)  # type: ignore[arg-type]


def signs(text: str, language: str | None = "en", **more: str) -> set[str]:
    return set(graded(article(text, language, **more)).signs)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The firm published a report on August , and the ministry answered."),
        ("en", "They met on Tuesday, July , in the old town."),
        ("en", "In February , American investigators named the unit."),
        ("de", "Der Bericht erschien am August und wurde gelesen."),
        ("fr", "Le rapport est paru le août dans la capitale."),
        ("es", "El informe salió el martes de agosto en la capital."),
        ("pt", "O relatório saiu em de agosto na capital."),
        ("it", "Il rapporto è uscito il agosto nella capitale."),
        ("nl", "Het rapport verscheen op augustus in de hoofdstad."),
        ("pl", "Raport ukazał się dnia sierpnia w stolicy."),
        ("ru", "Доклад вышел августа года в столице."),
        ("uk", "Звіт вийшов серпня року у столиці."),
        ("ar", "صدر التقرير يوم أغسطس في العاصمة."),
        ("zh", "该报告于月日，在首都发布。"),
        ("ja", "報告書は年月日に首都で公表された。"),
        ("ko", "보고서는 지난 월 일 수도에서 나왔다."),
    ],
)
def test_a_date_that_lost_its_number_is_a_sign(language: str, text: str) -> None:
    assert signs(text, language) == {Sign.LOST_NUMBERS}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "In July, the firm said so. On August 4, it said so again. On August, 25 people had known."),
        ("en", "Pressure grew on May, who resigned in June. Back in June , she had not."),
        ("de", "Am 4. August und im August, im Mai und am Maifeiertag. Vom 3. März an."),
        ("fr", "Le 4 août, en août, le mois d'août, au mois d'avril. Le mai 68 des étudiants."),
        ("es", "El 4 de agosto de 2021, el informe de diciembre y el de enero. A finales de agosto de este año."),
        ("pt", "Em agosto, no dia 4 de agosto de 2021, no fim de agosto."),
        ("it", "Il 4 agosto, in agosto, il maggio del 1968, dal settembre 2020."),
        ("nl", "Op 4 augustus, in augustus, begin maart."),
        ("pl", "Dnia 4 sierpnia, w sierpniu 2021 roku, do sierpnia."),
        ("ru", "4 августа 2021 года, в августе, до конца августа, с августа."),
        ("uk", "4 серпня 2021 року, у серпні, до кінця серпня."),
        ("ar", "في أغسطس، يوم 4 أغسطس، منذ شهر أغسطس."),
        ("zh", "8月4日，该报告发布。在月球上，年月如梭。"),
        ("ja", "8月4日に公表された。生年月日に誤りがあった。月日の流れは早い。"),
        ("ko", "지난 8월 4일 수도에서 나왔다. 2021년 8월 4일에도 그랬다."),
    ],
)
def test_a_date_as_newsrooms_write_it_is_none(language: str, text: str) -> None:
    assert signs(text, language) == set()


CUT_IN_TWO = (
    "The cost beyond the U. Looking ahead, allies will speak. The absence of norms from the U. Finally, they will."
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", CUT_IN_TWO),
        ("en", "It was said by Mr.\nHe denied it, as did Dr.\nThe others kept silent."),
        ("en", "As Gen. In the wake of it, Beijing changed. The letter went to Sen. The committee waited."),
        ("de", "Das sagte Dr.\nDanach schwieg er wie Prof.\nMehr war nicht zu hören."),
        ("fr", "C'est ce qu'a dit Mme\nPuis vint le tour de MM.\nIls se turent."),
        ("es", "Lo dijo el Sr.\nLuego calló, como la Dra.\nNadie más habló."),
    ],
)
def test_two_sentences_cut_at_abbreviations_are_a_sign(language: str, text: str) -> None:
    assert signs(text, language) == {Sign.CUT_SENTENCES}


def test_one_cut_may_be_the_readers_fault_and_whole_abbreviations_are_none() -> None:
    assert signs("The cost beyond the U. Looking ahead, allies will speak.") == set()
    assert (
        signs("The U.S. The U.N. said so. Mr. Smith and Gen. Inman met Dr. No. The E.U. Commission and the U. K. too.")
        == set()
    )


def test_another_outlets_player_is_a_sign_and_ones_own_is_not() -> None:
    said = PLAIN + "This video can not be played To play this video you need to enable JavaScript in your browser."
    assert signs(said) == {Sign.PLAYER}
    assert signs(said, url="https://www.bbc.co.uk/news/1") == set()


def test_a_player_that_anybody_may_have_counts_in_the_prose_or_when_it_says_much() -> None:
    alone = f"{PLAIN}\nUnable to load video\n{PLAIN}"
    assert signs(alone) == set()
    assert signs(alone + "\nSkip 10 seconds") == {Sign.PLAYER}
    assert signs(f"{PLAIN} Unable to load video. {PLAIN}") == {Sign.PLAYER}


@pytest.mark.parametrize("word", ["0コメント", "분享".replace("분", "分"), "Поделиться", "Kommentare (3)", "댓글 0"])
def test_an_interface_word_of_another_language_at_the_end_is_a_sign(word: str) -> None:
    assert signs(f"{PLAIN}\n{word}") == {Sign.INTERFACE}
    assert signs("\n".join([PLAIN, word, *[PLAIN] * 3])) == set(), "not at the end"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (f"{PLAIN}\nShare", "en"),
        (f"{PLAIN}\nLinkedIn", "en"),
        (f"{PLAIN}\nAD", "en"),
        ("Das Ministerium fand die Eindringlinge in einer Kopie der Post.\nTeilen", "de"),
        ("Das Ministerium fand die Eindringlinge in einer Kopie der Post.\nShare", "de"),
        (f"{PLAIN}\n0コメント", None),
    ],
    ids=["own", "a network", "too short", "own", "English is at home anywhere", "unknown language"],
)
def test_an_interface_word_that_may_be_at_home_is_none(text: str, language: str | None) -> None:
    assert signs(text, language) == set()


def test_what_was_read_as_residue_still_tells() -> None:
    clean = article(PLAIN)
    assert graded(clean, [PLAIN, "0コメント"]).signs == (Sign.INTERFACE,)


def test_nobody_and_no_day_counts_only_beside_another_sign() -> None:
    nobody = replace(article(PLAIN), authors=(), published=None)
    assert (graded(nobody).signs, graded(nobody).quality) == ((), 1.0)
    spun = replace(article(CUT_IN_TWO), authors=(), published=None)
    assert graded(spun).signs == (Sign.CUT_SENTENCES, Sign.ANONYMOUS)
    assert graded(spun).quality == 0.6


@given(st.sets(st.sampled_from(Sign)), st.booleans())
def test_quality_stays_between_nothing_and_one_and_never_grows_with_a_sign(found: set[Sign], named: bool) -> None:  # noqa: FBT001
    bare = article(PLAIN) if named else replace(article(PLAIN), authors=(), published=None)
    before = 1.0
    for count in range(len(found) + 1):
        now = marked(bare, *sorted(found)[:count]).quality
        assert 0.0 <= now <= before <= 1.0
        before = now
    assert set(WEIGHTS) == set(Sign)


@given(st.text(), st.sampled_from(["en", "de", "ja", "xx", None]))
def test_any_text_is_graded(text: str, language: str | None) -> None:
    found = graded(article(text, language))
    assert replace(found, signs=(), quality=1.0) == article(text, language)


PIECES = [f"{letter * 3}. {PLAIN} {PLAIN} {PLAIN}" for letter in "abcdef"]


def stands(*pieces: int, host: str, of: int) -> list[Standing]:
    return [Standing(line=fingerprint(PIECES[n].strip()), host=host, outlet=host, article_id=of) for n in pieces]


def stitched(standing: list[Standing], **more: object) -> bool:
    return regard(article("\n".join(piece.strip() for piece in PIECES), **more), standing).signs == (Sign.STITCHED,)  # type: ignore[arg-type]


def test_paragraphs_of_two_other_outlets_are_a_sign() -> None:
    assert stitched([*stands(0, 1, host="dawn.example", of=1), *stands(0, 1, host="noon.example", of=2)])
    assert stitched([*stands(0, host="dawn.example", of=1), *stands(1, host="noon.example", of=2)])


def test_a_copy_a_quotation_and_what_an_agency_sent_are_none() -> None:
    both = [*stands(0, 1, host="dawn.example", of=1), *stands(0, 1, host="noon.example", of=2)]
    everywhere = [*stands(*range(6), host="dawn.example", of=1), *stands(*range(6), host="noon.example", of=2)]
    assert not stitched(everywhere), "a wire report that all print"
    assert not stitched(both, dateline=Dateline(agency="Reuters"))
    assert not stitched([*stands(0, host="dawn.example", of=1), *stands(0, host="noon.example", of=2)]), "one paragraph"
    assert not stitched(stands(0, 1, 2, host="dawn.example", of=1)), "one other outlet"
    assert not stitched([*stands(0, host="dawn.example", of=1), *stands(1, host="news.dawn.example", of=2)]), (
        "one house"
    )
    assert not stitched([*stands(0, host="x.dusk.example", of=1), *stands(1, host="noon.example", of=2)]), (
        "its own house"
    )


def test_the_second_founding_article_carries_signs_and_the_first_none(shared: Path) -> None:
    own, spun = (
        extract(Page(url="https://dusk.example/", body=wrapped(path.read_text("utf-8"))[1].encode(), fetched_at=NOW))
        for path in sorted((shared / "seeds").glob("*.txt"))
    )
    assert (own.signs, own.quality) == ((), 1.0)
    assert {Sign.LOST_NUMBERS, Sign.CUT_SENTENCES, Sign.PLAYER, Sign.INTERFACE} <= set(spun.signs)
    assert spun.quality < 0.5


@pytest.mark.parametrize("corpus", ["aeb", "fundus-a"])
def test_no_page_of_a_newsroom_carries_a_sign(shared: Path, corpus: str) -> None:
    folder = shared / "pages" / corpus
    found = {}
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        body = gzip.decompress((folder / "pages" / f"{truth['id']}.html.gz").read_bytes())
        try:
            found[truth["url"]] = extract(Page(url=truth["url"], body=body, fetched_at=NOW)).signs
        except (NotAnArticleError, UnextractableError):
            continue
    assert len(found) > 120
    assert {url: carried for url, carried in found.items() if carried} == {}


def test_hardly_a_document_of_the_press_carries_a_sign(shared: Path) -> None:
    carried: Counter[str] = Counter()
    count = 0
    with lzma.open(shared / "dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        for count, line in enumerate(lines, 1):  # noqa: B007
            document = json.loads(line)
            text = "\n".join(part.strip() for part in document["text"].split("\n") if part.strip())
            url = document["url"] if document["url"].startswith("http") else "https://dusk.example/"
            carried.update(signs(text, document["lang"], url=url))
    assert carried.total() <= count / 1000, carried
