"""robots.txt as RFC 9309 has it: what may be fetched, and what its absence or failure means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from protego import Protego

from crawler.outcomes import Failure
from storage.records import LinkState

LIMIT = 500 * 1024  # bytes that are parsed: RFC 9309, section 2.5
LONGEST_DELAY = 30.0  # seconds: a longer one would keep a crawl from ever ending
DISALLOWED = Failure(state=LinkState.BLOCKED, reason="robots.txt disallows it")


@dataclass(frozen=True, kw_only=True)
class Robots:
    """The rules of one origin for one user agent. `failure` says why nothing may be fetched for now."""

    rules: Protego | None = None
    failure: Failure | None = None

    def refusal(self, url: str, user_agent: str) -> Failure | None:
        """Why the URL is not fetched, or None if it may be."""
        if self.failure is not None:
            return self.failure
        if self.rules is None or self.rules.can_fetch(url, user_agent):
            return None
        return DISALLOWED

    def delay(self, user_agent: str) -> float | None:
        """Seconds between two requests that the origin asks for, at most `LONGEST_DELAY`."""
        delay = self.rules.crawl_delay(user_agent) if self.rules is not None else None
        return None if delay is None else min(max(float(delay), 0.0), LONGEST_DELAY)


def read_robots(status: int, body: bytes) -> Robots:
    """The rules in an answer: 4xx means there are none, 5xx and 429 that everything is disallowed for now.

    RFC 9309, section 2.3.1. Protego reads what is left of a broken file.
    """
    if status == 429 or status >= 500:  # noqa: PLR2004 - the words of the RFC
        return unreachable(f"HTTP {status}")
    if status >= 300:  # noqa: PLR2004
        return Robots()
    return Robots(rules=Protego.parse(body[:LIMIT].decode("utf-8", "replace")))


def unreachable(cause: str) -> Robots:
    """Nobody answered for the rules: complete disallow, tried again later (RFC 9309, section 2.3.1.4)."""
    reason = f"robots.txt unreachable: {cause}"
    return Robots(failure=Failure(state=LinkState.FAILED, reason=reason, retry_after=timedelta()))
