"""A PostgreSQL server of a test's own, to be stopped and started; and a wire to a server, to be cut."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # as psycopg sends it


def binaries() -> Path | None:
    """The folder of the server's programs, if they are on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).resolve().parent if named else None


class Cluster:
    """A server on loopback with nothing but `postgres` in it. It will not run as root: then it runs as `postgres`."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self.port = free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        self._folder.mkdir()
        for path in [self._folder, *self._folder.parents] if os.geteuid() == 0 else []:
            if path.stat().st_uid == 0 and not path.stat().st_mode & 0o001:
                path.chmod(path.stat().st_mode | 0o011)  # pytest's folders are for root alone
        if os.geteuid() == 0:
            os.chown(self._folder, pwd.getpwnam("postgres").pw_uid, -1)
        self._run("initdb", "-A", "trust", "-U", "postgres", "-N", "-D", str(self._folder / "data"))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(subprocess.CalledProcessError):
            self.stop()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=on"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-w", "-D", str(self._folder / "data"), "-l", log, "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it as a crash does, or in another `mode`."""
        self._run("pg_ctl", "-w", "-D", str(self._folder / "data"), "-m", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        user: Sequence[str] = ()
        if os.geteuid() == 0:
            user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
        command = [*user, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, timeout=60)


class Wire:
    """Passes on what a client and a server say, until it is told to lose the answer to the next COMMIT."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._sockets = [self._listening]
        self._threads: list[threading.Thread] = []
        self.lose_commit = False
        self.lost = 0

    def __enter__(self) -> Self:
        self._do(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cut it: whoever is connected is not any more, and nobody else will be."""
        for end in self._sockets:
            _hang_up(end)
        for thread in self._threads:
            thread.join()
        for end in self._sockets:
            end.close()

    def _do(self, work: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                self._sockets += [client, server]
                deaf = threading.Event()
                self._do(self._up, client, server, deaf)
                self._do(self._down, server, client, deaf)

    def _up(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.lose_commit and COMMIT in data:
                    self.lose_commit, self.lost = False, self.lost + 1
                    deaf.set()
                server.sendall(data)
        _hang_up(server)

    def _down(self, server: socket.socket, client: socket.socket, deaf: threading.Event) -> None:
        with suppress(OSError):
            while (data := server.recv(65536)) and not deaf.is_set():  # when it answers it has committed
                client.sendall(data)
        _hang_up(client)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
