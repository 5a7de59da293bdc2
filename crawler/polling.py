"""From a source's answer to a poll: what it offered, or in which named way it failed."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from crawler.discover import Found, MalformedFeedError, NotAFeedError, SourceKind
from storage.records import LinkState, Poll, PollState

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.outcomes import Failure
    from crawler.sources import Source
    from storage.records import Validators

NOT_MODIFIED = 304
OK = 200


def status_state(status: int) -> PollState | None:
    """The state a status alone decides; None when the body does."""
    if status == NOT_MODIFIED:
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


def read_poll(source: Source, url: str, found: Found, *, response: Validators, at: datetime) -> Poll:
    """A poll that was read to the end, with the validators its response carried."""
    return Poll(
        source=source.name,
        url=url,
        at=at,
        state=found_state(found),
        links=found.links,
        dropped=tuple(sorted(found.dropped.items())),
        etag=response.etag,
        last_modified=response.last_modified,
        body_hash=response.body_hash,
    )


def failed_poll(source: Source, url: str, state: PollState, detail: str, *, at: datetime) -> Poll:
    """A poll that gave nothing."""
    return Poll(source=source.name, url=url, at=at, state=state, detail=detail)


def unread(error: MalformedFeedError | NotAFeedError) -> tuple[PollState, str]:
    """The state of a body that could not be read as what it should be."""
    state = PollState.NOT_A_FEED if isinstance(error, NotAFeedError) else PollState.MALFORMED
    return state, str(error)


def unfetched(failure: Failure) -> tuple[PollState, str]:
    """The state of a poll whose request never got an answer."""
    state = PollState.BLOCKED if failure.state is LinkState.BLOCKED else PollState.UNREACHABLE
    return state, failure.reason
