"""Calling home: told, never asked, and never a reason to fail."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from pydantic import SecretStr

import jobs.watch.ping as pings
from jobs.exits import BusyError, ConfigError
from jobs.home import Home
from jobs.settings import Settings, Watch
from jobs.watch.after import beat, calling, serving
from jobs.watch.ping import Event, ended, ping
from tests.jobs.watch.test_check import NOON, WELL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"
GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def request(connection: socket.socket) -> str:
    """The whole of it: head and body may come apart."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += connection.recv(65536)
    head, _, body = said.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode()


@contextmanager
def listener(answer: bytes) -> Iterator[tuple[int, list[str]]]:
    """A server that keeps what it was asked. Without an answer it goes on sending a header that has no end."""
    asked: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                asked.append(request(connection))
                try:
                    if answer:
                        connection.sendall(answer)
                        continue
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    for _ in range(40):
                        connection.sendall(b"x")
                        time.sleep(0.05)
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


def watch(url: str) -> Watch:
    return Watch(ping_url=SecretStr(url))


def test_nobody_is_called_where_no_address_is_set() -> None:
    assert not ping(Watch(), Event.SUCCESS)


def test_start_success_and_failure_have_their_own_paths_and_one_run() -> None:
    with listener(ANSWER) as (port, asked):
        home = watch(f"http://127.0.0.1:{port}/secret-uuid/")
        assert [ping(home, Event.START, rid="7"), ping(home, ended(1), rid="7", exit_code=1, note="60 of 60")] == [
            "",
            "",
        ]
        assert [ping(home, ended(74), rid="7", exit_code=74), ping(home, Event.FAIL)] == ["", ""]
    paths = [request.split()[1] for request in asked]
    assert [path.partition("?")[0] for path in paths] == [
        *("/secret-uuid/start", "/secret-uuid", "/secret-uuid/74", "/secret-uuid/fail"),
    ]
    assert len({path.partition("?")[2] for path in paths[:3]}) == 1, "one run, one rid"
    assert asked[1].endswith("60 of 60")


def test_what_goes_wrong_is_said_without_the_address() -> None:
    with listener(GONE) as (port, _):
        assert ping(watch(f"http://127.0.0.1:{port}/secret-uuid"), Event.START) == "[watch] ping_url answered HTTP 404"
    said = ping(watch(f"http://127.0.0.1:{port}/secret-uuid"), Event.START)
    assert said.startswith("[watch] ping_url cannot be reached")
    assert ping(watch("file:///etc/passwd"), Event.START).startswith("[watch] ping_url is no http address")


def test_a_run_calls_at_its_start_and_with_its_end_however_that_comes(capsys: pytest.CaptureFixture[str]) -> None:
    with listener(ANSWER) as (port, asked):
        settings = Settings(watch=watch(f"http://127.0.0.1:{port}/uuid"))
        with calling(settings) as calls:
            calls.start()
            calls.exit_code, calls.counts = 1, {"links.new": 3}
        with pytest.raises(ConfigError), calling(settings):
            raise ConfigError("no sources")
        with pytest.raises(BusyError), calling(settings):
            raise BusyError("another one is at work, and will call by itself")
    paths = [request.split()[1] for request in asked]
    assert [path.partition("?")[0] for path in paths] == ["/uuid/start", "/uuid", "/uuid/78"]
    rids = [path.partition("?rid=")[2] for path in paths]
    assert rids[0] == rids[1] != rids[2], "one run, one rid"
    assert asked[1].endswith("links.new=3")
    with calling(settings) as calls:
        pass
    assert calls.failed == ["[watch] ping_url cannot be reached: ConnectionRefusedError"]
    assert capsys.readouterr().err == "", "one call that fails is a blip"


@pytest.mark.parametrize("answer", [b"garbage\r\n\r\n", b"\0\xff", b"HTTP/1.1 two hundred\r\n\r\n"])
def test_garbage_for_an_answer_is_told_without_the_address(answer: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with listener(answer) as (port, _):
        said = ping(watch(f"http://127.0.0.1:{port}/secret-uuid"), Event.START)
    assert said.startswith("[watch] ping_url cannot be reached: ")
    assert "secret" not in said + capsys.readouterr().err


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/sec ret", "http://127.0.0.1:1/sec\nret", "https://", "ftp://a/b"])
def test_what_is_no_address_is_called_by_nobody(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = ping(watch(url), Event.START)
    assert said == "[watch] ping_url is no http address: copy the whole of it, without a space"
    assert capsys.readouterr().err == ""


def test_a_server_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pings, "SECONDS", 0.4)
    with listener(b"") as (port, _):
        began = time.monotonic()
        said = ping(watch(f"http://127.0.0.1:{port}/"), Event.START)
        assert time.monotonic() - began < 2
    assert "did not answer" in said


def test_the_heartbeat_is_written_whole_beside_the_settings(tmp_path: Path) -> None:
    home = Home(config=tmp_path, data=tmp_path, state=tmp_path)
    beat(home, Settings(), at=NOON)
    assert list(tmp_path.iterdir()) == []
    beat(home, Settings(watch=Watch(heartbeat="run/heart")), at=NOON)
    assert (tmp_path / "run" / "heart").read_text() == "2026-11-22T12:00:00+00:00\n"
    assert len(list((tmp_path / "run").iterdir())) == 1


def test_metrics_are_served_where_the_settings_say_and_only_then() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(Settings(), lambda: WELL), pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2)
    settings = Settings(watch=Watch(metrics=f"127.0.0.1:{port}"))
    with serving(settings, lambda: WELL):
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert b'spywire_sources{state="ok"} 60.0' in answer.read()
        with pytest.raises(ConfigError, match="cannot serve at"), serving(settings, lambda: WELL):
            pass
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2)
