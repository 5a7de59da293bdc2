"""Where every command begins: what cron starts while it is still at work is told so before anything loads.

Eight that cron starts at once would otherwise load the whole command line eight times to say so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from jobs.exits import Exit, UsageError
from jobs.home import WAIT, Home, find_home, take_early
from jobs.log import LOG, VARIABLE, LogForm, start_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What only the command line can answer.
ELSEWHERE = frozenset({"--wait", "--lenient", "--dry-run", "--help", "--log-format", "--print", "-v", "--verbose"})


class Hasty(NamedTuple):
    """A command that waits for nobody: whose lock it takes where, and whether it ends in silence if that is taken."""

    home: Home
    job: str
    skips: bool


def main() -> NoReturn:
    """Run a command."""
    hurry = hasty(sys.argv[1:], os.environ)
    if hurry and (busy := take_early(hurry.home, hurry.job)):
        if hurry.skips:
            sys.exit(Exit.OK)
        start_log(None)
        LOG.job = hurry.job
        LOG.event("error", f"{busy}{WAIT * (hurry.job == 'crawl')}", level="error")
        sys.exit(Exit.BUSY)
    from jobs.cli import main

    main()


def hasty(words: Sequence[str], environment: Mapping[str, str]) -> Hasty | None:
    """What a crawl, or `schedule --once`, is in a hurry for; None for any other command."""
    home, command, if_busy, rest = "", "", "fail", iter(words)
    for word in rest:
        name, mark, value = word.partition("=")
        if name in ELSEWHERE:
            return None
        if name == "--home":
            home = value if mark else next(rest, "")
        elif name == "--if-busy":
            if_busy = value if mark else next(rest, "")
        elif not command:
            command = word
    once = command == "schedule" and "--once" in words and "--json" not in words
    plain = if_busy in {"fail", "skip"} and environment.get(VARIABLE, LogForm.TEXT) in list(LogForm)
    if not (command == "crawl" or once) or not plain:
        return None
    try:
        found = find_home(Path(home) if home else None, environment)
    except UsageError:
        return None
    if once and not found.config.is_dir():  # mistyped: nothing is made there
        return None
    return Hasty(found, command, if_busy == "skip")
