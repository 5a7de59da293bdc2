from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.digest.columns import columns
from jobs.digest.plain import LONGEST
from jobs.digest.sentences import pick, split
from storage.records import Article, Evidence
from tests.jobs.digest_day import MINISTRY


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


def article(text: str, title: str = "A title") -> Article:
    return Article(url="https://news.example/1", title=title, text=text)


def evidence(of: Article, *quotes: str, weight: float = 1.0) -> tuple[Evidence, ...]:
    whole = f"{of.title}\n{of.text}"
    return tuple(Evidence(text=q, weight=weight, start=whole.index(q), end=whole.index(q) + len(q)) for q in quotes)


@pytest.mark.parametrize(
    "text",
    [
        "He spied for years. | Nobody saw it.",
        "Dr. Ilse Tarn met Gen. J. R. Holm at 3.5 p.m. in Nov. 2025. | They spoke for an hour.",
        "A server in the U.S. Air Force's name was rented. | It stood empty.",
        "The papers went to the U.S. | The buyer paid nothing.",
        "He worked for Acme Inc. | The firm denies it.",
        "Acme Inc. Chairman Bo Lund denies it.",
        "“Who reads our mail?” she asked. | “Everyone!” | Then she left.",
        "It stopped... and began again. | Why?",
        "Die Spionin wurde am 3. Mai in Varness verhaftet, z.B. wegen Dr. Holm. | Sie schweigt.",
        "Он служил в 90-х гг. прошлого века. | Суд начнется в мае.",
        "检方周六宣布起诉。 | “我们很震惊。” | 他没有认罪！ | 为什么？",
        "情報機関が逮捕した。 | 職員は「知らない。」 | と述べた。",
        "जासूस पकड़ा गया। | वह चुप है।",
        "من قرأ البريد؟ | لا أحد يعرف.",
        "No full stop at all",
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str) -> None:
    expected = [part.strip() for part in text.split("|")]
    joined = "".join(expected) if columns(text) > len(text) and "।" not in text else " ".join(expected)
    assert sentences(joined) == expected


def test_a_paragraph_ends_a_sentence() -> None:
    assert sentences("A subtitle\n\n  The first sentence. \nThe second") == [
        "A subtitle",
        "The first sentence.",
        "The second",
    ]


@given(st.text(alphabet="aB. !?\n。“”\u3000", max_size=60))
def test_no_letter_is_lost_and_none_is_told_twice(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_the_lead_and_the_strongest_evidence_are_shown_in_the_order_of_the_text() -> None:
    of = article(MINISTRY)
    weak, strong = evidence(of, "changed its suppliers", weight=0.2), evidence(of, "the same tools", weight=1.5)
    other = evidence(of, "copied draft treaties", weight=0.9)
    lead, *rest = pick(of, (*strong, *weak, *other))
    assert lead.startswith("VARNESS, Nov. 21 - Intruders read the mail")
    assert [sentence[:24] for sentence in rest] == ["From there the intruders", "The inquiry found the sa"]


def test_evidence_against_the_flag_shows_nothing() -> None:
    of = article(
        "The ministry's mail was read for years. Nobody in the kitchen noticed. The weather stayed calm that week."
    )
    assert "weather" not in "".join(pick(of, evidence(of, "weather", weight=-3)))


def test_without_evidence_the_first_two_sentences_speak() -> None:
    assert len(pick(article(MINISTRY), ())) == 2


def test_a_byline_and_a_repeated_headline_are_not_worth_quoting() -> None:
    of = article(
        f"By Maren Holt\nMail of the ministry was read for years\n{MINISTRY}", "Mail of the ministry was read for years"
    )
    assert pick(of, ())[0].startswith("VARNESS")


def test_evidence_in_the_title_or_beyond_the_text_is_no_reason_to_fail() -> None:
    of = article("Only one sentence stands here, and it is enough.")
    pieces = (Evidence(text="A", weight=1.0, start=0, end=1), Evidence(text="z", weight=1.0, start=900, end=901))
    assert pick(of, pieces) == ("Only one sentence stands here, and it is enough.",)


def test_a_sentence_too_long_is_cut_around_its_evidence() -> None:
    of = article("word " * 200 + "the mole in the ministry was found " + "word " * 200)
    (quote,) = pick(of, evidence(of, "mole in the ministry"))
    assert quote.startswith("…word")
    assert quote.endswith("…")
    assert "the mole in the ministry" in quote
    assert columns(quote) <= LONGEST


@given(
    st.text(max_size=300),
    st.lists(st.tuples(st.floats(-2, 2), st.integers(0, 400), st.integers(0, 400)), max_size=6),
)
def test_any_text_and_any_evidence_give_at_most_three_short_sentences(
    text: str, pieces: list[tuple[float, int, int]]
) -> None:
    quotes = pick(article(text), [Evidence(text="", weight=w, start=start, end=end) for w, start, end in pieces])
    assert len(quotes) <= 3
    assert all(0 < columns(quote) <= LONGEST and len(quote.splitlines()) == 1 for quote in quotes)
