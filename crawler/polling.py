"""From a source's answer to a poll: what it offered, or in which named way it failed."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from crawler.sources import SourceKind
from storage.records import LinkState, Poll, PollState, Validators

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.discover import Found, MalformedFeedError, NotAFeedError
    from crawler.outcomes import Failure
    from crawler.sources import Source

NOT_MODIFIED = 304
MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
OK = 200
CURE = "no link on it looks like an article's; `spywire sources test {url}` looks for a feed or sitemap"
UNFETCHED = {LinkState.BLOCKED: PollState.BLOCKED, LinkState.UNEXTRACTABLE: PollState.MALFORMED}


def status_state(status: int, *, conditional: bool) -> PollState | None:
    """The state a status alone decides; None when the body does. Only a `conditional` request can be told 304."""
    if status == NOT_MODIFIED and conditional:
        return PollState.UNCHANGED
    return None if status == OK else PollState.HTTP_ERROR


def found_state(found: Found) -> PollState:
    """Whether a source that was read offers anything."""
    if found.links or found.children:
        return PollState.OK
    return PollState.NO_LINKS if found.kind is SourceKind.SECTION else PollState.EMPTY


def body_hash(body: bytes) -> str:
    """SHA-256 of a body: for servers that offer no validator."""
    return sha256(body).hexdigest()


def freshness(cache_control: str | None, age: str | None = None) -> timedelta | None:
    """How long an answer stays fresh, by `max-age` and the age it has (RFC 9111, section 4.2); None if unsaid."""
    said = MAX_AGE.search(cache_control or "")
    if said is None:
        return None
    passed = int(age.strip()[:9]) if age and age.strip().isdecimal() else 0
    return timedelta(seconds=max(int(said[1]) - passed, 0))


def read_poll(source: Source, url: str, found: Found, *, response: Validators, at: datetime) -> Poll:
    """A poll that was read to the end, with the validators its response (of status 200) carried.

    An index is kept without: it often stays the same to the byte while its sitemaps change.
    """
    kept = Validators() if found.children else response
    state = found_state(found)
    return Poll(
        source=source.name,
        url=url,
        at=at,
        state=state,
        detail=CURE.format(url=source.url) if state is PollState.NO_LINKS else "",
        links=found.links,
        dropped=tuple(sorted(found.dropped.items())),
        etag=kept.etag,
        last_modified=kept.last_modified,
        body_hash=kept.body_hash,
    )


def failed_poll(source: Source, url: str, state: PollState, detail: str, *, at: datetime) -> Poll:
    """A poll that gave nothing."""
    return Poll(source=source.name, url=url, at=at, state=state, detail=detail)


def unread(error: MalformedFeedError | NotAFeedError) -> tuple[PollState, str]:
    """The state of a body that could not be read as what it should be."""
    from crawler.discover import NotAFeedError

    state = PollState.NOT_A_FEED if isinstance(error, NotAFeedError) else PollState.MALFORMED
    return state, str(error)


def unfetched(failure: Failure) -> tuple[PollState, str]:
    """The state of a poll whose request never got an answer that could be taken in."""
    return UNFETCHED.get(failure.state, PollState.UNREACHABLE), failure.reason
