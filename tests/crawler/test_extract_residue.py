from __future__ import annotations

import os
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest

from crawler.extract import extract
from crawler.extract.residue import phrases, without_residue
from crawler.page import Page

SEEDS = Path(os.environ.get("SPYWIRE_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "seeds"

ARTICLE = [
    "The intruders read the mail of the ministry for a year before anybody looked at the logs of the router.",
    "Related parties in the inquiry were asked to keep their copies, said an official who was briefed on it.",
    "Read more carefully, the report says less than its summary, and it does not say who paid for the tools.",
    "The follow-up, she added, would be published by the end of the month, with the names of all suppliers.",
]


@pytest.mark.parametrize(
    "line",
    [
        "close close",
        "Share this article",
        "Read more: Quay talks stall over dredging",
        "Lesen Sie auch: Brücke wird doch nicht abgerissen",
        "À lire aussi : Le port rouvre lundi",
        "Читайте также: Порт откроется в понедельник",
        "相关阅读：港口扩建工程本月动工",
        "関連記事：港の拡張工事が始まる",
        "Subscribe to our newsletter",
        "Photo: A. Nobody / Agency",
        "© 2024 Example Times. All rights reserved.",
        "17.05.2024 10:21",
        "3 min read",
        "12 comments",
        "By Ada Bell, May 17, 2024",
        "UPDATED: Fri., May 17, 2024",
        "sexta-feira, 17 de maio de 2024 às 10:21",
        "2024年5月17日 10時21分",
        "Copyright ⓒ example.org. All rights reserved.",
        "A long year, and nobody looked at the logs. Click To Tweet",
        "For the list of all suppliers click here.",
        "Follow the Example Times on Facebook, X and Instagram for more of this.",
        "Email Ada Bell at ada@example.org or follow her work.",
        "Most read in Politics",
        "Bell reported from the capital.",
        "Staff writers in the capital, at the border and in the harbour contributed to this report.",
        "A long year in the ministry",
        "A long year in the ministry | Example Times",
    ],
)
def test_residue_goes_as_a_whole_line(line: str) -> None:
    kept = without_residue([line, *ARTICLE], titles=["A long year in the ministry"], authors=["Ada Bell"])
    assert kept == ARTICLE


@pytest.mark.parametrize(
    "line",
    [
        "More than forty ministries were affected, the agency said.",
        "Share prices of the supplier fell by a tenth on Friday.",
        "Related: " + "it is a word that officials avoided all day when they were asked about the intrusions. " * 3,
        "Sources in the ministry confirmed the account.",
        "The video shows a man at a printer.",
    ],
)
def test_a_sentence_stays_whatever_it_begins_with(line: str) -> None:
    assert without_residue([*ARTICLE, line.strip()]) == [*ARTICLE, line.strip()]


@pytest.mark.parametrize(
    "line",
    [
        "Ada Bell is a reporter of the Example Times and writes about ministries.",
        "Ada Bell covers printers, and has a cat.",
        "Ich bin damit einverstanden, dass mir externe Inhalte angezeigt werden. "
        + "Damit gehen Daten an andere. " * 5,
    ],
)
def test_words_about_the_author_and_for_the_lawyers_go(line: str) -> None:
    story = [*ARTICLE, *ARTICLE, *ARTICLE]
    assert without_residue([*story, line], authors=["Ada Bell"]) == story


def test_who_is_named_in_the_story_stays_in_it() -> None:
    told = "Ada Bell, who found the second calendar, was asked to keep quiet about it, she said on Monday."
    assert without_residue([told, *ARTICLE, *ARTICLE], authors=["Ada Bell"])[0] == told


def test_a_row_of_figures_is_no_time_stamp() -> None:
    rows = ["| Year | Ministries |", "| 2021 | 40,000 |", "| 2022 | 41 |"]
    assert without_residue([*ARTICLE, *rows]) == [*ARTICLE, *rows]


def test_headlines_go_with_the_heading_that_announces_them() -> None:
    others = ["You may also like", "Ferry fares rise for the third time", "Pilots end their strike at anchor"]
    assert without_residue([*ARTICLE, *others]) == ARTICLE


def test_a_text_that_would_lose_much_is_left_alone() -> None:
    lines = ["Share", "Photo: somebody with a camera and a long name", "The quay is closed."]
    assert without_residue(lines) == lines


def test_every_phrase_is_a_key() -> None:
    known = phrases()
    assert "" not in known.lines | known.pointers
    assert not known.calls.match("")


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"no seed articles at {SEEDS}")
def test_the_founding_articles_come_out_clean() -> None:
    for seed in sorted(SEEDS.glob("*.txt")):
        lines = [line.strip() for line in seed.read_text("utf-8").splitlines() if line.strip()]
        title = next(line for line in lines if line != "close")
        body = "".join(f"<p>{escape(line)}</p>" for line in lines)
        source = f"<html><head><title>{escape(title)}</title></head><body><article>{body}</article></body></html>"
        article = extract(
            Page(url="https://example.org/a", body=source.encode(), fetched_at=datetime(2026, 1, 1, tzinfo=UTC))
        )
        assert "|" not in article.title
        assert title.startswith(article.title)
        assert not article.text.startswith(("close", article.title))
        assert len(article.text) > 0.95 * sum(map(len, lines))
