"""Imported once, by the server that forks the workers, so that each of them starts warm and shares the memory.

The one module whose import does work.
"""

from __future__ import annotations

import gc

from crawler.actors import findings
from crawler.classify.model import PACKAGED
from crawler.extract import warm_up
from crawler.workers import loaded

warm_up()
loaded(PACKAGED)
findings(title="", text="", language="en")
gc.collect()
gc.freeze()  # else the collector writes into the pages of memory that the workers share
