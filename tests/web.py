"""A real web server on loopback: what a test puts into `pages` is what it answers, and it remembers who asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True)
class Answer:
    """What the server says to one path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    lies: bool = False  # 304 to whoever sends a validator, of any age


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed leaves its connection open: nothing to tell."""


class Site:
    """One origin, on a port of its own."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.pages: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._server = _Server((host, 0), self._handler())
        self.host, self.port = host, self._server.server_port
        self.url = f"http://{host}:{self.port}"

    def add(self, path: str, body: str | bytes = b"", *, status: int = 200, **headers: str) -> str:
        """Serve something; gives its URL. `Content_Type` becomes `Content-Type`."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Answer(data, status, {"Content-Type": "text/html; charset=utf-8"} | named)
        return self.url + path

    def paths(self) -> list[str]:
        """What was asked for, robots.txt apart."""
        return [path for path, _ in self.requests if path != "/robots.txt"]

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                answer = site.pages.get(self.path, Answer(b"<h1>Not found</h1>", 404))
                etag, asked = answer.headers.get("ETag"), self.headers.get("If-None-Match")
                if asked and (answer.lies or asked == etag):
                    answer = Answer(b"", 304, {"ETag": asked})
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        return Handler


def rss(items: Iterable[tuple[str, str, datetime]], *, title: str = "The Example") -> str:
    """An RSS 2.0 feed of titles, URLs and dates."""
    entries = "".join(
        f"<item><title>{name}</title><link>{url}</link><pubDate>{format_datetime(at)}</pubDate></item>"
        for name, url, at in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{entries}</channel></rss>'


def story(title: str, *paragraphs: str, head: str = "") -> str:
    """A plain article page."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>{head}</head>"
        f"<body><nav><a href='/'>Home</a> <a href='/news'>News</a></nav>"
        f"<article><h1>{title}</h1>{text}</article><footer>The Example, all rights reserved</footer></body></html>"
    )
