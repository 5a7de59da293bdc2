"""Run a command and count all of it: wall clock, CPU of every descendant, memory of the largest and of all together.

A forkserver outlives the process that started it by a moment, and its CPU would be lost with it; so this process adopts
orphans (prctl(2), PR_SET_CHILD_SUBREAPER) and waits for the last of them.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_EVERY = 0.1


@dataclass(frozen=True)
class Cost:
    """What a command printed, and what it took: seconds, and MB of all its processes together at the worst moment."""

    out: str
    err: str
    code: int
    wall: float
    cpu: float
    peak_mb: float


def measure(command: list[str]) -> Cost:
    """Run a command under a measuring process of its own, with the byte code that an installation keeps."""
    measuring = [sys.executable, "-m", "tests.bench.measure", *command]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(measuring, capture_output=True, text=True, check=False, env=environment)
    out, _, cost = done.stdout.rpartition("\n\x1e")
    return Cost(out=out, err=done.stderr, **json.loads(cost))


def _main(command: list[str]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.monotonic()
    process = subprocess.Popen(command)
    over, peak = Event(), [0.0]
    sampler = Thread(target=_sample, args=(over, peak))
    sampler.start()
    code = process.wait()
    wall = time.monotonic() - start
    over.set()
    sampler.join()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"code": code, "wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mb": peak[0]}
    print("\n\x1e" + json.dumps(cost))


def _sample(over: Event, peak: list[float]) -> None:
    while not over.wait(SAMPLE_EVERY):
        peak[0] = max(peak[0], sum(_proportional_mb(pid) for pid in _descendants(os.getpid())))


def _descendants(root: int) -> set[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found, front = set(), {root}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front}
        found |= front
    return found


def _proportional_mb(pid: int) -> float:
    """Memory with shared pages divided among those who share them (PSS)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    _main(sys.argv[1:])
