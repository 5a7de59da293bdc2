"""Which addresses a crawler may touch: the public Internet, and what the operator names.

A feed can say any URL, and a redirect any address. Without this, both reach the machines behind the firewall
(server-side request forgery, CWE-918).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection
    from ipaddress import IPv4Network


DEFAULT_PORTS = {"http": 80, "https": 443}
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
# All IPv6 that was ever given out for the Internet (RFC 4291, section 2.4; IANA). Outside are loopback and link-local,
# addresses of a site (fc00::/7, and fec0::/10 before: RFC 3879), and most ways to write IPv4: ::/96 (RFC 4291, section
# 2.5.5.1), ::ffff:0:0:0/96 (RFC 2765), 64:ff9b:1::/48 (RFC 8215).
GIVEN_OUT = IPv6Network("2000::/3")
# What `is_global` calls public in one Python or another, and is not: it follows the registries late.
CLOSED = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's own servers, metadata among them, at a public address
        "192.0.0.0/24",  # for protocols, RFC 6890; 192.0.0.192 is Oracle's metadata
        "192.88.99.0/24",  # relays of 6to4, RFC 7526
        "2001::/23",  # for protocols, RFC 2928; Teredo among them, with an IPv4 address inside (RFC 4380)
        "3fff::/20",  # for examples, RFC 9637
    )
)


def address_allowed(address: str, allowed: Collection[IPv4Network | IPv6Network]) -> bool:
    """Whether a resolved address is public, or inside a network the operator allows.

    IPv4 inside IPv6 (mapped, NAT64, 6to4: RFC 3056) is judged by the address it leads to; every other way to put it
    there is closed.
    """
    ip = _unwrapped(ip_address(address))
    if _inside(ip, allowed):
        return True
    if isinstance(ip, IPv6Address) and ip not in GIVEN_OUT:
        return False
    return ip.is_global and not ip.is_multicast and not _inside(ip, CLOSED)


def address_refusal(address: str) -> str:
    """Why nothing is sent to an address that is not allowed."""
    return f"address {address} is not public and not in [fetch] allow_networks"


def url_refusal(url: str, ports: Collection[int]) -> str | None:
    """Why a URL is not fetched, or None if its scheme and port are in order."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError as error:
        return f"not a URL: {error}"
    if parts.scheme not in DEFAULT_PORTS:
        return f"scheme {parts.scheme or '(none)'} is not http or https"
    if not parts.hostname:
        return "no host"
    if port not in ports:
        return f"port {port} is not in [fetch] allow_ports"
    return None


def _inside(ip: IPv4Address | IPv6Address, networks: Collection[IPv4Network | IPv6Network]) -> bool:
    return any(ip in network for network in networks if network.version == ip.version)


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
