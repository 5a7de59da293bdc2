"""The browser's way out: where it leads, and where it does not."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest

from crawler.proxy import GuardedProxy, Way
from tests.web import Site

LOOPBACK = ip_network("127.0.0.1/32")
CAP = 100_000


def through(site: Site, request: str, *, ports: tuple[int, ...] | None = None) -> bytes:
    """Everything that comes back for what is sent to a proxy that may reach 127.0.0.1."""

    async def talk() -> bytes:
        proxy = GuardedProxy(allowed=[LOOPBACK], ports=(site.port,) if ports is None else ports, max_bytes=CAP)
        port = int((await proxy.start()).rpartition(":")[2])
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request.encode())
            answer = await reader.read()
            writer.close()
        finally:
            await proxy.close()
        return answer

    return asyncio.run(asyncio.wait_for(talk(), 10))


def test_a_request_reaches_its_server_without_what_was_meant_for_the_proxy(site: Site) -> None:
    site.add("/data?x=1", "[1]")
    answer = through(site, f"GET {site.url}/data?x=1 HTTP/1.1\r\nHost: h\r\nProxy-Connection: keep-alive\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"[1]")
    [(path, headers)] = site.requests
    assert path == "/data?x=1"
    assert "proxy-connection" not in headers
    assert headers["connection"] == "close"


def test_a_tunnel_carries_both_ways(site: Site) -> None:
    site.add("/data", "[1]")
    asked = "GET /data HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    answer = through(site, f"CONNECT 127.0.0.1:{site.port} HTTP/1.1\r\n\r\n{asked}")
    assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200")
    assert answer.endswith(b"[1]")


@pytest.mark.parametrize("host", ["127.0.0.2", "[::ffff:127.0.0.2]", "0x7f.2", "2130706434", "10.0.0.1", "[::1]"])
@pytest.mark.parametrize("request_line", ["GET http://{} HTTP/1.1", "CONNECT {} HTTP/1.1"])
def test_no_spelling_of_an_internal_address_is_a_way_in(host: str, request_line: str) -> None:
    with Site("127.0.0.2") as internal:
        line = request_line.format(f"{host}:{internal.port}")
        assert through(internal, f"{line}\r\n\r\n").startswith(b"HTTP/1.1 403")
        assert internal.requests == []


@pytest.mark.parametrize(
    "line",
    [
        "GET ftp://127.0.0.1:{} HTTP/1.1",
        "GET /data HTTP/1.1",
        "GET http://[ HTTP/1.1",
        "CONNECT 127.0.0.1:99999 HTTP/1.1",
        "POST http://127.0.0.1:{}/ HTTP/1.1\r\nContent-Length: -1",
        "nonsense",
    ],
)
def test_what_is_no_web_address_is_refused(site: Site, line: str) -> None:
    assert through(site, f"{line.format(site.port)}\r\n\r\n").startswith(b"HTTP/1.1 403")
    assert site.requests == []


def test_a_port_that_is_not_allowed_is_refused(site: Site) -> None:
    assert through(site, f"GET {site.url}/ HTTP/1.1\r\n\r\n", ports=(80, 443)).startswith(b"HTTP/1.1 403")
    assert site.requests == []


def test_no_answer_is_longer_than_the_limit(site: Site) -> None:
    site.add("/large", b"x" * 3 * CAP)
    assert len(through(site, f"GET {site.url}/large HTTP/1.1\r\n\r\n")) == CAP


def test_only_one_request_is_read_from_a_connection_that_is_no_tunnel() -> None:
    way = Way.read(b"POST http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\n")
    assert way == Way(
        url="http://a.example/x?y",
        head=b"POST /x?y HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
        length=5,
    )
