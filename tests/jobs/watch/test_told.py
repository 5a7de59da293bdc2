"""Who watches is told: a heartbeat whenever somebody looked, figures or 503, a call for every end, and no blip."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from threading import Event as Stop
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from pydantic import SecretStr

from jobs.crawl import CrawlJob, run_crawl
from jobs.exits import ConfigError
from jobs.home import Home
from jobs.runs import now, recorded
from jobs.schedule.children import Child
from jobs.schedule.daemon import Scheduler, once
from jobs.schedule.plan import Job, Known, Wanted, plan
from jobs.schedule.unrecorded import remember
from jobs.settings import Settings, Storage, Watch, load_settings
from jobs.watch.after import serving
from storage.database import Database
from storage.errors import StorageError
from storage.runs import Runs
from tests.jobs.watch.test_commands import run
from tests.jobs.watch.test_ping import ANSWER, listener
from tests.web import rss

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.newsdesk import Desk
    from tests.web import Site

WATCHED = '[watch]\nheartbeat = "heart"\ntextfile = "figures.prom"\n'


def home_in(folder: Path) -> Home:
    folder.mkdir(exist_ok=True)
    return Home(config=folder, data=folder, state=folder)


def settings_of(home: Home, site: Site, more: str = "") -> Settings:
    home.settings_file.write_text(
        f'[fetch]\ndelay = 0\nallow_networks = ["127.0.0.0/8"]\nallow_ports = [{site.port}, 1]\n{more}'
    )
    return load_settings(home, {}).settings


def test_a_scheduler_that_has_nothing_to_do_beats_and_writes_the_figures(desk: Desk, site: Site) -> None:
    desk.configure(site)
    with (desk.folder / "spywire.toml").open("a") as file:
        file.write(WATCHED)
    desk.sources(wire=site.add("/feed.xml", rss([]), Content_Type="application/xml"))
    assert desk.run("schedule", "--once").code == 0
    heart, figures = desk.folder / "heart", desk.folder / "figures.prom"
    for path in (heart, figures):
        path.unlink()
    scheduler = Scheduler(home=home_in(desk.folder), environment={}, steadfast=False)
    assert once(scheduler, stop=Stop()) == 0
    assert heart.read_text().startswith("20")
    assert 'spywire_sources{state="ok"} 1.0' in figures.read_text()
    for path in (heart, figures):
        path.unlink()
    for command in (["digest", "send"], ["retain"]):
        assert desk.run(*command).code == 0
        assert (heart.exists(), figures.exists()) == (True, True), "each job does it, whoever starts it"
        heart.unlink()
        figures.unlink()


def test_a_heartbeat_that_cannot_be_written_is_told_and_fails_nothing(
    tmp_path: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_in(tmp_path / "home")
    settings_of(home, site, '[watch]\nheartbeat = "sources.toml/heart"\n')
    home.sources_file.write_text('[wire]\nurl = "https://wire.example/"\n')
    scheduler = Scheduler(home=home, environment={})
    configured, _ = scheduler.look()
    for _ in range(3):
        scheduler.tell(configured)
    assert capsys.readouterr().err.count("[watch] cannot be told") == 1


@contextmanager
def served(scheduler: Scheduler) -> Iterator[str]:
    """What the scheduler serves, at a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(Settings(watch=Watch(metrics=f"127.0.0.1:{port}")), scheduler.standing):
        yield f"http://127.0.0.1:{port}/metrics"


