"""As the first process of a container the scheduler buries whom nobody else waits for, and knows its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# A subreaper is to its orphans what the first process of a container is to those of the container.
SCENE = """
import ctypes, json, os, subprocess, sys, time
from datetime import UTC, datetime
from jobs.schedule.children import Child
from jobs.schedule.orphans import adopting, bury
from jobs.schedule.plan import Job

if sys.argv[1] == "subreaper":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
command = "import os, sys; os.fork() or os.fork() or os._exit(0); sys.exit(7)"
processes = [subprocess.Popen([sys.executable, "-c", command]) for _ in range(3)]
children = [Child(job=Job.CRAWL, process=p, began=datetime.now(UTC), until=1e9) for p in processes]
for process in processes:  # they have ended, and nobody has asked how
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
until, buried = time.monotonic() + 5, 0
while time.monotonic() < until and buried < 6 and (adopting() or not buried):
    buried += bury(children)
    if not adopting():
        break
    time.sleep(0.01)
print(json.dumps([adopting(), buried, [child.ended() for child in children]]))
"""


def played(role: str) -> list[object]:
    done = subprocess.run([sys.executable, "-c", SCENE, role], capture_output=True, text=True, timeout=60, check=True)
    told: list[object] = json.loads(done.stdout)
    return told


def test_orphans_are_buried_and_no_job_loses_its_exit_code() -> None:
    assert played("subreaper") == [True, 6, [7, 7, 7]]


def test_where_orphans_go_to_somebody_else_nobody_is_touched() -> None:
    assert played("ordinary") == [False, 0, [7, 7, 7]]


def test_the_container_has_a_first_process_that_does_so_as_well() -> None:
    compose = (Path(__file__).parents[2] / "deploy" / "compose.yaml").read_text()
    service = compose.partition("\n  spywire:\n")[2].partition("\nnetworks:")[0]
    assert "\n    init: true" in service
