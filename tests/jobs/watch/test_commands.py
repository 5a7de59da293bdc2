"""`spywire status` and `spywire health` as an operator runs them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from jobs.catalogue import read_sources
from jobs.cli import app
from jobs.exits import UsageError
from jobs.home import find_home
from jobs.runs import now, recorded
from jobs.schedule.daemon import Scheduler
from jobs.settings import load_settings
from jobs.watch.after import after
from storage.database import Database
from storage.records import Rhythm, SourceState
from storage.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

URL = "https://wire.example/feed"


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(home), *arguments])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one source, which has failed for three looks, and a crawl that said so."""
    (tmp_path / "spywire.toml").write_text('[watch]\ntextfile = "figures.prom"\nheartbeat = "heart"\n')
    (tmp_path / "sources.toml").write_text(f'[wire]\nurl = "{URL}"\n')
    database = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    with recorded(database, "crawl"):
        polled = now() - timedelta(minutes=1)
        rhythm = Rhythm(interval=timedelta(hours=1), next_at=now(), polled_at=polled, failures=3)
        Sources(database).keep([SourceState(name="wire", url=URL, rhythm=rhythm)])
    database.close()
    return tmp_path


def test_health_says_what_began_and_only_once(home: Path) -> None:
    first = run(home, "health")
    assert first.exit_code == 0
    said = "failing wire: no answer; 3 looks in a row, it never answered\n"
    assert (first.stdout, first.stderr) == ("", f"spywire: {said}")
    assert run(home, "health").output == "", "cron sends one mail, not one each hour"
    assert run(home, "health", "--open").stdout == said.replace("failing ", "failing   ")


def test_the_check_is_one_line_and_a_code(home: Path) -> None:
    done = run(home, "status", "--check")
    assert done.exit_code == 2
    assert done.output.startswith("SPYWIRE CRITICAL - 1 of 1 sources failing | crawl_age=")
    assert done.output.count("\n") == 1


def test_what_cannot_be_told_is_unknown(tmp_path: Path) -> None:
    done = run(tmp_path, "status", "--check")
    assert (done.exit_code, done.output.count("\n")) == (3, 1)
    assert done.output.startswith("SPYWIRE UNKNOWN - nothing was ever stored here")
    (tmp_path / "spywire.toml").write_text("[watch]\nmax_age = 'soon'\n")
    assert run(tmp_path, "status", "--check").exit_code == 3


def test_without_a_check_an_empty_home_is_an_error_that_names_the_cure(tmp_path: Path) -> None:
    done = run(tmp_path, "status")
    assert isinstance(done.exception, UsageError)
    assert "spywire crawl" in str(done.exception)


def test_after_a_job_all_is_looked_at_and_written_down(home: Path) -> None:
    place = find_home(home, {})
    settings = load_settings(place, {}).settings
    database = Database.open(settings.storage.url)
    sources = read_sources(place.sources_file)
    (begun,) = after(place, settings, sources, database)
    assert begun.source == "wire"
    assert after(place, settings, sources, database) == (), "an hour is not over"
    database.close()
    assert 'spywire_sources{state="failing"} 1.0' in (home / "figures.prom").read_text()
    assert (home / "heart").read_text().startswith("20")
    assert sorted(path.name for path in home.iterdir() if path.name.startswith(".")) == []


def test_what_is_served_is_read_over_a_connection_of_its_own(home: Path) -> None:
    standing = Scheduler(home=find_home(home, {}), environment={}).standing()
    assert standing.job("crawl") is not None
    assert standing.schema == "0006"
