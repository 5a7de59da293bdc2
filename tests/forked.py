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
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from importlib import import_module
from multiprocessing import util
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[1]
USED = ("jobs.cli", "jobs.crawl", "crawler.run", "crawler.spiders.news", "crawler.spiders.process", "crawler.preload")
LONGEST = 2**20  # bytes of what is asked


def run(
    arguments: Sequence[str], *, stdin: bytes, environment: Mapping[str, str], timeout: float
) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error of `spywire ARGUMENTS`. TimeoutError after `timeout` seconds."""
    asked = {"arguments": list(arguments), "environment": dict(environment), "folder": str(Path.cwd())}
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err, _connected() as server:
        given.write(stdin)
        given.seek(0)
        socket.send_fds(server, [json.dumps(asked).encode()], [file.fileno() for file in (given, out, err)])
        process = int(server.recv(20))
        server.settimeout(timeout)
        try:
            code = int(server.recv(20))
        except TimeoutError:
            os.killpg(process, signal.SIGKILL)
            raise
        return code, _all(out), _all(err)


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


if __name__ == "__main__":
    for name in USED:
        import_module(name)
    _serve(socket.socket(fileno=int(sys.argv[1])))
    import_module("jobs.start").main()
