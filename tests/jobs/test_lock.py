"""One run of a job at a time: in a home, on a database that homes share, and told at once who is at work."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jobs.exits import BusyError, ConfigError, UsageError
from jobs.home import Home, alone, find_home, locked
from jobs.start import hasty
from storage.database import parse
from storage.errors import StorageError
from storage.locks import FileLock, Holder, ServerLock, database_lock
from tests.zoo import Zoo, animal, drips

if TYPE_CHECKING:
    from tests.newsdesk import Desk
    from tests.web import Site

AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
HOLD = """
import sys
from pathlib import Path
from jobs.home import Home, locked
home = Path(sys.argv[1])
with locked(Home(config=home, data=home, state=home), "crawl"):
    print("held", flush=True)
    sys.stdin.read()
"""


def home_in(folder: Path) -> Home:
    return Home(config=folder, data=folder, state=folder)


def test_whoever_comes_second_is_told_who_is_at_work_and_since_when(tmp_path: Path) -> None:
    with locked(home_in(tmp_path), "crawl"), pytest.raises(BusyError) as error, locked(home_in(tmp_path), "crawl"):
        pytest.fail("two at once")
    assert f"is in use by `spywire crawl`, process {os.getpid()}, since 20" in str(error.value)
    with locked(home_in(tmp_path), "crawl"):
        pass


def test_different_jobs_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with locked(home_in(tmp_path), "crawl"), locked(home_in(tmp_path), "digest"), locked(home_in(tmp_path), "retain"):
        pass


def test_the_kernel_frees_the_lock_of_a_killed_run(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BusyError, match=f"process {process.pid}"), locked(home_in(tmp_path), "crawl"):
        pass
    process.kill()
    process.communicate()
    with locked(home_in(tmp_path), "crawl"):
        pass


def test_a_home_that_cannot_be_written_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="--home"), locked(home_in(Path("/proc/nowhere")), "crawl"):
        pass


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (errno.EROFS, StorageError, "mount it for writing"),
        (errno.ENOSPC, StorageError, "make room on that disk"),
        (errno.EACCES, ConfigError, "it belongs to root: run spywire as root"),
    ],
)
def test_a_home_that_was_writable_is_not_left_for_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception], words: str
) -> None:
    def refused(_self: FileLock, _me: Holder) -> bool:
        raise OSError(code, os.strerror(code))

    (tmp_path / "crawl.lock").touch()
    monkeypatch.setattr(FileLock, "take", refused)
    monkeypatch.setattr(Path, "owner", lambda _self: "root")
    with pytest.raises(kind, match=words) as error, locked(home_in(tmp_path), "crawl"):
        pass
    assert "--home" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "job"),
    [
        ("crawl", "crawl"),
        ("--home /tmp crawl --all", "crawl"),
        ("schedule --once", "schedule"),
        ("schedule", ""),
        ("schedule --once --lenient", ""),
        ("crawl --wait 5m", ""),
        ("crawl --if-busy=skip", "crawl"),
        ("schedule --once --if-busy skip", "schedule"),
        ("schedule --once --if-busy skip -v", ""),
        ("schedule --once --json", ""),
        ("crawl --if-busy never", ""),
        ("status --check", ""),
    ],
)
def test_what_cron_starts_looks_for_its_lock_before_all_else(words: str, job: str) -> None:
    found = hasty(words.split(), {"SPYWIRE_HOME": "/"})
    assert (found.job if found else "") == job


def test_nothing_is_made_at_a_place_that_was_mistyped(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "jobs", "--home", str(tmp_path / "typo"), "schedule", "--once"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "there is no home" in done.stderr


def test_the_home_of_nobody_is_refused() -> None:
    assert hasty(["--home", "~nosuchuser/x", "crawl"], {}) is None
    with pytest.raises(UsageError, match="nobody knows where ~nosuchuser/x is"):
        find_home(Path("~nosuchuser/x"), {})


@pytest.mark.parametrize("command", ["crawl --if-busy skip", "schedule --once --if-busy=skip"])
def test_who_skips_says_nothing(tmp_path: Path, command: str) -> None:
    call = [sys.executable, "-m", "jobs", "--home", str(tmp_path), *command.split()]
    with locked(home_in(tmp_path), command.split(maxsplit=1)[0]):
        done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("command", "wait"), [("crawl", ", or let --wait do so"), ("schedule --once", "")])
def test_who_is_busy_says_so_in_the_form_that_is_asked_for(tmp_path: Path, command: str, wait: str) -> None:
    call = [sys.executable, "-m", "jobs", "--home", str(tmp_path), *command.split()]
    with locked(home_in(tmp_path), command.split(maxsplit=1)[0]):
        done = subprocess.run(
            call, capture_output=True, text=True, check=False, env=os.environ | {"SPYWIRE_LOG": "json"}
        )
    line = json.loads(done.stderr)
    assert (done.returncode, line["level"]) == (75, "error")
    assert line["message"].endswith(f"wait for it to end{wait}")


def test_homes_that_share_a_database_do_not_run_a_job_at_once(database_url: str, tmp_path: Path) -> None:
    one, two = home_in(tmp_path / "one"), home_in(tmp_path / "two")
    with alone(one, database_url, "crawl"):
        with (
            pytest.raises(BusyError, match=rf"the database is in use by `spywire crawl`, process {os.getpid()}, since"),
            alone(two, database_url, "crawl"),
        ):
            pytest.fail("two at once")
        with alone(two, database_url, "digest"):
            pass
    with alone(two, database_url, "crawl"):
        pass


def test_the_database_of_a_home_needs_no_second_lock(tmp_path: Path) -> None:
    assert database_lock(f"sqlite:///{tmp_path}/spywire.db", "crawl", own=tmp_path) is None
    assert database_lock("sqlite:///:memory:", "crawl", own=tmp_path) is None


def test_a_server_lock_that_was_lost_is_known_to_be_lost(postgres_server: str) -> None:
    import psycopg

    from tests.conftest import plain

    lock = ServerLock(parse(postgres_server), f"test{os.getpid()}")
    assert lock.take(Holder.me("test", at=AT))
    assert lock.held()
    with psycopg.connect(plain(postgres_server), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s",
            (f"spywire test {os.getpid()} %",),
        )
    assert not lock.held()
    lock.free()


def test_a_holder_elsewhere_is_named_with_its_host(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "crawl.lock")
    lock.path.write_text(json.dumps({"job": "crawl", "process": 7, "host": "elsewhere", "since": "noon"}))
    assert lock.holder() == "`spywire crawl`, process 7 on elsewhere, since noon"
    lock.path.write_text("{")
    assert lock.holder() == "another process"
    assert socket.gethostname() not in str(Holder.me("crawl", at=AT))


def test_of_eight_that_start_at_once_one_runs(desk: Desk, site: Site) -> None:
    with Zoo() as park, ExitStack() as stack:
        slow = park.house(animal("/feed", drips(b"HTTP/1.1 200 OK\r\n\r\n", b".")))
        desk.configure(site, allow_ports=[80, 443, park.port], timeout=4)
        desk.sources(slow=f"{slow}/feed")
        started = time.monotonic()
        command = [sys.executable, "-m", "jobs", "--home", str(desk.folder), "crawl"]
        runs = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
            for _ in range(8)
        ]
        said = [run.communicate(timeout=60) for run in runs]
        assert sorted(run.returncode for run in runs) == [69, *[75] * 7], said
    busy = [err for (_, err), run in zip(said, runs, strict=True) if run.returncode == 75]
    assert all("is in use by `spywire crawl`, process " in err and err.count("\n") == 1 for err in busy)
    assert time.monotonic() - started < 60


def test_a_crawl_that_a_large_program_starts_is_not_taken_for_large(desk: Desk, site: Site) -> None:
    desk.configure(site)
    desk.sources(example=site.add("/feed.xml", "<rss><channel><title>x</title></channel></rss>"))
    start = "import subprocess, sys; held = b'x' * 1_200_000_000; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    crawl = [sys.executable, "-m", "jobs", "--home", str(desk.folder), "crawl"]
    done = subprocess.run([sys.executable, "-c", start, *crawl], capture_output=True, text=True, check=False)
    assert "memusage" not in done.stderr
    assert done.returncode in {0, 1, 69}


def test_who_is_busy_may_be_waited_for_or_skipped(desk: Desk, site: Site) -> None:
    desk.configure(site)
    desk.sources(example=site.add("/feed.xml", "<rss><channel><title>x</title></channel></rss>"))
    with locked(home_in(desk.folder), "crawl"):
        skipped = desk.run("crawl", "--if-busy", "skip")
        assert (skipped.code, skipped.out, skipped.err) == (0, "", "")
        assert "skipped: " in desk.run("crawl", "--if-busy", "skip", "-v").out
        waited = desk.run("crawl", "--wait", "1s")
        assert waited.code == 75
    assert desk.run("crawl", "--wait", "30s").code in {0, 1, 69}
