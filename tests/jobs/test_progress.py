"""What a person sees while a crawl goes on."""

from __future__ import annotations

from io import StringIO

from crawler.report import Tracker
from jobs.progress import Progress, progress_line
from storage.records import LinkState


def tracker() -> Tracker:
    seen = Tracker(sources=9)
    seen.leased(40)
    for state in (LinkState.FLAGGED, LinkState.HELD, *[LinkState.REJECTED] * 8):
        seen.settled(state)
    return seen


def test_the_line_says_what_is_done_and_how_long_it_will_take() -> None:
    line = progress_line(tracker(), seconds=5)
    assert line == "sources 0/9 · pages 10/40 · flagged 1 · held 1 · 2.0 pages/s · 15 s left"
    assert progress_line(tracker(), seconds=500).endswith("0.0 pages/s · 25 min left")
    assert progress_line(Tracker(sources=9), seconds=0) == "sources 0/9 · pages 0/0 · flagged 0 · held 0"


def test_elsewhere_than_on_a_terminal_nothing_is_rewritten() -> None:
    stream = StringIO()
    progress = Progress(stream)
    for _ in range(1000):
        progress(tracker())
    progress.close()
    assert "\r" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("\n") <= 1
