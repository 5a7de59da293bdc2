"""Where every command begins: a crawl that cannot be, because another one is at work, is told so before anything loads.

Eight that cron starts at once would otherwise load the whole command line eight times to say so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jobs.exits import Exit
from jobs.home import find_home, take_early

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.home import Home

ELSEWHERE = ("--wait", "--if-busy", "--dry-run", "--help", "--log-format")  # what only the command line can answer


def main() -> NoReturn:
    """Run a command."""
    home = home_of_crawl(sys.argv[1:], os.environ)
    if home is not None and (busy := take_early(home, "crawl")):
        sys.stderr.write(f"spywire: {busy}\n")
        sys.exit(Exit.BUSY)
    from jobs.cli import main

    main()


def home_of_crawl(words: Sequence[str], environment: Mapping[str, str]) -> Home | None:
    """The home of a crawl that waits for nobody; None for any other command."""
    home, command, rest = "", "", iter(words)
    for word in rest:
        name, mark, value = word.partition("=")
        if name in ELSEWHERE:
            return None
        if name == "--home":
            home = value if mark else next(rest, "")
        elif not command:
            command = word
    if command != "crawl" or environment.get("SPYWIRE_LOG"):
        return None
    return find_home(Path(home) if home else None, environment)
