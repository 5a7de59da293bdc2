"""Which addresses, schemes and ports may be reached."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.guard import address_allowed, url_refusal


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_the_public_internet_is_open(address: str) -> None:
    assert address_allowed(address, ())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
    ],
)
def test_everything_else_is_closed(address: str) -> None:
    assert not address_allowed(address, ())


def test_what_the_operator_names_is_open_however_it_is_wrapped() -> None:
    allowed = (ip_network("10.0.0.0/8"),)
    assert address_allowed("10.1.2.3", allowed)
    assert address_allowed("::ffff:10.1.2.3", allowed)
    assert not address_allowed("192.168.1.1", allowed)


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_judged_by_where_it_leads(address: IPv4Address) -> None:
    number = int(address)
    mapped, nat64, six = (0xFFFF << 32) | number, (0x64FF9B << 96) | number, (0x2002 << 112) | (number << 80)
    plain = address_allowed(str(address), ())
    for wrapped in (mapped, nat64, six):
        text = ":".join(f"{wrapped >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
        assert address_allowed(text, ()) == plain


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://example.org/a", None),
        ("http://example.org:80/a", None),
        ("http://example.org:8080/", "port 8080 is not in [fetch] allow_ports"),
        ("file:///etc/hostname", "scheme file is not http or https"),
        ("data:text/html,hello", "scheme data is not http or https"),
        ("//example.org/", "scheme (none) is not http or https"),
        ("https:///path", "no host"),
        ("http://example.org:99999/", "not a URL: Port out of range 0-65535"),
        ("http://[::1/", "not a URL: Invalid IPv6 URL"),
    ],
)
def test_schemes_and_ports(url: str, reason: str | None) -> None:
    assert url_refusal(url, {80, 443}) == reason
