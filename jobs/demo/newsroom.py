"""The demo newsroom: a server on loopback for each outlet, so that each is an origin of its own.

A thin shell: `press` prints what is served. It keeps no clock; articles are as old as they say before `at`.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

from jobs.demo.outlets import outlets
from jobs.demo.press import Resource, expectations, printed, source_entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message
    from types import TracebackType

    from jobs.demo.outlets import Expect

HOST = "127.0.0.1"
_IDLE = 10.0  # seconds after which a connection without a request is closed
_POLL = 0.05  # seconds that leaving may take


class NewsroomBusyError(OSError):
    """A port of the newsroom is taken. Carries the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            errno.EADDRINUSE, f"port {port} on {HOST} is taken: stop what listens there, or choose another first port"
        )
        self.port = port

    def __str__(self) -> str:
        return self.strerror or ""


class Request(NamedTuple):
    """One request that was served."""

    method: str
    host: str  # with the port
    path: str  # with the query
    status: int
    user_agent: str


class Newsroom:
    """Serves every outlet while it is entered: the first on `port`, the next on the one behind it.

    Port 0 lets the system choose them all. Edition 2 serves what the outlets have updated since edition 1.
    Entering raises NewsroomBusyError; then nothing is left listening.
    """

    def __init__(self, *, port: int, at: datetime, edition: int = 1) -> None:
        self.requests: list[Request] = []
        self._first = port
        self._at = at.astimezone(UTC)
        self._outlets = outlets(edition=edition)
        self._servers: list[_Server] = []

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for offset, outlet in enumerate(self._outlets):
                server = _listening(self._first and self._first + offset, self.requests)
                opened.callback(server.server_close)
                server.resources = printed(outlet, at=self._at, origin=server.origin)
                self._servers.append(server)
            opened.pop_all()
        for server in self._servers:
            Thread(target=server.serve_forever, args=(_POLL,), name=server.origin, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # each shutdown waits for its server's poll: together they wait once
        with ThreadPoolExecutor(len(self._servers)) as pool:
            list(pool.map(_Server.leave, self._servers))

    @property
    def ports(self) -> tuple[int, ...]:
        """One for each outlet, in the order of their names."""
        return tuple(server.server_port for server in self._servers)

    def sources(self) -> str:
        """The text of a sources.toml that names every outlet."""
        return "\n".join(
            source_entry(outlet, origin=server.origin)
            for server, outlet in zip(self._servers, self._outlets, strict=True)
        )

    def expectations(self) -> Mapping[str, Expect]:
        """Canonical URL -> what the production pipeline must make of it."""
        return MappingProxyType(
            {
                url: expect
                for server, outlet in zip(self._servers, self._outlets, strict=True)
                for url, expect in expectations(outlet, origin=server.origin).items()
            }
        )


def _listening(port: int, requests: list[Request]) -> _Server:
    try:
        return _Server(port, requests)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise NewsroomBusyError(port) from error
        raise


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, requests: list[Request]) -> None:
        self.requests = requests
        self.resources: Mapping[str, Resource] = {}
        self._open: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def found(self, target: str) -> Resource:
        """What a request's target asks for: parameters that no outlet knows are for tracking."""
        return self.resources.get(target) or self.resources.get(urlsplit(target).path, _MISSING)

    def server_bind(self) -> None:
        # HTTPServer's own asks the resolver for the host's full name, which takes seconds on some machines
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        self._open.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with suppress(ConnectionError):  # the client may hang up whenever it likes
            super().finish_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self._open.discard(request)
        super().shutdown_request(request)

    def leave(self) -> None:
        """Stops listening and hangs up, so that no kept-alive connection goes on reading this edition."""
        self.shutdown()
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    timeout = _IDLE

    def do_GET(self) -> None:
        resource = self.server.found(self.path)
        if _unchanged(resource, self.headers):
            self._answer(resource, HTTPStatus.NOT_MODIFIED, b"")
        else:
            self._answer(resource, resource.status, resource.body)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, resource: Resource, status: int, body: bytes) -> None:
        headers = _headers(resource)
        if body and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        if status != HTTPStatus.NOT_MODIFIED:
            headers |= {"Content-Type": resource.content_type, "Content-Length": str(len(body))}
        self._send(status, headers, body)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        # recorded first: whoever has the answer finds it in the list
        self.server.requests.append(self._request(status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _request(self, status: int) -> Request:
        return Request(
            self.command,
            f"{HOST}:{self.server.server_port}",
            self.path,
            int(status),
            self.headers.get("User-Agent", ""),
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Says nothing: the demo's own output is what is to be read."""


def _headers(resource: Resource) -> dict[str, str]:
    if resource.modified is None:
        return {}
    return {
        "ETag": _etag(resource),
        "Last-Modified": format_datetime(resource.modified, usegmt=True),
        "Cache-Control": "max-age=0",
        "Vary": "Accept-Encoding",
    }


def _unchanged(resource: Resource, headers: Message) -> bool:
    """RFC 9110, 13.1: If-None-Match counts alone where it is given."""
    if resource.modified is None:
        return False
    if wanted := headers.get("If-None-Match"):
        return _etag(resource) in (tag.strip() for tag in wanted.split(","))
    since = _http_date(headers.get("If-Modified-Since", ""))
    return since is not None and resource.modified <= since


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else None


def _etag(resource: Resource) -> str:
    # weak: the same tag stands for the plain and the gzipped bytes
    return f'W/"{hashlib.sha256(resource.body).hexdigest()[:16]}"'


_MISSING = Resource(
    body=b"<!DOCTYPE html><title>Not found</title><h1>Not found</h1><p>There is no such page.</p>",
    content_type="text/html; charset=utf-8",
    status=HTTPStatus.NOT_FOUND,
)
