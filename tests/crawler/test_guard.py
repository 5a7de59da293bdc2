"""Which addresses, schemes and ports may be reached."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.guard import NAT64, address_allowed, url_refusal


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
        "192.0.0.192",
        "168.63.129.16",
        "192.88.99.1",
        "64:ff9b:1::5db8:d70e",
        "fec0::1",
        "::127.0.0.1",
        "::93.184.215.14",
        "::ffff:0:7f00:1",
        "::ffff:0:5db8:d70e",
        "2001:0:5ef5:79fb:0:59d:a247:28f1",
        "100::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "::ffff:168.63.129.16",
        "64:ff9b::c000:c0",
    ],
)
def test_everything_else_is_closed(address: str) -> None:
    assert not address_allowed(address, ())


def test_what_the_operator_names_is_open_however_it_is_wrapped() -> None:
    allowed = (ip_network("10.0.0.0/8"),)
    assert address_allowed("10.1.2.3", allowed)
    assert address_allowed("::ffff:10.1.2.3", allowed)
    assert not address_allowed("192.168.1.1", allowed)


WAYS = {
    "mapped": lambda ip: 0xFFFF << 32 | ip,
    "NAT64": lambda ip: 0x64FF9B << 96 | ip,
    "6to4": lambda ip: 0x2002 << 112 | ip << 80,
    "compatible": lambda ip: ip,
    "SIIT": lambda ip: 0xFFFF << 48 | ip,
    "local NAT64": lambda ip: 0x64FF9B0001 << 80 | ip,
    "Teredo server": lambda ip: 0x20010000 << 96 | ip << 64,
    "Teredo client": lambda ip: 0x20010000 << 96 | ip ^ 0xFFFFFFFF,
}
LEADING = "mapped", "NAT64", "6to4"  # to the address within


@given(st.ip_addresses(v=4), st.sampled_from(LEADING))
def test_a_wrapped_address_is_judged_by_where_it_leads(address: IPv4Address, way: str) -> None:
    assert address_allowed(str(IPv6Address(WAYS[way](int(address)))), ()) == address_allowed(str(address), ())


PRIVATE = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]


@given(
    st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(network=network)), st.sampled_from(sorted(WAYS))
)
def test_no_way_to_wrap_a_private_address_opens_it(address: IPv4Address, way: str) -> None:
    assert not address_allowed(str(address), ())
    assert not address_allowed(str(IPv6Address(WAYS[way](int(address)))), ())


@given(st.ip_addresses(v=6))
def test_what_looks_public_and_is_open_was_given_out_for_the_internet(address: IPv6Address) -> None:
    """All that RIRs give out is in 2000::/3; what leads to IPv4 has its own two ways."""
    if address_allowed(str(address), ()):
        assert address in ip_network("2000::/3") or address in NAT64 or address.ipv4_mapped


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
