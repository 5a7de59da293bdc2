"""What a host repeats on its articles, known by the fingerprints of lines, and taken out of the next one.

The host's habits are learnt in storage, from all of its articles; here a page's lines are compared with them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from crawler.extract.residue import line_key, weight
from storage.records import PageLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.records import HostLines

SHORT = 160  # code points; a longer line is no boilerplate, whoever repeats it
LONG = 200  # weight of a paragraph that two writers do not write alike
MIN_WEIGHT = 8  # of a key of one word: "Summary" stands on many articles and is the article's own
MOST_SHORT, MOST_LONG = 64, 24  # lines of a page that are remembered
MAX_SHARE = 0.2  # of the text, in characters, that may be taken out

_MARKS = '“„«「『”»」』"'
_QUOTES = tuple(f"{_MARKS}'‘’")
_LEADS_IN = (":", "：", ",", "，", ";", "–", "—")
_SENTENCE_END = (".", "!", "?", "。", "！", "？", "…", "؟", "।", "”", '"', "»", "」")


def fingerprint(line: str) -> int:
    """A signed 64-bit hash of a line, the same for every process.

    Equal for lines in any normal form, case and spacing; of short ones digits count as 0 and marks at the ends as
    nothing.
    """
    line = line if line.isascii() else unicodedata.normalize("NFC", line)
    return _hash(line_key(line) if len(line) <= SHORT else " ".join(line.casefold().split()))


def page_lines(host: str, lines: Sequence[str]) -> PageLines:
    """What there is to remember of a page: its short lines, those at its ends first, and a sample of its paragraphs.

    The sample is drawn by fingerprint, so that two articles which share paragraphs have the same ones drawn.
    """
    short = [found for line in lines if (found := _short(line)) is not None]
    half = MOST_SHORT // 2
    ends = short if len(short) <= MOST_SHORT else [*short[:half], *short[-half:]]
    return PageLines(host=host, short=frozenset(ends), long=frozenset(paragraphs(lines)))


def paragraphs(lines: Sequence[str]) -> dict[int, int]:
    """The fingerprints of a text's long paragraphs with their lengths; of very many a sample."""
    long = (line for line in lines if len(line) > SHORT and (len(line) >= LONG or weight(line) >= LONG))
    return dict(sorted((fingerprint(line), len(line)) for line in long)[:MOST_LONG])


def without_repeated(lines: Sequence[str], host: HostLines) -> tuple[list[str], list[str]]:
    """The lines of an article, and those taken out because the host repeats them, never more than a fifth of it.

    What belongs to a quotation stays, and so does a line that another leads in to, or that goes on in lower case. A
    sentence between two paragraphs stays too, unless the host has it on most of its articles: "He declined to comment."
    The last lines go first.
    """
    known = [bool(host.known) and _short(line) in host.known for line in lines]
    room = MAX_SHARE * sum(map(len, lines))
    dropped = set()
    for at in reversed(range(len(lines))):
        if known[at] and len(lines[at]) <= room and not _belongs(lines, at, known, host):
            dropped.add(at)
            room -= len(lines[at])
    return [line for at, line in enumerate(lines) if at not in dropped], [lines[at] for at in sorted(dropped)]


@lru_cache(maxsize=512)  # the lines of a page are asked twice, and its host repeats some of them
def _short(line: str) -> int | None:
    """The fingerprint of a line that may be boilerplate: it is short, and more than a word."""
    if len(line) > SHORT:
        return None
    key = line_key(line if line.isascii() else unicodedata.normalize("NFC", line))
    return _hash(key) if " " in key or weight(key) > MIN_WEIGHT else None


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), signed=True)


def _belongs(lines: Sequence[str], at: int, known: Sequence[bool], host: HostLines) -> bool:
    """The line is part of what is told around it."""
    line = lines[at]
    before = lines[at - 1] if at and not known[at - 1] else ""
    if line.startswith(_QUOTES) or line.endswith(_QUOTES) or line[0].islower() or before.endswith(_LEADS_IN):
        return True
    if _opens(before):
        return True
    after = lines[at + 1] if at + 1 < len(lines) and not known[at + 1] else ""
    in_flow = weight(before) > SHORT and weight(after) > SHORT and line.endswith(_SENTENCE_END)
    return in_flow and _short(line) not in host.usual


def _opens(line: str) -> bool:
    """A quotation begins in the line and does not end there: its last quotation mark stands before a word."""
    last = max(map(line.rfind, _MARKS))
    if last < 0:
        return False
    rest = line[last + 1 :].lstrip() if line[last] == "«" else line[last + 1 :]
    return not line[max(last - 1, 0) : last].strip("([ ") and bool(rest[:1].strip(".,;:!?)] "))
