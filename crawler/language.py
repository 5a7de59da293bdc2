"""The language of a text: what decides which rules and which model words apply to it."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ENOUGH_LETTERS = 12  # a word or two is a guess
SAMPLE = 400  # code points; more only costs time
SURE = 0.5

_IDEOGRAPH = re.compile("[\u2e80-\ud7ff\uf900-\ufaff]")

# The identifier tells variants apart that share a written standard, and splits its confidence among them.
_WRITTEN_AS = {
    "arz": "ar", "ary": "ar", "wuu": "zh", "yue": "zh", "nn": "no", "grc": "el", "hbo": "he", "uzs": "uz", "sdh": "ku",
}  # fmt: skip


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the language most of `text` is in; None when it is too short or not clear.

    Norwegian is "no" whichever its standard, Chinese "zh" whichever its script.
    """
    sample = text[:SAMPLE]
    if _weight(sample) < ENOUGH_LETTERS:
        return None
    shares: Counter[str] = Counter()
    for label, share in _identifier().rank(sample):
        shares[_WRITTEN_AS.get(label, label)] += share
    language, share = shares.most_common(1)[0]
    return language if share >= SURE and len(language) == len("en") else None


def _weight(text: str) -> int:
    """Letters, an ideograph or syllable block counting as three: it says as much."""
    return sum(map(str.isalpha, text)) + (0 if text.isascii() else 2 * len(_IDEOGRAPH.findall(text)))


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return cast("LanguageIdentifier", LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True))
