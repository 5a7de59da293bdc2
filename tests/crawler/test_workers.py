"""Work that cannot be bounded from within is killed from without, and takes nothing with it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import Future, wait
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler.classify.model import PACKAGED
from crawler.discover import discover
from crawler.judging import assessment_of
from crawler.page import Page
from crawler.report import Tracker, Trouble
from crawler.workers import KILLED, Workers, killed_because
from storage.records import LinkState
from tests.zoo import rss_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.assess import Assessment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SMALL = rss_of("<title>A story</title><link>/a</link>").encode()
HUGE = rss_of(*(f"<title>Story {n}</title><link>/{n}</link>" for n in range(200_000))).encode()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(PACKAGED, processes=1, deadline=1.5, memory_mb=1024) as workers:
        yield workers


def test_a_feed_that_takes_too_long_costs_its_deadline_and_the_next_is_read(workers: Workers) -> None:
    huge = workers.submit(discover, HUGE, url="https://a.example/", source="a", at=NOW)
    small = workers.submit(discover, SMALL, url="https://a.example/", source="a", at=NOW)
    with pytest.raises(KILLED) as caught:
        huge.result()
    assert killed_because(caught.value, workers.deadline) == "took longer than 1.5 s"
    assert len(small.result().links) == 1


def test_what_wants_too_much_memory_gets_none(workers: Workers) -> None:
    with pytest.raises(KILLED) as caught:
        workers.submit(bytes, 2**32).result()
    assert killed_because(caught.value, workers.deadline) == "took more memory than a worker may have"
    assert workers.submit(len, "next").result() == 4


def test_a_worker_that_dies_takes_only_its_own_task_with_it(workers: Workers) -> None:
    with pytest.raises(KILLED) as caught:
        workers.submit(os._exit, 3).result()
    assert killed_because(caught.value, workers.deadline) == "its worker died"
    assert workers.submit(len, "next").result() == 4


def test_a_worker_that_dies_between_two_tasks_is_replaced(workers: Workers) -> None:
    os.kill(workers.submit(os.getpid).result(), signal.SIGKILL)
    with suppress(*KILLED):  # the pool may have noticed by now, or not
        workers.submit(len, "waiting").result()
    assert workers.submit(len, "next").result() == 4


def test_what_waits_when_the_pool_breaks_ends_too(workers: Workers) -> None:
    process = workers.submit(os.getpid).result()
    os.kill(process, signal.SIGSTOP)
    waiting = [workers.submit(len, b"x" * 1_000_000) for _ in range(6)]  # more than fits into a pipe
    os.kill(process, signal.SIGKILL)
    done = wait(waiting, timeout=30)
    assert not done.not_done
    assert workers.submit(len, "next").result() == 4


def test_closing_does_not_wait_for_what_is_under_way() -> None:
    workers = Workers(PACKAGED, processes=1, deadline=60)
    workers.submit(len, "warm").result()
    workers.submit(time.sleep, 60)
    start = time.monotonic()
    workers.close()
    assert time.monotonic() - start < 10


class Broken(Workers):
    """Workers with a bug."""

    def assess(self, page: Page) -> Future[Assessment]:
        future: Future[Assessment] = Future()
        future.set_exception(RecursionError(f"too deep in {page.url}"))
        return future


def test_a_page_that_finds_a_bug_is_settled_and_the_bug_is_reported() -> None:
    tracker, page = Tracker(), Page(url="https://a.example/", body=b"", fetched_at=NOW)
    assessment = asyncio.run(assessment_of(page, workers=Broken(PACKAGED), tracker=tracker))
    assert (assessment.state, assessment.reason) == (LinkState.FAILED, "internal error: RecursionError")
    assert "too deep in https://a.example/" in tracker.troubles[Trouble.BUG]
