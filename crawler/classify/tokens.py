"""Words of every script by one rule.

A token is a lower-case run of letters and digits; hyphen and apostrophe cut. All digits become `#`. Han text gives its
overlapping pairs of characters (中国黑客 -> 中国 国黑 黑客), katakana, hiragana and hangul runs stay whole, and Arabic
words lose the article and the particles written before it.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[؀-ۿ぀-ヿ㐀-鿿]")
_RUN = re.compile(r"[㐀-鿿]+|[゠-ヿ]+|[぀-ゟ]+|[^\W_㐀-鿿゠-ヿ぀-ゟ]+")
_HAN = re.compile(r"[㐀-鿿]")
_ARABIC = re.compile(r"[؀-ۿ]")
_ARTICLE = re.compile(r"^(?:[وف]?[بك]?ال|[وف]?لل)(?=.{2})")
_ALEF = str.maketrans("أإآٱىة", "اااايه")

Token = tuple[str, int, int]


def tokens(text: str) -> list[str]:
    """The tokens in order."""
    lowered = text.lower()
    if len(lowered) == len(text) and (lowered.isascii() or not _UNSPACED.search(lowered)):
        return ["#" if word.isdigit() else word for word in _WORD.findall(lowered)]
    return [token for token, _, _ in spans(text)]


def spans(text: str) -> list[Token]:
    """The tokens with their place in `text`: (token, start, end)."""
    if _UNSPACED.search(text):
        return [token for match in _RUN.finditer(text) for token in _split(match[0], match.start())]
    return [(_plain(match[0]), *match.span()) for match in _WORD.finditer(text)]


def places(text: str) -> list[tuple[int, int]]:
    """Only where the tokens stand: (start, end)."""
    if _UNSPACED.search(text):
        return [(start, end) for _, start, end in spans(text)]
    return [match.span() for match in _WORD.finditer(text)]


def _split(run: str, start: int) -> list[Token]:
    if len(run) > 1 and _HAN.match(run):
        return [(run[at : at + 2], start + at, start + at + 2) for at in range(len(run) - 1)]
    word = _plain(run)
    if _ARABIC.match(word):
        word = _ARTICLE.sub("", word).translate(_ALEF)
    return [(word, start, start + len(run))]


def _plain(run: str) -> str:
    if run.isdigit():
        return "#"
    lowered = run.lower()
    # The lower-case form of İ is two characters, of which the second is no letter.
    return lowered if len(lowered) == len(run) else "".join(_WORD.findall(lowered))
