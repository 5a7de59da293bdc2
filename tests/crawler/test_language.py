from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The ministry said that its network had been watched for months.", "en"),
        ("Das Ministerium teilte mit, sein Netz sei monatelang beobachtet worden.", "de"),
        ("Le ministère affirme que son réseau a été surveillé pendant des mois.", "fr"),
        ("El ministerio dijo que su red había sido vigilada durante meses.", "es"),
        ("Ministerstwo podało, że jego sieć była obserwowana przez wiele miesięcy.", "pl"),
        ("Министерство сообщило, что его сеть месяцами находилась под наблюдением.", "ru"),
        ("Міністерство повідомило, що за його мережею стежили кілька місяців.", "uk"),
        ("وقالت الوزارة إن شبكتها كانت تحت المراقبة منذ عدة أشهر.", "ar"),
        ("该部门表示其网络数月来一直受到监视。", "zh"),
        ("同省のネットワークは数か月にわたり監視されていたという。", "ja"),
        ("외교부는 수개월 동안 내부망이 감시당했다고 밝혔다.", "ko"),
        ("Departementet sier at nettverket har vært overvåket i flere måneder.", "no"),
    ],
)
def test_languages_of_the_news_are_told_apart(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "OK", "Hackers", "12345 678 90 - 2024", "CVE-2024-1234", "間諜"])
def test_what_is_too_short_has_no_language(text: str) -> None:
    assert language_of(text) is None


@given(st.text(max_size=200))
def test_any_text_has_a_two_letter_language_or_none(text: str) -> None:
    language = language_of(text)
    assert language is None or (len(language) == 2 and language.isalpha())
