"""robots.txt as RFC 9309 has it: what may be fetched, and what its absence or failure means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from protego import Protego

from crawler.outcomes import Failure
from storage.records import LinkState

LIMIT = 500 * 1024  # bytes that are parsed: RFC 9309, section 2.5
LONGEST_DELAY = 30.0  # seconds: a longer one would keep a crawl from ever ending
DISALLOWED = Failure(state=LinkState.BLOCKED, reason="robots.txt disallows it")
EVERYBODY = "*"

# Letters, "-" and "_" (RFC 9309, section 2.2.1), and digits: many names have some, and none is a name without them.
_TOKEN = re.compile(r"[a-z0-9_-]+", re.IGNORECASE)
# The second form is the RFC's own example: a name behind that of the browser whose pages are wanted.
_PRODUCT = re.compile(rf"(?:Mozilla/[\d.]+ \(compatible; *)?({_TOKEN.pattern})", re.IGNORECASE)
# Spelt as loosely as Protego reads them.
_AGENT = re.compile(r"user(?:-|\s*)agent(?:\s*:|\s|$)\s*(.*)", re.IGNORECASE)
_SITE_WIDE = re.compile(r"(?:site-?maps?|host)\s*(?::|\s)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Robots:
    """The rules of one origin for us. `failure` says why nothing may be fetched for now."""

    rules: Protego | None = None
    failure: Failure | None = None

    @property
    def delay(self) -> float | None:
        """Seconds between two requests that the origin asks for, at most `LONGEST_DELAY`."""
        delay = self.rules.crawl_delay(EVERYBODY) if self.rules is not None else None
        return None if delay is None else min(max(float(delay), 0.0), LONGEST_DELAY)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that the file names, as it spells them: any text at all."""
        return tuple(self.rules.sitemaps) if self.rules is not None else ()

    def refusal(self, url: str) -> Failure | None:
        """Why the URL is not fetched, or None if it may be."""
        if self.failure is not None:
            return self.failure
        if self.rules is None or self.rules.can_fetch(url, EVERYBODY):
            return None
        return DISALLOWED


def read_robots(status: int, body: bytes, *, user_agent: str) -> Robots:
    """What an answer says to a User-Agent: 4xx means there are no rules, 5xx and 429 that everything is disallowed.

    RFC 9309, section 2.3.1. Protego reads what is left of a broken file.
    """
    if status == 429 or status >= 500:  # noqa: PLR2004 - the words of the RFC
        return unreachable(f"HTTP {status}")
    if status >= 300:  # noqa: PLR2004
        return Robots()
    text = body[:LIMIT].decode("utf-8-sig", "replace")
    return Robots(rules=Protego.parse(relevant(text, product_token(user_agent))))


def unreachable(cause: str) -> Robots:
    """Nobody answered for the rules: complete disallow, tried again later (RFC 9309, section 2.3.1.4)."""
    reason = f"robots.txt unreachable: {cause}"
    return Robots(failure=Failure(state=LinkState.FAILED, reason=reason, retry_after=timedelta(), asked=False))


def product_token(user_agent: str) -> str:
    """The name by which groups address the sender of a User-Agent, lower case; empty if it begins with none."""
    name = _PRODUCT.match(user_agent.strip())
    return name[1].lower() if name else ""


def relevant(text: str, token: str) -> str:
    """The rules of all groups for the token, or else for everybody, as one group for everybody; and what is for all.

    Protego gives each rule to each name of its group: a file of many names and many rules costs their product in time
    and memory. This is one pass. A name is the token that a line begins with, and nothing less than all of it counts.
    """
    groups: dict[str, list[str]] = {}
    site_wide: list[str] = []
    addressed: set[str] = set()  # of the two that matter, whom the current group is for
    open_for_names = True
    for line in (whole.partition("#")[0].strip() for whole in text.splitlines()):
        if agent := _AGENT.fullmatch(line):
            if not open_for_names:
                addressed, open_for_names = set(), True
            name = _addressee(agent[1])
            if name in {token, EVERYBODY}:
                addressed.add(name)
                groups.setdefault(name, [])
        elif _SITE_WIDE.match(line):
            site_wide.append(line)
        elif line:
            open_for_names = False
            for name in addressed:
                groups[name].append(line)
    rules = groups.get(token, groups.get(EVERYBODY, []))
    return "\n".join((f"User-agent: {EVERYBODY}", *rules, *site_wide))


def _addressee(value: str) -> str | None:
    if value.split(maxsplit=1)[:1] == [EVERYBODY]:
        return EVERYBODY
    token = _TOKEN.match(value)
    return token[0].lower() if token else None