def test_figures_that_cannot_be_read_are_503_and_one_line_and_then_they_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_in(tmp_path)
    home.sources_file.write_text('[wire]\nurl = "https://wire.example/"\n')
    Database.open(home.database_url).close()
    with closing(sqlite3.connect(tmp_path / "spywire.db")) as connection, connection:
        (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with served(Scheduler(home=home, environment={})) as address:
        for _ in range(3):
            with pytest.raises(HTTPError, match="503"):
                urlopen(address, timeout=5)
        said = capsys.readouterr().err
        with closing(sqlite3.connect(tmp_path / "spywire.db")) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", [schema])
        with urlopen(address, timeout=5) as answer:
            assert b"spywire_held_articles 0.0" in answer.read()
    assert (said.count("\n"), "Traceback" in said) == (1, False)
    assert said.startswith("spywire: [watch] metrics cannot be read: ")
    assert "9999" in said


@pytest.mark.parametrize(
    ("storage", "tables", "code"),
    [
        ("", None, 78),
        ("", "", 78),
        ("postgresql+psycopg://127.0.0.1:1/none", '[wire]\nurl = "https://wire.example/"\n', 74),
    ],
    ids=["no sources.toml", "no source", "no database"],
)
def test_a_crawl_that_cannot_begin_calls_with_its_code(
    tmp_path: Path, site: Site, storage: str, tables: str | None, code: int
) -> None:
    home = home_in(tmp_path)
    if tables is not None:
        home.sources_file.write_text(tables)
    with listener(ANSWER) as (port, asked):
        settings = settings_of(home, site).model_copy(update={"watch": called_at(port)})
        if storage:
            settings = settings.model_copy(update={"storage": Storage(url=storage)})
        with pytest.raises((ConfigError, StorageError)):
            run_crawl(CrawlJob(home=home, settings=settings))
    assert [request.split()[1].partition("?")[0] for request in asked][-1] == f"/uuid/{code}"


def called_at(port: int) -> Watch:
    return Watch(ping_url=SecretStr(f"http://127.0.0.1:{port}/uuid"))


def feed(site: Site, name: str) -> str:
    return site.add(f"/{name}.xml", rss([]), Content_Type="application/xml")


def be_due(desk: Desk, name: str) -> None:
    """Let it be due, as time would."""
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as connection, connection:
        due = "UPDATE sources SET next_poll_at = '2026-01-01 00:00:00.000000' WHERE name = ?"
        connection.execute(due, [name])


def test_one_source_of_many_that_is_down_pages_nobody(desk: Desk, site: Site) -> None:
    desk.configure(site)
    desk.sources(**{name: feed(site, name) for name in ("one", "two", "three", "down")})
    with listener(ANSWER) as (port, asked):
        ping = f"http://127.0.0.1:{port}/uuid"
        assert desk.run("crawl", SPYWIRE_WATCH__PING_URL=ping).code == 0
        site.add("/down.xml", "", status=503)
        be_due(desk, "down")
        assert desk.run("crawl", SPYWIRE_WATCH__PING_URL=ping).code == 69
    assert [request.split()[1].partition("?")[0] for request in asked][-1] == "/uuid"
    answer = run(desk.folder, "status", "--check")
    assert (answer.exit_code, answer.output[:10]) == (0, "SPYWIRE OK")


def test_calls_that_fail_are_told_once_when_it_is_the_third_crawl_in_a_row(desk: Desk, site: Site) -> None:
    desk.configure(site)
    desk.sources(up=feed(site, "up"))
    said = []
    for _ in range(4):
        result = desk.run("crawl", SPYWIRE_WATCH__PING_URL="http://127.0.0.1:1/uuid")
        assert result.code == 0
        said.append(result.err)
        be_due(desk, "up")
    assert [len(err.splitlines()) for err in said] == [0, 0, 1, 0]
    assert said[2].startswith("spywire: [watch] ping_url cannot be reached: ConnectionRefusedError, 3 crawls in a row")
    assert "uuid" not in said[2]
    with closing(Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")) as database:
        counts = [run.counts.get("pings.failed") for run in Runs(database).recent(limit=9, job="crawl")]
    assert counts == [1] * 4


def test_a_failure_that_a_job_could_not_record_is_on_record_and_one_that_it_did_not_twice(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with closing(Database.open(home.database_url)) as database:
        process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(78)"])
        child = Child(job=Job.BACKUP, process=process, began=now(), until=time.monotonic() + 60)
        process.wait(60)
        for _ in range(2):
            remember(database, child, 78, at=now())
        history = Runs(database).histories()["backup"]
        assert (history.exit_code, history.failures, history.started_at) == (78, 1, child.began)
        errands = plan(Known(fetches=None, jobs={Job.BACKUP: history}), Wanted(backups=True), now=now())
        (backup,) = (errand for errand in errands if errand.job is Job.BACKUP)
        assert backup.at == child.began + timedelta(minutes=2), "whoever looks next leaves it alone"


def test_a_check_that_sees_no_sources_or_broken_ones_says_so(tmp_path: Path) -> None:
    with closing(Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")) as database, recorded(database, "crawl"):
        pass
    none = run(tmp_path, "status", "--check")
    assert (none.exit_code, "there is no source to crawl" in none.output) == (2, True)
    (tmp_path / "sources.toml").write_text('[wire]\nurl = "https://wire.example/"\n[odd]\nurll = 1\n')
    one = run(tmp_path, "status", "--check")
    assert (one.exit_code, "1 of 2 sources written wrongly in sources.toml (odd)" in one.output) == (1, True)
    assert run(tmp_path, "status", "--json").output.count('"broken": ["odd"]') == 1


@pytest.mark.parametrize(
    "words", [["--max-age", "foo"], ["--max-age", ""], ["--max-age", "9999999999d"]], ids=["foo", "empty", "long"]
)
def test_whatever_keeps_us_from_looking_is_unknown_and_one_line(tmp_path: Path, words: list[str]) -> None:
    answer = run(tmp_path, "status", "--check", *words)
    assert (answer.exit_code, answer.output.count("\n")) == (3, 1)
    assert answer.output.startswith("SPYWIRE UNKNOWN - --max-age")


def test_a_home_that_is_a_file_or_damaged_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no home")
    (tmp_path / "spywire.db").write_text("no database" * 999)
    for home in (tmp_path / "file", tmp_path):
        answer = run(home, "status", "--check")
        assert (answer.exit_code, answer.output.count("\n")) == (3, 1), answer.output
