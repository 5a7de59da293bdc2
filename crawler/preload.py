"""Imported once, by the server that forks the workers, so that each of them starts warm and shares the memory.

The one module whose import does work.
"""

from __future__ import annotations

import gc
from datetime import UTC, datetime

from crawler.assess import assess
from crawler.classify.model import PACKAGED
from crawler.extract import warm_up
from crawler.page import Page
from crawler.workers import loaded

# Short and undated, it goes all the ways that a page may go, so that whatever is loaded late is loaded here.
URL = "https://example.org/a-page-that-nobody-asked-for"
HTML = b"""<html><head><title>A page that nobody asked for</title></head><body><article><p>The ministry said on Monday
that its network had been read by strangers for most of the year, and that it knew of nobody who had noticed.</p>
<p>By Ada Bell. Published on 17 May 2024</p></article></body></html>"""

warm_up()
assess(Page(url=URL, body=HTML, fetched_at=datetime(2024, 5, 18, tzinfo=UTC)), loaded(PACKAGED))
gc.collect()
gc.freeze()  # else the collector writes into the pages of memory that the workers share
