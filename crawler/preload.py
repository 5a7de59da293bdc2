"""Imported once, by the server that forks the workers, so that each of them starts warm and shares the memory.

The one module whose import does work.
"""

from __future__ import annotations

from crawler.classify import model
from crawler.extract import warm_up

warm_up()

__all__ = ["model"]
