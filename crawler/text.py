"""Text as every later stage may assume it: NFC, printable, without anything that hides, reorders or injects.

Everything that comes from the web passes here once, at the border. What is left breaks no e-mail header, terminal,
database or CSV parser. Escaping for HTML, chat or spreadsheet formulas belongs to whoever writes those.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

# What `str.splitlines` takes for the end of a line: CR, VT, FF, FS, GS, RS, NEL, LINE and PARAGRAPH SEPARATOR.
_LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_ODD_SPACE = re.compile(r"[^\S\n ]")
_SPACES = re.compile(r" {2,}")
_SPACED_LINE_END = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")
_SURROGATE = re.compile("[\ud800-\udfff]")

_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
# Removed for good. U+00AD is an invisible hyphen, U+E000-F8FF is where icon fonts live, U+E0000-E007F are "tags" that
# can smuggle a second text, U+3164 and U+FFA0 are letters that show nothing.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ue000-\uf8ff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "\U000f0000-\U000ffffd\U00100000-\U0010fffd]",
)
# ZWNJ and ZWJ carry meaning between letters of Arabic, Indic and Mongolian scripts and inside emoji; elsewhere they
# split words so that no rule sees them.
_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe0f\ufe70-\ufefc"
    "\u2190-\u2bff\U0001f000-\U0001faff"
)
_STRAY_JOINER = re.compile(f"(?<![{_JOINING}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINING}])")


def clean_text(text: str) -> str:
    r"""The text in NFC, printable characters, single spaces and "\n" only; at most one blank line in a row.

    Idempotent. Zero-width joiners survive only where a script or an emoji needs them.
    """
    text = _printable(_LINE_END.sub("\n", text))
    text = _SPACED_LINE_END.sub("\n", _SPACES.sub(" ", _ODD_SPACE.sub(" ", text)))
    return _BLANK_LINES.sub("\n\n", text).strip()


def clean_line(text: str, *, limit: int = 500) -> str:
    """The text on one line of at most `limit` code points, cut with an ellipsis. Idempotent."""
    line = " ".join(text.split())
    if not is_clean(line):
        line = " ".join(_printable(line).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip(" \u200c\u200d") + ELLIPSIS


def is_clean(line: str) -> bool:
    """`clean_line` would change nothing but the length: true of most titles, and far cheaper to see than to do."""
    return (
        line.isprintable()
        and "  " not in line
        and line.strip() == line
        and (
            line.isascii()
            or (
                not ("\u3164" in line or "\uffa0" in line)  # printable, says Unicode, and unseen
                and unicodedata.is_normalized("NFC", line)
            )
        )
    )


def _printable(text: str) -> str:
    if text.isascii():
        return _CONTROL.sub("", text)
    if _SURROGATE.search(text):  # JSON may bring a pair as two halves; a half alone is nothing
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    text = _UNSEEN.sub("", text)
    if "\u200c" in text or "\u200d" in text:
        text = _STRAY_JOINER.sub("", text)
    return unicodedata.normalize("NFC", text)
