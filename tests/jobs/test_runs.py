"""Every job leaves a record, however it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from jobs.exits import BusyError, ConfigError, Exit, UsageError, exit_of
from jobs.log import LOG, secrets_of
from jobs.runs import RunState, check_clock, recorded, run_text, runs_text, state_of
from jobs.settings import Settings
from storage.database import Database
from storage.errors import StorageError
from storage.runs import Runs
from tests.conftest import made_database
from tests.postgres import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.newsdesk import Desk

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _a_log_of_its_own() -> Iterator[None]:
    yield
    LOG._secrets.clear()
    LOG.run, LOG.job = None, ""


def test_a_run_is_recorded_from_its_start_to_its_end(database: Database) -> None:
    with recorded(database, "crawl", clock=lambda: NOON) as run:
        (there,) = Runs(database).recent(limit=5)
        assert (there.ended_at, there.process, there.host) == (None, os.getpid(), socket.gethostname())
        run.counts = {"pages.flagged": 2}
        run.received = 5_000_000_000
        run.sources = {"wire": {"state": "http-error", "detail": "HTTP 503"}}
    done = Runs(database).named(run.id)
    assert done is not None
    assert (done.job, done.started_at, done.ended_at, done.exit_code) == ("crawl", NOON, NOON, 0)
    assert (done.counts, done.received) == ({"pages.flagged": 2}, 5_000_000_000)
    assert done.sources["wire"]["detail"] == "HTTP 503"
    text = run_text(done, newest={})
    assert "5000.0 MB" in text
    assert "wire                         http-error   HTTP 503" in text
    assert "wire failed" in runs_text([done], newest={})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageError("the disk is full"), 74),
        (ConfigError("a key is wrong"), 78),
        (BusyError("another one"), 75),
        (UsageError("what?"), 2),
        (ValueError("a bug"), 70),
        (KeyboardInterrupt(), 130),
        (SystemExit(143), 143),
    ],
    ids=lambda value: value.__class__.__name__ if isinstance(value, BaseException) else str(value),
)
def test_an_error_ends_the_record_with_its_exit_code(database: Database, error: BaseException, code: int) -> None:
    with pytest.raises(type(error)), recorded(database, "retain", clock=lambda: NOON):
        raise error
    (run,) = Runs(database).recent(limit=5)
    assert (run.exit_code, exit_of(error)) == (code, code)
    assert run.error.startswith(type(error).__name__)


def test_a_secret_never_reaches_a_record(database: Database) -> None:
    LOG.hide(["correct horse/battery"])
    with pytest.raises(ValueError, match="battery"), recorded(database, "digest", clock=lambda: NOON):
        raise ValueError("https://user:correct%20horse%2Fbattery@host refused 'correct horse/battery'")
    (run,) = Runs(database).recent(limit=1)
    assert run.error == "ValueError: https://user:[hidden]@host refused '[hidden]'"


@pytest.mark.parametrize("url", ["postgresql://u:canary@host/db", "postgresql://u@host/db?password=canary&x=1"])
def test_the_password_of_a_database_is_a_secret_wherever_it_stands(url: str) -> None:
    assert "canary" in secrets_of(Settings.model_validate({"storage": {"url": url}}))


def test_a_killed_run_is_told_from_one_that_goes_on(database: Database) -> None:
    runs, host = Runs(database), socket.gethostname()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    at = datetime.now(UTC)
    killed = runs.start("digest", version="1", at=at, host=host, process=gone.pid)
    older = runs.start("retain", version="1", at=at, host="elsewhere", process=1)
    away = runs.start("retain", version="1", at=at, host="elsewhere", process=1)
    mine = runs.start("crawl", version="1", at=at, host=host, process=os.getpid())
    reused = runs.start("backup", version="1", at=at - timedelta(days=90), host=host, process=os.getpid())
    newest = runs.newest()
    states = {run.id: state_of(run, newest=newest) for run in runs.recent(limit=9)}
    assert states == {
        killed: RunState.KILLED,
        older: RunState.KILLED,  # the job has run again since
        away: RunState.RUNNING,  # as far as can be seen from here
        mine: RunState.RUNNING,
        reused: RunState.KILLED,  # its number belongs to another process now
    }


def test_a_history_counts_failures_since_the_last_success(database: Database) -> None:
    runs = Runs(database)
    assert runs.histories() == {}
    for minute, code in enumerate([0, 78, None, 74, None]):
        at = NOON + timedelta(minutes=minute)
        run = runs.start("retain", version="1", at=at)
        if code is not None:
            runs.end(run, at=at, exit_code=code, counts={})
    history = runs.histories()["retain"]
    assert (history.done_at, history.failures) == (NOON, 3), "the last one may still run"
    assert (history.started_at, history.ended_at) == (NOON + timedelta(minutes=4), None)


def test_no_job_runs_by_a_clock_that_is_not_set(database: Database) -> None:
    with pytest.raises(ConfigError, match=r"the clock says 1970-01-01 .*; set it"):
        check_clock(datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    with pytest.raises(ConfigError), recorded(database, "crawl", clock=lambda: datetime(1970, 1, 2, tzinfo=UTC)):
        pytest.fail("it ran")
    assert Runs(database).recent(limit=1) == []


def test_a_clock_that_is_set_back_leaves_no_run_that_ended_before_it_began(database: Database) -> None:
    times = iter([NOON, NOON - timedelta(days=1)])
    with recorded(database, "retain", clock=lambda: next(times)):
        pass
    (run,) = Runs(database).recent(limit=1)
    assert run.ended_at == NOON


def test_a_job_that_is_stopped_does_not_wait_for_a_server_that_is_away(postgres_server: str) -> None:
    with made_database(postgres_server) as url, ExitStack() as stack:
        wire = stack.enter_context(Wire(make_url(url).port or 5432))
        through = make_url(url).set(host="127.0.0.1", port=wire.port).render_as_string()
        database = stack.enter_context(closing(Database.open(through, patience=30)))

        def work() -> None:
            with recorded(database, "retain"):
                wire.close()
                raise SystemExit(143)

        at = monotonic()
        with pytest.raises(SystemExit):
            work()
        assert monotonic() - at < 10


def test_runs_are_listed_and_shown(desk: Desk) -> None:
    desk.configure()
    Database.open(f"sqlite:///{desk.folder / 'spywire.db'}").close()
    assert desk.run("runs", "list").out == "No run is recorded yet.\n"
    with closing(Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")) as database:
        for _ in range(2):
            with recorded(database, "retain") as run:
                run.counts = {"articles.purged": 3}
        with recorded(database, "crawl") as run:
            run.exit_code, run.error = Exit.STORAGE, "no room"
    listed = desk.run("runs", "list", "--job", "retain", "--limit", "1", "--json").json
    assert [(one["id"], one["job"], one["exit_code"], one["state"]) for one in listed] == [(2, "retain", 0, "ended")]
    shown = desk.run("runs", "show", "3")
    assert "run 3: crawl, exit 74" in shown.out
    assert "no room" in shown.out
    missing = desk.run("runs", "show", "9")
    assert (missing.code, missing.err) == (1, "spywire: there is no run 9; `spywire runs list` shows those there are\n")
