"""Name resolution that refuses what is not public.

Twisted connects to the very address that was checked here, IP literals included, so a name that answers differently the
second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import fail
from twisted.internet.error import DNSLookupError

from crawler.guard import address_allowed, address_refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network, IPv6Network

    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred

ONLY_IPV4 = "an IPv6 address, and hosts are only reached by IPv4"


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver with the guard behind it. IPv4 only, like its parent."""

    refused: ClassVar[dict[str, str]] = {}  # host -> why, for the reason in the ledger

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.allowed: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.allowed = tuple(ip_network(network) for network in crawler.settings.getlist("SPYWIRE_ALLOW_NETWORKS"))
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        if ":" in name:  # an IPv6 address: the parent would look for a host of that name
            return fail(
                self._refusal(name, ONLY_IPV4 if address_allowed(name, self.allowed) else address_refusal(name))
            )
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: Any, name: str) -> str:
        if address_allowed(address, self.allowed):
            return str(address)
        raise self._refusal(name, address_refusal(address))

    def _refusal(self, name: str, reason: str) -> DNSLookupError:
        self.refused[name] = reason
        return DNSLookupError(f"{name}: {reason}")
