"""A source's name, made from what its publisher calls it or from its host."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from crawler.text import clean_line
from crawler.urls import host_of

if TYPE_CHECKING:
    from collections.abc import Collection

KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_NAME = 40
MAX_WORDS = 4  # a longer title is a slogan
_SEPARATOR = re.compile(r"\s+[|\-–—·•»:]+\s+|:\s+")
_NOT_KEBAB = re.compile(r"[^a-z0-9]+")
_SAYS_NOTHING = frozenset(
    "all article articles atom blog en entries feed feeds home homepage index latest main news posts rss the top "
    "untitled welcome xml".split()
)
_APART = re.compile(r"['’`]")  # "Ars Technica's" is one word
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "ne", "net", "or", "org"})


def pick_name(title: str | None, url: str, taken: Collection[str]) -> str:
    """A kebab-case name that is not taken: the title if it is short and says something, else the host."""
    name = _of_title(title or "") or ("archive" if url.startswith("file:") else _of_host(host_of(url)))
    if name not in taken:
        return name
    return next(numbered for n in range(2, len(taken) + 3) if (numbered := f"{name}-{n}") not in taken)


def _of_title(title: str) -> str:
    title = clean_line(title)
    if KEBAB.fullmatch(title) and len(title) <= MAX_NAME:  # somebody chose it
        return title
    name = _kebab(_SEPARATOR.split(title)[0])
    words = name.split("-")
    return name if len(words) <= MAX_WORDS and len(name) <= MAX_NAME and not _SAYS_NOTHING.issuperset(words) else ""


def _of_host(host: str) -> str:
    labels = [label for label in host.split(".") if label not in {"www", "feeds", "rss"}]
    if len(labels) > 1 and not labels[-1].isdecimal():
        del labels[-1]
    if len(labels) > 1 and labels[-1] in _SECOND_LEVEL:
        del labels[-1]
    return _kebab("-".join(labels))[:MAX_NAME].strip("-") or "source"


def _kebab(text: str) -> str:
    folded = unicodedata.normalize("NFKD", _APART.sub("", text.casefold()))
    ascii_only = "".join(character for character in folded if not unicodedata.combining(character))
    letters = sum(character.isalpha() for character in ascii_only)
    if letters > 2 * sum(character.isascii() and character.isalpha() for character in ascii_only):
        return ""  # another script: what is left of it would be noise
    return _NOT_KEBAB.sub("-", ascii_only).strip("-")
