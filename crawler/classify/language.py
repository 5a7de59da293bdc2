"""Which language a text is in: by its script, else by its commonest words. A claim counts where the text agrees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.classify.cues import LANGUAGES, function_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCRIPTS = (  # letters, and the share of the characters that is enough
    ("ja", re.compile(r"[぀-ヿ]"), 0.15),  # before Chinese: Japanese mixes kana with Han
    ("zh", re.compile(r"[㐀-鿿]"), 0.15),
    ("ko", re.compile(r"[가-힯]"), 0.15),
    ("ar", re.compile(r"[؀-ۿ]"), 0.15),
    ("uk", re.compile(r"[іїєґІЇЄҐ]"), 0.02),  # letters that Russian and Bulgarian lack
)
_TELLING = re.compile(r"[\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7afіїєґІЇЄҐ]")  # any of those letters
_NEIGHBOURS = {
    "ar": ("fa", "ur", "ps", "ckb", "ug", "sd"),
    "uk": ("be", "kk", "rue"),
}  # that share those letters, not the words
_SPACED = tuple(code for code in LANGUAGES if code not in {"ja", "zh", "ko", "ar"})
_ASCII = 0.97  # of the characters: English has a few dashes and quotes beyond it
_UNREADABLE_SHARE = 0.15  # of the characters
_CLAIM_SHARE = 0.06  # of the words, for a language that was claimed
_FOUND_SHARE = 0.12  # of the words, for one that was not
_AGAINST_CLAIM = (
    0.25  # of the words, where a language that we have no words of was claimed: Danish shares some with Dutch
)
_LISTS = 0.03  # of the words: catalogues and link lists in English have few of the common ones
_FEW_WORDS = 30  # a line of plain letters that nobody named is taken for English
_UNREADABLE = re.compile(r"[Ͱ-Ͽ֐-׿܀-៿Ⴀ-ჿ]")  # Greek, Hebrew, the scripts of India and South-East Asia, Georgian


def language_of(text: str, words: Sequence[str], claimed: str | None) -> str | None:
    """ISO 639-1 code, or None for a text in no language that can be told.

    What it says of a language without cues is only what was claimed.
    """
    claim = (claimed or "").replace("_", "-").split("-")[0].strip().lower() or None
    if not text.isascii() and (script := _by_script(text, claim)):
        return script
    if claim in _SPACED and _share(words, claim) >= _CLAIM_SHARE:
        return claim
    shares = {code: _share(words, code) for code in _SPACED}
    best = max(shares, key=shares.__getitem__)
    if shares[best] >= (_FOUND_SHARE if claim is None or claim in LANGUAGES else _AGAINST_CLAIM):
        return best
    if claim is None and best == "en" and (shares["en"] >= _LISTS or len(words) < _FEW_WORDS) and _mostly_ascii(text):
        return "en"
    return None if _share_of(_UNREADABLE, text) > _UNREADABLE_SHARE and claim in LANGUAGES else claim


def _by_script(text: str, claim: str | None) -> str | None:
    if not _TELLING.search(text):
        return None
    for code, letters, enough in _SCRIPTS:
        if _share_of(letters, text) >= enough:
            return claim if claim in _NEIGHBOURS.get(code, ()) else code
    return None


def _mostly_ascii(text: str) -> bool:
    return len(text.encode("ascii", "ignore")) >= _ASCII * len(text)


def _share_of(letters: re.Pattern[str], text: str) -> float:
    return len(letters.findall(text)) / max(len(text), 1)


def _share(words: Sequence[str], code: str) -> float:
    common = function_words(code)
    return sum(map(common.__contains__, words)) / max(len(words), 1)
