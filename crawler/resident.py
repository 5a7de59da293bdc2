"""How much memory a crawl has, for the limit that ends it.

Scrapy asks for the most there ever was, and on Linux a process inherits that from whoever started it (getrusage(2)): a
crawl that a large program begins would end before it has done anything.
"""

from __future__ import annotations

from pathlib import Path
from resource import getpagesize

from scrapy.extensions.memusage import MemoryUsage

STATM = Path("/proc/self/statm")  # proc(5): pages in all, pages resident, ...


class ResidentMemory(MemoryUsage):
    """Scrapy's limit, by what is resident now."""

    def get_virtual_size(self) -> int:
        try:
            return int(STATM.read_text(encoding="ascii").split()[1]) * getpagesize()
        except OSError:
            return super().get_virtual_size()
