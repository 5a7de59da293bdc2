"""The daemon as an operator meets it: real processes, real locks, settings that break while it runs."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

import pytest

from jobs.exits import ConfigError
from jobs.home import Home, locked
from jobs.schedule.children import Child, arguments, limit
from jobs.schedule.configured import Configuring
from jobs.schedule.daemon import Scheduler, once, serve
from jobs.schedule.plan import Job
from jobs.schedule.units import Kind, Place, this_place, units
from jobs.settings import Settings
from storage.database import Database
from storage.runs import Runs
from tests.web import rss

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk
    from tests.web import Site

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"


def home_in(folder: Path) -> Home:
    return Home(config=folder, data=folder, state=folder)


def prepared(desk: Desk, site: Site) -> None:
    desk.configure(site)
    with (desk.folder / "spywire.toml").open("a") as file:
        file.write("[schedule]\ntick = 1\n")
    desk.sources(wire=site.add("/feed.xml", rss([]), Content_Type="application/xml"))


def ran(desk: Desk) -> list[str]:
    file = desk.folder / "spywire.db"
    if not file.exists():
        return []
    with closing(Database.open(f"sqlite:///{file}")) as database:
        return [run.job for run in Runs(database).recent(limit=99) if run.ended_at is not None]


def crawled(desk: Desk) -> list[int | None]:
    with closing(Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")) as database:
        return [run.exit_code for run in Runs(database).recent(limit=99, job="crawl")]


def wait_for(happened: Any, *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


def test_once_does_what_is_due_and_then_nothing(desk: Desk, site: Site) -> None:
    prepared(desk, site)
    first = desk.run("schedule", "--once")
    assert (first.code, first.out, first.err) == (0, "", "")
    assert {"crawl", "retain"} <= set(ran(desk))
    before = len(ran(desk))
    assert desk.run("schedule", "--once").code == 0
    assert len(ran(desk)) == before, "nothing is due any more"
    shown = {errand["job"]: errand for errand in desk.run("schedule", "--json").json}
    assert not any(errand["due"] for errand in shown.values())
    assert shown["crawl"]["why"] == "poll of wire"


def started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("w") as file:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)


def test_a_second_daemon_stands_by_and_broken_settings_do_not_stop_the_first(desk: Desk, site: Site) -> None:
    prepared(desk, site)
    command = [sys.executable, "-m", "jobs", "--home", str(desk.folder), "schedule", "-v"]
    logs = [desk.folder / "one.log", desk.folder / "two.log"]
    daemons = []
    try:
        daemons.append(started(command, logs[0]))
        wait_for(lambda: "retain" in ran(desk) and "crawl" in ran(desk))
        daemons.append(started(command, logs[1]))
        wait_for(lambda: f"standing by: `spywire schedule`, process {daemons[0].pid}" in logs[1].read_text())
        whole = (desk.folder / "spywire.toml").read_text()
        (desk.folder / "spywire.toml").write_text(whole[: len(whole) // 2])
        wait_for(lambda: "the last good settings stay in force" in logs[0].read_text())
        (desk.folder / "spywire.toml").write_text(whole)
        wait_for(lambda: "can be read again" in logs[0].read_text())
        daemons[0].send_signal(signal.SIGTERM)
        assert daemons[0].wait(40) == 0
        wait_for(lambda: "the scheduler is at work" in logs[1].read_text())
        daemons[1].send_signal(signal.SIGTERM)
        assert daemons[1].wait(40) == 0
    finally:
        for daemon in daemons:
            daemon.kill()
            daemon.wait()
    assert logs[0].read_text().count("last good settings") == 1, "said once, not at every tick"
    assert sorted(job for job in ran(desk) if job != "health") == ["crawl", "retain"], "each once, by whichever daemon"


def test_jobs_read_the_last_good_settings_while_the_files_are_broken(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    home.sources_file.write_text('[wire]\nurl = "https://example.org/feed"\n')
    home.settings_file.write_text("[fetch]\ndelay = 7\n")
    reading = Configuring(home, {})
    assert reading.read().kept is None
    home.settings_file.write_text("[fetch]\ndel")
    kept = reading.read()
    assert (kept.settings.fetch.delay, kept.kept) == (7.0, tmp_path / "last-good")
    assert replace(home, kept=kept.kept).settings_file.read_text() == "[fetch]\ndelay = 7\n"
    assert (tmp_path / "last-good" / "spywire.toml").stat().st_mode & 0o077 == 0
    assert Configuring(home, {}).read().settings.fetch.delay == 7.0, "a daemon that starts now has them, too"
    home.sources_file.write_text("")
    assert reading.read().sources, "no source at all is a mistake as well"


def test_without_anything_good_nothing_starts_and_it_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`spywire init` writes one"):
        Scheduler(home=home_in(tmp_path), environment={}).look()


def test_a_clock_that_is_not_set_plans_nothing(tmp_path: Path) -> None:
    scheduler = Scheduler(home=home_in(tmp_path), environment={}, now=lambda: datetime(1970, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match="the clock says 1970"):
        once(scheduler, stop=Event())
    scheduler.tick()
    assert scheduler.children == {}


def test_a_job_that_outlives_its_deadline_is_ended_and_then_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    child = Child(job=Job.RETAIN, process=process, began=NOON, until=time.monotonic())
    child.mind()
    assert child.ended() is None, "it was asked, and does not listen"
    assert child.killed_at is not None
    child.killed_at = time.monotonic()
    child.mind()
    process.wait(10)
    assert child.ended() == 128 + signal.SIGKILL
    process.stdout.close()


def test_a_job_has_a_limit_of_memory() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    limit(process.pid, 600 * 1024 * 1024)
    assert resource.prlimit(process.pid, resource.RLIMIT_AS)[0] == 600 * 1024 * 1024
    process.communicate(b"\n")
    limit(process.pid, 1)  # it is gone: nothing to limit


def test_every_job_has_a_command_line_that_the_program_knows(tmp_path: Path) -> None:
    from typer.main import get_command

    from jobs.cli import app

    settings = Settings.model_validate({"backup": {"folder": "backups"}})
    for job in Job:
        words = list(arguments(job, home_in(tmp_path), settings, seconds=7200))
        assert words[:2] == ["--home", str(tmp_path)]
        command: Any = get_command(app)
        for _ in range(3):
            if not hasattr(command, "commands"):
                break
            words = words[2:] if words[0] == "--home" else words
            command = command.commands[words.pop(0)]
        command.make_context(str(job), words)


@pytest.mark.parametrize("kind", list(Kind))
def test_units_are_ready_to_use(kind: Kind, tmp_path: Path) -> None:
    home = home_in(tmp_path / "a home 100%")
    place = Place(program=(sys.executable, "-m", "jobs"), home=home, user="news", version="1.2")
    text = units(kind, place)
    assert "{" not in text.replace("{cpu", "").replace("{memory", "").replace("{name", "").replace("{}", "")
    if kind is Kind.CRONTAB:
        line = text.splitlines()[-1]
        assert line.startswith("*/5 * * * *   ")
        words = shlex.split(line.removeprefix("*/5 * * * *   ").replace("\\%", "%"))
        assert words == [
            sys.executable,
            "-m",
            "jobs",
            "--home",
            str(home.config),
            "schedule",
            "--once",
            "--if-busy",
            "skip",
        ]
    elif kind is Kind.SYSTEMD:
        assert f'ExecStart={sys.executable} -m jobs --home "{tmp_path}/a home 100%%" schedule\n' in text
        assert "SuccessExitStatus=1 69 75 124" in text
        assert f'ReadWritePaths="-{tmp_path}/a home 100%%"\n' in text
    else:
        assert "concurrencyPolicy: Forbid" in text
        assert "image: spywire:1.2" in text
        assert '"schedule", "--once", "--lenient"]' in text


def test_printing_units_needs_no_settings(desk: Desk) -> None:
    result = desk.run("schedule", "--print", "crontab")
    assert f"--home {desk.folder} schedule --once --if-busy skip" in result.out
    assert desk.run("schedule", "--print", "initd").code == 2


def test_a_service_may_write_wherever_its_settings_say(tmp_path: Path) -> None:
    home = home_in(tmp_path / "home")
    settings = Settings.model_validate(
        {
            "storage": {"url": home.database_url},
            "backup": {"folder": str(tmp_path / "backups")},
            "site": {"folder": "site"},
            "watch": {"textfile": str(tmp_path / "exporter" / "spywire.prom")},
        }
    )
    text = units(Kind.SYSTEMD, this_place(home, settings, version="1.2"))
    assert text.count(f"ReadWritePaths=-{tmp_path}/home -{tmp_path}/backups -{tmp_path}/exporter\n") == 2


def test_lenient_takes_what_heals_by_itself_for_well_and_nothing_else(desk: Desk, site: Site) -> None:
    desk.configure(site)
    desk.sources(up=site.add("/up.xml", rss([]), Content_Type="application/xml"), down=f"{site.url}/gone.xml")
    assert desk.run("schedule", "--once", "--lenient").code == 0
    assert crawled(desk) == [1]
    with locked(home_in(desk.folder), "schedule"):
        assert desk.run("schedule", "--once", "--lenient").code == 0
    (desk.folder / "spywire.toml").write_text("[fetch]\nuser = 7\n")
    assert desk.run("schedule", "--once", "--lenient").code == 78


@pytest.mark.parametrize("broken", ["spywire.toml", "sources.toml"])
def test_once_with_broken_files_is_one_line_that_names_the_mistake(desk: Desk, site: Site, broken: str) -> None:
    prepared(desk, site)
    assert desk.run("schedule", "--once").code == 0
    (desk.folder / broken).write_text("[fetch\n")
    result = desk.run("schedule", "--once")
    assert (result.code, result.out, result.err.count("\n")) == (78, "", 1)
    assert broken in result.err
    assert "last good" not in result.err, "it is the daemon that goes on with them"


def test_once_without_sources_says_how_to_begin(desk: Desk) -> None:
    result = desk.run("schedule", "--once")
    assert (result.code, result.err.count("\n"), "`spywire init` writes one" in result.err) == (78, 1, True)


def test_who_comes_while_another_one_does_what_is_due_may_keep_silent(desk: Desk) -> None:
    with locked(home_in(desk.folder), "schedule"):
        assert desk.run("schedule", "--once").code == 75
        skipped = desk.run("schedule", "--once", "--if-busy", "skip")
        assert (skipped.code, skipped.out, skipped.err) == (0, "", "")


def test_settings_that_cannot_be_kept_are_in_force_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_in(tmp_path)
    home.sources_file.write_text('[wire]\nurl = "https://example.org/feed"\n')
    (tmp_path / "last-good").write_text("in the way")
    reading = Configuring(home, {})
    assert [reading.read().kept for _ in range(3)] == [None] * 3
    assert capsys.readouterr().err.count("the good settings cannot be kept") == 1


def test_a_daemon_that_cannot_reach_its_server_waits_for_its_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, stop = home_in(tmp_path), Event()
    home.sources_file.write_text('[wire]\nurl = "https://example.org/feed"\n')
    home.settings_file.write_text('[storage]\nurl = "postgresql://127.0.0.1:1/none"\n')
    Timer(1, stop.set).start()
    serve(Scheduler(home=home, environment={}), stop=stop)
    said = capsys.readouterr().err
    assert said.count("cannot open the database") == 1


def test_nobody_else_in_the_environment_is_needed(desk: Desk, site: Site) -> None:
    """As cron has it: no PATH, no HOME, another folder."""
    prepared(desk, site)
    command = [sys.executable, "-m", "jobs", "--home", str(desk.folder), "schedule", "--once"]
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, timeout=100, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
