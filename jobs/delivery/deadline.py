"""An end for a conversation: a server that sends a byte now and then never times out by itself."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def cut_off(connection: socket.socket, *, after: float) -> Iterator[Event]:
    """Hang up after so many seconds, whatever is being waited for then; the event says that it was so."""
    over = Event()

    def shut() -> None:
        over.set()
        with suppress(OSError):  # it was closed in the same moment
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # an SSLSocket's own would go on without TLS

    timer = Timer(after, shut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
