"""The demo as a newcomer runs it: twice."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from storage.database import Database
from storage.ledger import Ledger
from tests.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

PORTS = 12  # the newsroom takes one for each outlet


def free_ports() -> int:
    """The first of some neighbouring ports that nobody uses."""
    for first in range(20_000, 30_000, PORTS):
        sockets = []
        try:
            for port in range(first, first + PORTS):
                taken = socket.socket()
                sockets.append(taken)
                taken.bind(("127.0.0.1", port))
        except OSError:
            continue
        else:
            return first
        finally:
            for taken in sockets:
                taken.close()
    raise AssertionError("no free ports")


def test_the_demo_shows_a_digest_and_then_nothing_new(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from crawler.urls import url_key
    from jobs.demo.newsroom import Newsroom

    desk, port = Desk(tmp_path / "demo"), free_ports()
    first = desk.run("demo", "--port", str(port))
    assert first.code == 0, first.err
    assert "BOTTOM LINE" in first.out
    assert f"Database     {tmp_path}/demo/spywire.db" in first.out
    assert (tmp_path / "demo" / "digest.html").stat().st_size < 100_000
    second = desk.run("demo", "--port", str(port))
    assert second.code == 0
    assert second.out.startswith("Nothing is new: all ")

    with Newsroom(port=0, at=datetime.now(UTC)) as newsroom:
        shift = {str(theirs): str(port + n) for n, theirs in enumerate(newsroom.ports)}
        expected = {_moved(url, shift): expect for url, expect in newsroom.expectations().items()}
    ledger = Ledger(Database.open(f"sqlite:///{tmp_path}/demo/spywire.db"))
    ended = {}
    for url, expect in expected.items():
        history = ledger.history(url_key(url))
        assert history is not None, f"{url} was never seen"
        ended[url] = (str(expect), str(history.state), history.reason)
    accepted = {
        "flag": {"flagged"},
        "reject": {"rejected", "duplicate"},
        "any": {"flagged", "held", "rejected"},
        "blocked": {"blocked"},
        "gone": {"gone"},
        "failed": {"failed"},
        "not-an-article": {"not-an-article"},
    }
    surprises = {url: end for url, end in ended.items() if end[1] not in accepted[end[0]]}
    assert surprises == {}


def _moved(url: str, ports: dict[str, str]) -> str:
    head, _, tail = url.partition("127.0.0.1:")
    port, slash, path = tail.partition("/")
    return f"{head}127.0.0.1:{ports[port]}{slash}{path}"
