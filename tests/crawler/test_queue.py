"""The order in which waiting requests are served."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from crawler.queue import FairQueue

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


def queue(busy: set[str] | None = None) -> FairQueue:
    """A queue beside a downloader in which some hosts are busy: all that the queue asks of Scrapy."""
    downloader = SimpleNamespace(
        get_slot_key=lambda request: urlsplit(request.url).hostname,
        slots={host: SimpleNamespace(active={1}) for host in busy or ()},
    )
    return FairQueue.from_crawler(cast("Crawler", SimpleNamespace(engine=SimpleNamespace(downloader=downloader))))


def served(waiting: FairQueue) -> list[str]:
    requests = []
    while (request := waiting.pop()) is not None:
        requests.append(request.url.removeprefix("http://"))
    return requests


def test_hosts_take_turns_and_each_keeps_its_order() -> None:
    waiting = queue()
    for url in ("a.org/1", "a.org/2", "a.org/3", "b.org/1", "b.org/2", "c.org/1"):
        waiting.push(Request(f"http://{url}"))
    assert served(waiting) == ["a.org/1", "b.org/1", "c.org/1", "a.org/2", "b.org/2", "a.org/3"]


def test_a_redirect_goes_before_what_has_not_begun() -> None:
    waiting = queue()
    waiting.push(Request("http://a.org/1"))
    waiting.push(Request("http://a.org/redirected", priority=2))
    assert served(waiting) == ["a.org/redirected", "a.org/1"]


def test_a_busy_host_waits_while_another_is_free() -> None:
    waiting = queue(busy={"a.org", "b.org"})
    for url in ("a.org/1", "b.org/1", "c.org/1"):
        waiting.push(Request(f"http://{url}"))
    next_up = waiting.peek()
    assert next_up is not None
    assert next_up.url == "http://c.org/1"
    assert served(waiting)[0] == "c.org/1"


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 3))), st.sets(st.sampled_from("abcde")))
def test_everything_that_is_pushed_is_served_once(pushed: list[tuple[str, int]], busy: set[str]) -> None:
    waiting = queue({f"{name}.org" for name in busy})
    for number, (name, priority) in enumerate(pushed):
        waiting.push(Request(f"http://{name}.org/{number}", priority=priority))
    assert len(waiting) == len(pushed)
    assert sorted(served(waiting)) == sorted(f"{name}.org/{number}" for number, (name, _) in enumerate(pushed))
    assert len(waiting) == 0
    assert waiting.peek() is None
