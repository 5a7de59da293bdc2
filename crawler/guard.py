"""Which addresses a crawler may touch: the public Internet, and what the operator names.

A feed can say any URL, and a redirect any address. Without this, both reach the machines behind the firewall
(server-side request forgery, CWE-918).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection
    from ipaddress import IPv4Network


NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; `is_global` calls it public
DEFAULT_PORTS = {"http": 80, "https": 443}


def address_allowed(address: str, allowed: Collection[IPv4Network | IPv6Network]) -> bool:
    """Whether a resolved address is public, or inside a network the operator allows.

    IPv4 inside IPv6 (mapped, NAT64, 6to4: RFC 3056) is judged by the address it leads to.
    """
    ip = _unwrapped(ip_address(address))
    if any(ip in network for network in allowed if network.version == ip.version):
        return True
    return ip.is_global and not ip.is_multicast


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


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
