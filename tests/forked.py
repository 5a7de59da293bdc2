"""Runs the command in a process of its own, forked from one in which everything is imported already.

Starting Python and loading Scrapy costs over a second, and the tests start the command some hundred times. What runs is
`jobs.start.main` with its own arguments, environment and standard streams, in a session of its own.

    pytest -> server, which has imported everything, and no thread and no connection
              -> a waiter for each run, which tells how it ended
                 -> the run
                    -> what becomes its server of workers, if it asks for one: it would load the model and the
                       extractor, which takes longer than all the rest
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from multiprocessing import util
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy.orm import configure_mappers

import crawler
import jobs
import storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
OURS = (crawler, jobs, storage)
RUNNING = ("__main__", "migrations")  # modules that do something when they are imported
LATE = (  # what others import when it is first used
    "alembic.command",
    "jinja2",
    "multiprocessing.popen_forkserver",
    "scrapy.dupefilters",
    "scrapy.logformatter",
    "scrapy.squeues",
    "scrapy.statscollectors",
    "tldextract",
)
SCRAPYS = ("DOWNLOADER_MIDDLEWARES_BASE", "EXTENSIONS_BASE", "SPIDER_MIDDLEWARES_BASE")
LONGEST = 2**20  # bytes of what is asked


@dataclass(frozen=True)
class Running:
    """A command under way, in a process group of its own."""

    pid: int
    server: socket.socket
    streams: tuple[IO[bytes], IO[bytes]]
    codes: list[int] = field(default_factory=list)  # one, once it has ended

    def poll(self) -> int | None:
        """Its exit code; None while it goes on."""
        ready, _, _ = select.select([self.server], [], [], 0) if not self.codes else ([], [], [])
        return self.wait() if ready or self.codes else None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, a signal's number below zero. TimeoutError if it goes on for longer."""
        if not self.codes:
            self.server.settimeout(timeout)
            self.codes.append(_number(self.server))
        return self.codes[0]

    def send_signal(self, number: signal.Signals) -> None:
        """To the command alone, not to its children."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it with all its children, and wait for that."""
        if self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()

    def said(self) -> tuple[bytes, bytes]:
        """Standard output and standard error so far."""
        out, err = (_all(stream) for stream in self.streams)
        return out, err


@contextmanager
def started(
    arguments: Sequence[str], *, environment: Mapping[str, str], stdin: bytes = b"", first: str = ""
) -> Iterator[Running]:
    """`spywire ARGUMENTS`, which is killed at the end if it still goes on. `first` is Python for it to begin with."""
    asked = {"arguments": list(arguments), "environment": dict(environment), "folder": str(Path.cwd()), "first": first}
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err, _connected() as server:
        given.write(stdin)
        given.seek(0)
        socket.send_fds(server, [json.dumps(asked).encode()], [file.fileno() for file in (given, out, err)])
        running = Running(_number(server), server, (out, err))
        try:
            yield running
        finally:
            running.kill()


def run(
    arguments: Sequence[str], *, stdin: bytes, environment: Mapping[str, str], timeout: float
) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error of `spywire ARGUMENTS`. TimeoutError after `timeout` seconds."""
    with started(arguments, stdin=stdin, environment=environment) as running:
        return running.wait(timeout), *running.said()


def _number(server: socket.socket) -> int:
    said = server.recv(20)
    assert said, "the process that forks has ended; its standard error says why"
    return int(said)


def _all(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _connected() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(_server().address)
    return connection


@cache
def _server() -> _Server:
    return _Server()


class _Server:
    """Ends with the process that tests, whose pipe it reads."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self.address = str(Path(self._folder.name) / "server")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self.address)
            listener.listen(64)
            command = [sys.executable, "-m", "tests.forked", str(listener.fileno())]
            descriptors = [listener.fileno()]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=descriptors, cwd=ROOT)


def _serve(listener: socket.socket) -> None:
    """Fork for everybody who asks; returns in the process that is to run the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a waiter
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os._exit(0)
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _wait(connection)
            return
        connection.close()


def _wait(server: socket.socket) -> None:
    """Fork once more, and tell how that ended; returns in the forked process."""
    asked, streams, _, _ = socket.recv_fds(server, LONGEST, 3)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process == 0:
        server.close()
        _become(json.loads(asked), streams)
        return
    server.send(str(process).encode())
    _, status = os.waitpid(process, 0)
    server.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    sys.argv = ["spywire", *asked["arguments"]]
    exec(asked["first"], {})
    _stand_by()


def _stand_by() -> None:
    """Fork what becomes the server of workers, in place of the one that `multiprocessing` would start from nothing."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = os.fork()
    if process == 0:
        here.close()
        exec(_program(there), {})
        os._exit(0)
    there.close()
    spawn = util.spawnv_passfds

    def spawned(path: bytes, words: list[str], descriptors: list[int]) -> int:
        if "forkserver" not in words[-1]:
            return spawn(path, words, descriptors)
        socket.send_fds(here, [json.dumps([words[-1], descriptors]).encode()], descriptors)
        return process

    setattr(util, "spawnv_passfds", spawned)  # noqa: B010 - its stub asks for more than is ever given


def _program(run: socket.socket) -> str:
    """What to become, its descriptors being where it looks for them; ends with a run that asks for nothing."""
    said, received, _, _ = socket.recv_fds(run, LONGEST, 8)
    if not said:
        os._exit(0)
    program, wanted = json.loads(said)
    run.close()
    apart = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 1000) for descriptor in received]
    for descriptor, number in zip(apart, wanted, strict=True):
        os.dup2(descriptor, number)
    for descriptor in {*apart, *received} - set(wanted):
        os.close(descriptor)
    return str(program)


def _warm_up() -> None:
    """Import everything that a command may import; but no reactor, whose descriptors must not be shared."""
    for package in OURS:
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not set(RUNNING) & set(module.name.split(".")):
                import_module(module.name)
    defaults = import_module("scrapy.settings.default_settings")
    for name in (*LATE, *(path.rpartition(".")[0] for table in SCRAPYS for path in getattr(defaults, table))):
        import_module(name)
    configure_mappers()
    gc.collect()
    gc.freeze()  # else the collector of each run goes through all of it, and writes into shared memory
    assert "twisted.internet.reactor" not in sys.modules


if __name__ == "__main__":
    _warm_up()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    import_module("jobs.start").main()
