"""Processes that nobody waits for. As the first process of a container we are their parent once theirs has ended.

A crawl's servers of workers outlive it for a moment. Where nobody reads how such a process ended it stays as a zombie,
two for each crawl, until the container may have no more processes.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jobs.schedule.children import Child

PR_GET_CHILD_SUBREAPER = 37  # prctl(2)


@cache
def adopting() -> bool:
    """Whether orphans become our children: those of a container those of its first process, else of a subreaper."""
    if os.getpid() == 1:
        return True
    asked = ctypes.c_int(0)
    with suppress(OSError, AttributeError):  # only Linux has it
        ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(asked), 0, 0, 0)
    return bool(asked.value)


def bury(own: Iterable[Child]) -> int:
    """Let go of every child that has ended and is none of our own; those keep their exit codes. Says how many."""
    if not adopting():
        return 0
    ours = {child.process.pid: child for child in own}
    many = 0
    while (ended := _ended()) is not None:
        if ended not in ours:
            os.waitpid(ended, os.WNOHANG)
            many += 1
        elif ours[ended].ended() is None:  # which else remembers how it ended, and lets us see who comes after it
            break
    return many


def _ended() -> int | None:
    """A child that has ended, without taking its exit code."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return None if found is None else found.si_pid
