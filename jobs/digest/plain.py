"""Hostile strings made harmless before they are shown: what a page calls its headline is not ours to trust.

Escaping is each form's own work. Here goes what no form can use: line breaks, control characters, text-direction
overrides, invisible characters, towers of accents, and addresses that are not the web's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from jobs.digest.columns import cut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

T = TypeVar("T")

LONGEST = 320  # columns of anything that is shown
LONGEST_URL = 1_500  # characters; longer ones break mail clients and hide where they lead

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_UNPRINTABLE = frozenset({"Cc", "Zl", "Zp"})
_BROKEN = frozenset({"Cs", "Co"})
_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)) + "]"
)
_MARKS = frozenset({"Mn", "Me"})
_TOWER = 4  # marks on one letter; Vietnamese, Thai and pointed Hebrew need fewer
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")
_AS_IT_IS = "!#$&'()*+,/:;=?@[]~%"  # what RFC 3986 allows, and what is escaped already


def plain(text: str) -> str:
    """One line of visible text: NFC, single spaces, U+FFFD for what is no character."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    visible = _NONCHARACTER.sub("\ufffd", unicodedata.normalize("NFC", _INVISIBLE.sub("", text)))
    return " ".join("".join(_without_towers(visible)).split())


def short(text: str, room: int) -> str:
    """The text made plain, in at most `room` columns."""
    return cut(plain(text[: 8 * room]), room)


def disarm(value: T, name: str = "") -> T:
    """The same frozen value with every string in it made plain and, unless its field is a `url`, short."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return plain(value) if name == "url" else short(value, LONGEST)  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(map(disarm, value))  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: disarm(getattr(value, field.name), field.name) for field in fields(value)})
    return value


@lru_cache(maxsize=10_000)
def web_url(url: str) -> str | None:
    """The address in ASCII, safe to link to; None unless it is http or https and names a host.

    A user name before the host is left out: in `https://bank.example@evil.example/` it only misleads.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"}:
            return None
        path, query, fragment = (quote(part, safe=_AS_IT_IS) for part in parts[2:])
        whole = urlunsplit((parts.scheme, _netloc(parts), path, query, fragment))
    except ValueError:  # what urlsplit, the port, IDNA and UTF-8 raise alike
        return None
    return whole if len(whole) <= LONGEST_URL else None


@lru_cache(maxsize=10_000)
def host(url: str) -> str | None:
    """Where a link really leads, in the form that no lookalike letter can fake; None when `web_url` is."""
    safe = web_url(url)
    return safe and urlsplit(safe).hostname


def _netloc(parts: SplitResult) -> str:
    name = parts.hostname or ""
    ascii_name = f"[{name}]" if ":" in name else name.encode("idna").decode("ascii").lower()
    if not _HOST.fullmatch(ascii_name):
        raise ValueError(f"no host name: {name!r}")
    return ascii_name if parts.port is None else f"{ascii_name}:{parts.port}"


def _without_towers(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if category in _UNPRINTABLE:
            yield " "
        elif category in _BROKEN:
            yield "\ufffd"
        elif marks <= _TOWER:
            yield character
