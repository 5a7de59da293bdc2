"""Scrapy's settings: hardened first, polite second, fast third. Plain `scrapy` reads them too.

What an operator may change stands in `spywire.toml` and arrives through `crawler.run`.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

BOT_NAME = "spywire"
SPIDER_MODULES = ["crawler.spiders.news"]
NEWSPIDER_MODULE = "crawler.spiders"
USER_AGENT = f"spywire/{version('spywire')}"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

# Nobody but us: both of these run code for whoever connects, and both are on by default.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# The public web and nothing else. The resolver checks addresses, GuardMiddleware schemes and ports.
SPYWIRE_ALLOW_NETWORKS: list[str] = []
SPYWIRE_ALLOW_PORTS = [80, 443]
SPYWIRE_BROWSER = ""  # path of a Chromium for sources with `render`; empty: Playwright's own
TWISTED_DNS_RESOLVER = "crawler.resolver.GuardedResolver"
DNS_TIMEOUT = 15
DOWNLOAD_HANDLERS: dict[str, Any] = {
    "http": "crawler.handler.PoliteHandler",
    "https": "crawler.handler.PoliteHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}
DOWNLOAD_VERIFY_CERTIFICATES = True
HTTPPROXY_ENABLED = False
DEFAULT_REQUEST_HEADERS = {  # the same for every request to a URL: its ETag may belong to one encoding of it
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}
COOKIES_ENABLED = False
REFERER_ENABLED = False
REDIRECT_MAX_TIMES = 8
METAREFRESH_MAXDELAY = 10  # seconds; with a longer one a page reloads itself for its readers

# Nothing without end: time, size, memory.
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
MEMUSAGE_LIMIT_MB = 1024
EXTENSIONS = {"scrapy.extensions.memusage.MemoryUsage": None, "crawler.resident.ResidentMemory": 0}

# A guest: one request at a time to a host, with a pause, and never against robots.txt (RFC 9309, our own middleware).
CONCURRENT_REQUESTS = 32
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 2.0
DOWNLOAD_DELAY_JITTER = 0  # the delay is a promise, not an average
ROBOTSTXT_OBEY = False
RETRY_TIMES = 1  # for a lost connection; a status is never asked again at once, the ledger knows when
RETRY_HTTP_CODES: list[int] = []
HTTPERROR_ALLOW_ALL = True  # the spider notes every status in the ledger

DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.guard.GuardMiddleware": 10,
    "crawler.middlewares.robots.RobotsMiddleware": 100,
    "crawler.middlewares.redirect.RefreshMiddleware": 580,
    "crawler.middlewares.unpack.UnpackMiddleware": 590,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.middlewares.redirect.RedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
}
ITEM_PIPELINES = {
    "crawler.pipelines.GatePipeline": 100,
    "crawler.pipelines.ArchivePipeline": 200,
}
CONCURRENT_ITEMS = 4
SCHEDULER_PRIORITY_QUEUE = "crawler.queue.FairQueue"
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # the ledger knows what is known
LOGSTATS_INTERVAL = 0
LOG_LEVEL = "INFO"
