"""What a person sees while a crawl goes on: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from crawler.report import Tracker

PLAIN_EVERY = 2.0  # seconds
LIVE_EVERY = 0.1


class Progress:
    """Called after every step of a crawl. On a terminal it rewrites one line and wipes it at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._started = self._shown = time.monotonic()

    def __call__(self, tracker: Tracker) -> None:
        now = time.monotonic()
        if now - self._shown < (LIVE_EVERY if self._live else PLAIN_EVERY):
            return
        self._shown = now
        line = progress_line(tracker, seconds=now - self._started)
        self._stream.write(f"\r\x1b[2K{line}" if self._live else f"{line}\n")
        self._stream.flush()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()


def progress_line(tracker: Tracker, *, seconds: float) -> str:
    """`sources 5/9 · pages 31/44 · flagged 6 · held 1 · 12.4 pages/s · 2 s left`."""
    counts = tracker.counts
    done, asked = counts["pages.settled"], counts["pages.requested"]
    parts = [
        f"sources {len(tracker.polls)}/{tracker.sources}",
        f"pages {done}/{asked}",
        f"flagged {counts['pages.flagged']}",
        f"held {counts['pages.held']}",
    ]
    if done and seconds > 0:
        rate = done / seconds
        parts += [f"{rate:.1f} pages/s", f"{_span((asked - done) / rate)} left"]
    return " · ".join(parts)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - two digits read best
