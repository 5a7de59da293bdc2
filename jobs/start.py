"""Where every command begins: what cron starts while it is still at work is told so before anything loads.

Eight that cron starts at once would otherwise load the whole command line eight times to say so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jobs.exits import Exit
from jobs.home import WAIT, find_home, take_early
from jobs.log import LOG, VARIABLE, LogForm, start_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.home import Home

# What only the command line can answer.
ELSEWHERE = ("--wait", "--if-busy", "--lenient", "--dry-run", "--help", "--log-format", "--print", "--json")


def main() -> NoReturn:
    """Run a command."""
    home, job = hasty(sys.argv[1:], os.environ)
    if home is not None and (busy := take_early(home, job)):
        start_log(None)
        LOG.job = job
        LOG.event("error", f"{busy}{WAIT * (job == 'crawl')}", level="error")
        sys.exit(Exit.BUSY)
    from jobs.cli import main

    main()


def hasty(words: Sequence[str], environment: Mapping[str, str]) -> tuple[Home | None, str]:
    """The home and the lock of a crawl, or of `schedule --once`, that waits for nobody; None for any other command."""
    home, command, rest = "", "", iter(words)
    for word in rest:
        name, mark, value = word.partition("=")
        if name in ELSEWHERE:
            return None, ""
        if name == "--home":
            home = value if mark else next(rest, "")
        elif not command:
            command = word
    once = command == "schedule" and "--once" in words
    if not (command == "crawl" or once) or environment.get(VARIABLE, LogForm.TEXT) not in list(LogForm):
        return None, ""
    return find_home(Path(home) if home else None, environment), command
