"""`spywire db` and crawls, when the database fills up, goes away, is newer or is shared."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from jobs.home import Home, locked
from storage.database import HEAD, Database
from tests.bench.outage import outage
from tests.conftest import made_database
from tests.crash import publish
from tests.newsdesk import Desk
from tests.postgres import binaries
from tests.storage.shelf import everything, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.web import Site


@pytest.fixture
def filled(desk: Desk) -> Desk:
    desk.configure()
    database = Database.open(url_of(desk))
    fill(database, 6)
    database.close()
    return desk


def url_of(desk: Desk) -> str:
    return f"sqlite:///{desk.folder / 'spywire.db'}"


def test_check_and_vacuum_say_what_they_saw(filled: Desk) -> None:
    checked = filled.run("db", "check", "--json")
    assert (checked.code, checked.json["ok"], checked.json["rows"]["links"]) == (0, True, 6)
    assert "MiB before" in filled.run("db", "vacuum").out
    with closing(sqlite3.connect(filled.folder / "spywire.db")) as connection:
        connection.execute("DELETE FROM verdicts")
        connection.commit()
    checked = filled.run("db", "check")
    assert checked.code == 74
    assert "3 articles have no verdict" in checked.out


def test_backups_are_dated_and_only_the_newest_are_kept(filled: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("spywire-20260101T000000Z.db", "spywire-20260102T000000Z.db", "mine.db"):
        (folder / name).touch()
    assert filled.run("db", "backup", f"{folder}/", "--keep", "2").code == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names[:2] == ["mine.db", "spywire-20260102T000000Z.db"]
    assert len(names) == 3
    refused = filled.run("db", "backup", str(folder / "one.db"), "--keep", "2")
    assert (refused.code, "--keep goes with a folder" in refused.err) == (2, True)


def test_a_home_moves_to_postgresql_and_back(filled: Desk, postgres_server: str, tmp_path: Path) -> None:
    before = tmp_path / "before.db"
    filled.run("db", "backup", str(before))
    with made_database(postgres_server) as server:
        copied = filled.run("db", "copy", "--to", server)
        assert (copied.code, "every row was compared" in copied.out) == (0, True), copied.err
        again = filled.run("db", "copy", "--to", server)
        assert (again.code, "name an empty database" in again.err) == (2, True)
        filled.configure(storage=server)
        assert filled.run("db", "check").code == 0
        after = tmp_path / "after.db"
        assert filled.run("db", "backup", str(after)).code == 0
        refused = filled.run("db", "restore", str(before))
        assert (refused.code, "--force" in refused.err) == (2, True)
        assert filled.run("db", "restore", str(before), "--force").code == 0
    one, other = (Database.open(f"sqlite:///{path}") for path in (before, after))
    assert everything(one) | {"runs": []} == everything(other) | {"runs": []}  # each backup is a run, too
    one.close()
    other.close()


def test_restore_puts_the_old_file_aside(filled: Desk, tmp_path: Path) -> None:
    filled.run("db", "backup", str(tmp_path / "b.db"))
    assert filled.run("db", "restore", str(tmp_path / "b.db")).code == 2
    done = filled.run("db", "restore", str(tmp_path / "b.db"), "--force")
    assert (done.code, "spywire.db.replaced" in done.out) == (0, True)
    assert filled.run("db", "check").code == 0
    again = filled.run("db", "restore", str(tmp_path / "b.db"), "--force")
    assert (again.code, "move it away first" in again.err, "--force" in again.err) == (2, True, False)


@pytest.mark.parametrize("job", ["crawl", "digest", "retain", "reclassify", "site"])
def test_nothing_is_put_back_or_copied_while_a_job_writes(filled: Desk, tmp_path: Path, job: str) -> None:
    home = Home(config=filled.folder, data=filled.folder, state=filled.folder)
    with locked(home, job):
        for command in (
            ["restore", str(tmp_path / "b.db")],
            ["vacuum"],
            ["copy", "--to", f"sqlite:///{tmp_path}/c.db"],
        ):
            busy = filled.run("db", *command)
            assert (busy.code, f"in use by `spywire {job}`" in busy.err) == (75, True)


def test_a_database_of_a_newer_version_is_refused_with_what_to_do(filled: Desk) -> None:
    with closing(sqlite3.connect(filled.folder / "spywire.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    filled.sources(wire="http://127.0.0.1:1/feed")
    for command in (("crawl",), ("db", "check"), ("db", "upgrade")):
        refused = filled.run(*command)
        assert (refused.code, len(refused.err.splitlines())) == (74, 1)
        assert f"schema 9999, this spywire knows up to {HEAD}: install the newer spywire" in refused.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1.6 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1600k", "tmpfs", folder], check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_crawl_on_a_full_disk_ends_with_74_and_goes_on_when_there_is_room(small_disk: Path, site: Site) -> None:
    desk = Desk(small_disk / "home")
    publish([site], 60)
    desk.configure(site)
    desk.sources(wire=f"{site.url}/feed.xml")
    full = desk.crawl()
    assert full.code == 74, full.err
    assert "make room on its disk" in full.err
    with suppress(OSError), (small_disk / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))
    full = desk.crawl()
    assert full.code == 74, f"not the lock's fault: {full.err}"
    (small_disk / "fill").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert desk.run("db", "check").code == 0
    assert desk.crawl().code == 0
    with closing(sqlite3.connect(desk.folder / "spywire.db")) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT url) FROM articles").fetchone() == (60, 60)
        waiting = "SELECT count(*) FROM links WHERE state IN ('discovered', 'leased', 'failed')"
        assert connection.execute(waiting).fetchone() == (0,)


@pytest.mark.skipif(binaries() is None, reason="needs the programs of a PostgreSQL server")
def test_a_server_that_crashes_in_the_middle_of_a_crawl_costs_nothing(tmp_path: Path) -> None:
    programs = binaries()
    assert programs is not None
    found = outage(tmp_path, programs, seconds=2, links=30, delay=0.1)
    assert found.fetched_before < 30
    assert found.good, found
