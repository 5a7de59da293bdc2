"""Which of the names that a page gives its story is the headline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING

from crawler.extract.headline import same_name, without_outlet
from crawler.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_MARK = re.compile(r"[\W_]+")
_ENTITY = re.compile(r"&(?:#\d{2,7}|#x[\da-f]{2,6}|[a-z]{2,8}\d?);", re.IGNORECASE)
_ORNAMENTS = "■●◆◇□○►▶◄▲▼★☆※|｜·•–— "
_SETS_APART = {"br", "div", "p", "span", "small", "strong", "label"}

ALIKE = 0.5  # share of common words from which a heading and a name mean the same headline
ALMOST = 0.8
TELLING = 4  # words; what is shorter may name a section
MAX_KICKER = 40  # code points
MAX_HEADING = 2_000
MAX_HEADINGS = 20  # of one level that are looked at
MAX_NAMES = 20


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a page and the link to it call the story, as it came."""

    linked: str | None
    schema: str | None
    newsroom: bool  # the schema is a NewsArticle's
    metas: tuple[str, ...]  # og:title first
    window: str  # <title>
    first: tuple[HtmlElement, ...]  # headings of the first level
    second: tuple[HtmlElement, ...]


def headlines(names: Names, outlets: frozenset[str]) -> tuple[str, ...]:
    """All that a page calls its story, best first, without the outlet.

    A newsroom writes its headline into the NewsArticle. What others have in their schema, in og:title and <title> is
    for search engines, so that the heading which readers see goes before them; unless it only repeats <title>, while
    og:title was written by hand.
    """
    plain = map(_plain, (*names.metas[:MAX_NAMES], names.window))
    named = list(filter(None, dict.fromkeys(plain)))
    schema = _untruncated(_plain(names.schema or ""), named)
    bare = [without_outlet(name, outlets) for name in dict.fromkeys((schema, *named)) if name]
    heading = shown_heading(names, bare, outlets)
    social = _plain(next(iter(names.metas), ""))
    repeated = heading and _key(heading) == _key(without_outlet(_plain(names.window), outlets, heading))
    order = (social, heading) if repeated else (heading, social)
    lines = (_plain(names.linked or ""), schema if names.newsroom else "", *order, schema, *named)
    kept = list(filter(None, dict.fromkeys(lines)))
    found = (without_outlet(line, outlets, heading) for line in kept)
    return tuple(dict.fromkeys(line for line in found if line and not same_name(line, outlets))) or tuple(kept)


def shown_heading(names: Names, named: list[str], outlets: frozenset[str]) -> str:
    """The heading that shows the headline, "" without one.

    That is the one of the first level which is most like what the page names itself; a single one that is like nothing
    still is, when it is more than a name; else a second-level one that repeats a name.
    """
    first = [line for line in _headings(names.first, named) if not same_name(line, outlets)]
    best = max(first, key=lambda line: _closest(line, named), default="")
    if best and _matches(best, named):
        return best
    for line in _headings(names.second, named):
        if _closest(line, named) >= ALMOST:
            return line
    return best if len(set(first)) == 1 and _tells(best) else ""


def _headings(elements: Iterable[HtmlElement], named: list[str]) -> Iterator[str]:
    for element in islice(elements, MAX_HEADINGS):
        apart = any(child.tag in _SETS_APART for child in element.iterdescendants())
        if line := _plain((" " if apart else "").join(element.itertext())[:MAX_HEADING]):
            yield _respelled(line, element, named)


def _respelled(line: str, element: HtmlElement, named: list[str]) -> str:
    """The heading as the page spells it elsewhere, when only its kicker, its spaces or its capitals differ."""
    key = _key(line)
    for name in named:
        own = _key(name)
        kicker = key.removesuffix(own)
        if own == key or (own and kicker != key and len(kicker) <= MAX_KICKER and _stands_apart(kicker, element)):
            return name
    if line.isupper() and _closest(line, named) >= ALMOST:
        return max(named, key=lambda name: _closest(line, [name]))
    return line


def _stands_apart(kicker: str, element: HtmlElement) -> bool:
    children = islice(element.iterdescendants(), MAX_HEADINGS)
    return any(_key("".join(child.itertext())) == kicker for child in children)


def _matches(line: str, named: list[str]) -> bool:
    """Half of the words are in common, or half of the shorter one's when that is no mere name."""
    words = _words(line)
    shared = any(len(words & other) >= ALIKE * min(len(words), len(other)) for other in map(_words, named) if other)
    return _closest(line, named) >= ALIKE or (shared and _tells(line))


def _tells(line: str) -> bool:
    """It has as many words as a headline; three Chinese or Japanese characters tell as much as one."""
    words: list[str] = _WORD.findall(line)
    return len(words) - sum("\u3040" <= word < "\uac00" for word in words) * 2 / 3 >= TELLING


def _closest(line: str, named: list[str]) -> float:
    """Dice's coefficient of the line's words and those of the name that is most like it."""
    words = _words(line)
    return max((2 * len(words & other) / max(1, len(words) + len(other)) for other in map(_words, named)), default=0.0)


def _untruncated(schema: str, named: list[str]) -> str:
    """The schema's name, unless it was cut for a search engine and the page has it whole."""
    cut = schema.endswith(("...", "…"))
    return "" if cut and any(name.startswith(schema.rstrip(" .…")) for name in named) else schema


def _plain(name: str) -> str:
    """On one line, without ornaments; what was escaped twice is unescaped twice."""
    return clean_line(unescape(name) if _ENTITY.search(name) else name).strip(_ORNAMENTS)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _key(text: str) -> str:
    return _MARK.sub("", text).casefold()
