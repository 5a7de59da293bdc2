"""A headline without the name of the outlet that prints it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SEPARATOR = re.compile(r"\s+[|–—·•‹›«»:/-]{1,2}\s+|\s*[|｜]\s*|\s*_\s*(?=[^_]*$)")
_LEADING = re.compile(r"^([^:|]{2,40}?)\s*[:|]\s+")
_MARK = re.compile(r"[\W_]+")
_BAR = re.compile(r"\s*[|｜]\s*")

MIN_HEADLINE = 12  # code points that must be left
MIN_KEY = 5  # of letters for names to count as the same when one only begins like the other
MAX_NAME = 40  # of an outlet's name in a headline


def without_outlet(title: str, outlets: frozenset[str], heading: str | None = None) -> str:
    """The title without an outlet's name at either end.

    A part goes when it is one of the `outlets` (as `outlet_keys` gives them), when it follows the page's own `heading`,
    or when it is a short name after a bar, which nothing else than a name follows in practice.
    """
    if heading and _key(title).startswith(_key(heading)) and len(_key(heading)) >= MIN_HEADLINE:
        rest = title[len(heading) :]
        if title.startswith(heading) and rest and _SEPARATOR.match(rest):
            return heading
    before = None
    while before != title:
        before, title = title, _trimmed(title, outlets)
    return title


def registrable(host: str) -> str:
    """The part of a host that somebody registered, as far as its labels tell: example.co.uk of news.example.co.uk."""
    labels = host.removeprefix("www.").split(".")
    if labels[-1].isdecimal() or ":" in host:  # an IP address
        return host
    keep = 3 if len(labels) > 2 and len(labels[-2]) <= 3 else 2  # noqa: PLR2004 - a short second label is a suffix
    return ".".join(labels[-keep:])


def outlet_keys(names: list[str], url: str) -> frozenset[str]:
    """The forms under which an outlet's name may stand in a title: declared names, the host, its registered label."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    domain = registrable(host)
    keys = {_key(name) for name in (*names, host, domain, domain.partition(".")[0])}
    keys |= {key.removeprefix("the") for key in keys}
    return frozenset(key for key in keys if len(key) > 1)


def same_name(line: str, outlets: frozenset[str]) -> bool:
    """The line is nothing but one of the `outlets`."""
    key = _key(line)
    return key in outlets or key.removeprefix("the") in outlets


def _trimmed(title: str, outlets: frozenset[str]) -> str:
    found = list(_SEPARATOR.finditer(title))
    if found:
        last, first = found[-1], found[0]
        if last.start() >= MIN_KEY and _is_name(title[last.end() :], outlets, bar=last[0].strip() in {"|", "｜"}):
            return title[: last.start()].strip()
        if _key(title[: first.start()]) in outlets:
            return title[first.end() :].strip()
    leading = _LEADING.match(title)
    if leading and _key(leading[1]) in outlets:
        return title[leading.end() :].strip()
    return title


def _is_name(part: str, outlets: frozenset[str], *, bar: bool) -> bool:
    key = _key(part)
    if key in outlets or any(_nearly(key, outlet) for outlet in outlets):
        return True
    return bar and len(part) <= MAX_NAME and not part.rstrip().endswith(("?", "!", "."))


def _nearly(key: str, outlet: str) -> bool:
    """One begins like the other and is not much longer: "ExampleTimes" and "exampletimesonline"."""
    shorter, longer = sorted((key, outlet), key=len)
    return len(shorter) >= MIN_KEY and longer.startswith(shorter) and len(longer) <= 2 * len(shorter)


def _key(name: str) -> str:
    return _MARK.sub("", name).casefold()
