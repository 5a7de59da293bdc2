"""What an article said before: in a line for each revision, and word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from rich.text import Text

from crawler.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.records import Article, Past

MOST_WORDS = 5_000  # of each text that are compared: the cost may grow with their product
AROUND = 8  # unchanged words that are shown on either side of a change
_WORDS = re.compile(
    "\n|[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\s\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)

Change = tuple[str, str]  # "=", "-" or "+", and the words


def past_json(past: Past) -> dict[str, Any]:
    """Revisions as plain data, without their texts."""
    return {
        "revisions": [{"at": r.at.isoformat(), "what": r.what, "title_before": r.title} for r in past.revisions],
        "removed_at": past.removed_at.isoformat() if past.removed_at else None,
    }


def past_text(past: Past) -> list[str]:
    """A line for each revision."""
    lines = [f"  updated    {r.at:%Y-%m-%d %H:%M} UTC: {clean_line(r.what)}" for r in past.revisions]
    gone = [f"  removed    {past.removed_at:%Y-%m-%d %H:%M} UTC: its page is gone"] if past.removed_at else []
    return [*lines, *gone]


def diffs(past: Past, now: Article) -> Text:
    """Each revision word by word: `[-gone-]` and `{+new+}`, coloured where there is colour."""
    texts = [*((r.title, r.text) for r in past.revisions), (now.title, now.text)]
    shown = Text()
    for revision, before, after in zip(past.revisions, texts, texts[1:], strict=False):
        shown.append(f"\n{revision.at:%Y-%m-%d %H:%M} UTC: {clean_line(revision.what)}\n", style="bold")
        if not before[1]:
            shown.append("its text was purged\n")
            continue
        for sign, words in shortened(word_diff("\n".join(before), "\n".join(after))):
            shown.append(*_styled(sign, words))
        shown.append("\n")
    return shown


def word_diff(old: str, new: str) -> Iterator[Change]:
    """How one text becomes the other, of each the first `MOST_WORDS` words. Line breaks are words."""
    before, after = (_WORDS.findall(text)[:MOST_WORDS] for text in (clean_text(old), clean_text(new)))
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "=", " ".join(before[a:b])
            continue
        if b > a:
            yield "-", " ".join(before[a:b])
        if d > c:
            yield "+", " ".join(after[c:d])


def shortened(changes: Iterator[Change]) -> Iterator[Change]:
    """The changes with a few words around each."""
    for sign, words in changes:
        parts = words.split(" ")
        if sign == "=" and len(parts) > 2 * AROUND:
            yield sign, " ".join([*parts[:AROUND], "…", *parts[-AROUND:]])
        else:
            yield sign, words


def _styled(sign: str, words: str) -> tuple[str, str]:
    said = words.replace(" \n ", "\n")
    return {"=": (f"{said} ", ""), "-": (f"[-{said}-] ", "red"), "+": (f"{{+{said}+}} ", "green")}[sign]
