from __future__ import annotations

import pytest

from crawler.classify.cues import LANGUAGES
from crawler.classify.language import language_of
from crawler.classify.tokens import tokens
from tests.crawler.classify.stories import ESPIONAGE


def _language(text: str, claimed: str | None = None) -> str | None:
    return language_of(text, tokens(text), claimed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_told_from_the_others(language: str) -> None:
    assert _language(ESPIONAGE[language].text) == language


@pytest.mark.parametrize("claimed", ["en", "fr", "xx", "EN-us", ""])
def test_a_false_claim_does_not_stand_against_the_text(claimed: str) -> None:
    assert _language(ESPIONAGE["zh"].text, claimed) == "zh"
    assert _language(ESPIONAGE["nl"].text, claimed) == "nl"


def test_a_claim_stands_where_the_text_says_little() -> None:
    assert _language("Hacker attackieren Ministerium", "de-AT") == "de"


def test_neighbours_that_share_letters_keep_their_claim() -> None:
    assert _language("هکرها به شبکه وزارت خارجه نفوذ کردند", "fa") == "fa"
    assert _language("Хакеры пранiклi ў сетку міністэрства і скралі дакументы", "be") == "be"


def test_a_short_line_of_plain_letters_is_taken_for_english() -> None:
    assert _language("The minister met hackers") == "en"


def test_a_language_nobody_has_words_for_is_unknown() -> None:
    assert _language("Vädjar efter attackerna, kritiskt läge säger myndigheten") is None
