"""What the doctor sees, and what it says to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crawler.sources import Source
from jobs.doctor.examine import examine, report_json, report_text
from jobs.doctor.finding import Finding, Grade, Subject, exit_code, fail, warn
from jobs.doctor.memory import graded_engine
from jobs.doctor.network import sample
from jobs.doctor.place import graded_room
from jobs.exits import Exit
from jobs.home import Home
from storage.database import Database
from storage.runs import Runs
from tests.storage.shelf import fill
from tests.web import Site, rss

if TYPE_CHECKING:
    from tests.newsdesk import Desk

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIB = 2**20


@pytest.fixture
def subject(desk: Desk, site: Site) -> Subject:
    """An installation that is well."""
    site.add("/feed.xml", rss([]))
    desk.configure(site, contact="desk@example.org")
    desk.sources(wire=f"{site.url}/feed.xml")
    home = Home(config=desk.folder, data=desk.folder, state=desk.folder)
    return Subject(home=home, environment={}, now=datetime.now(UTC))


def of(findings: list[Finding], check: str) -> list[Finding]:
    return [finding for finding in findings if finding.check == check and finding.grade is not Grade.OK]


def test_a_sound_installation_has_nothing_but_ok(subject: Subject) -> None:
    findings = examine(subject)
    assert [finding for finding in findings if finding.grade is not Grade.OK] == []
    assert {finding.check for finding in findings} >= {
        "settings",
        "sources",
        "home",
        "lock",
        "disk",
        "model",
        "network",
    }
    assert exit_code(findings) == 0


def test_every_trouble_has_a_remedy(subject: Subject) -> None:
    (subject.home.settings_file).write_text("[fetch]\ncontact = ")
    subject.home.sources_file.write_text("[wire]\nurl = 7")
    troubles = [finding for finding in examine(subject) if finding.grade is not Grade.OK]
    assert troubles
    assert all(finding.remedy for finding in troubles)


def test_a_half_written_settings_file_is_named_and_the_rest_is_looked_at(subject: Subject) -> None:
    subject.home.settings_file.write_text('[fetch]\ncontact = "desk@exam')
    findings = examine(subject)
    (trouble,) = of(findings, "settings")
    assert "spywire.toml: not TOML: Unterminated string" in trouble.found
    assert exit_code(findings) == Exit.CONFIG
    assert {"home", "disk", "clock", "versions"} <= {finding.check for finding in findings}


def test_a_home_that_cannot_be_written_is_74(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "home"
    home = Home(config=subject.home.config, data=nowhere, state=subject.home.state)
    findings = examine(replace(subject, home=home))
    assert "Not a directory" in of(findings, "home")[0].found
    assert exit_code(findings) == Exit.STORAGE


def test_folders_that_are_not_there_yet_are_not_made(subject: Subject, tmp_path: Path) -> None:
    home = replace(subject.home, data=tmp_path / "data" / "spywire", state=tmp_path / "state" / "spywire")
    findings = examine(replace(subject, home=home, offline=True))
    assert of(findings, "home") + of(findings, "lock") == []
    assert [name for name in ("data", "state") if (tmp_path / name).exists()] == []


def test_a_clock_in_1970_is_seen(subject: Subject) -> None:
    (trouble,) = of(examine(replace(subject, now=datetime(1970, 1, 1, 0, 5, tzinfo=UTC), offline=True)), "clock")
    assert (trouble.grade, trouble.found) == (Grade.FAIL, "it says 1970-01-01 00:05 UTC")
    assert "timedatectl" in trouble.remedy


def test_a_clock_behind_what_was_stored_is_seen(subject: Subject) -> None:
    database = Database.open(subject.home.database_url)
    Runs(database).start("crawl", version="0", at=NOON + timedelta(days=1))
    database.close()
    (trouble,) = of(examine(replace(subject, now=NOON, offline=True)), "clock")
    assert "something was stored at 2026-11-23 12:00 UTC" in trouble.found
    assert of(examine(replace(subject, now=NOON + timedelta(days=2), offline=True)), "clock") == []


def test_a_clock_that_differs_from_that_of_a_source_is_seen(subject: Subject) -> None:
    later = replace(subject, now=datetime.now(UTC) + timedelta(hours=3))
    (trouble,) = of(examine(later), "clock")
    assert "127.0.0.1 says" in trouble.found


def test_a_newer_an_older_and_an_unfinished_database_are_told_apart(subject: Subject) -> None:
    Database.open(subject.home.database_url).close()
    for revision, grade, words in (
        ("9999", Grade.FAIL, "newer than this spywire"),
        ("0001", Grade.WARN, "schema 0001, the newest is"),
        ("copying-0004-abc", Grade.FAIL, "was not finished"),
    ):
        with closing(sqlite3.connect(subject.home.data / "spywire.db")) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            connection.commit()
        (trouble,) = of(examine(replace(subject, offline=True)), "database")
        assert (trouble.grade, words in trouble.found) == (grade, True)


@pytest.mark.parametrize(
    ("name", "version", "searching", "said"),
    [
        ("PostgreSQL", (12, 22), True, "PostgreSQL 12.22, and 13 or newer is needed"),
        ("SQLite", (3, 34, 1), True, "SQLite 3.34.1, and 3.35 or newer is needed"),
        ("SQLite", (3, 50, 4), False, "SQLite 3.50.4 was built without FTS5"),
    ],
)
def test_an_engine_that_is_too_old_fails_with_its_remedy(
    name: str, version: tuple[int, ...], said: str, *, searching: bool
) -> None:
    found = graded_engine(name, version, searching=searching)
    assert (found.grade, found.exit, said in found.found, bool(found.remedy)) == (Grade.FAIL, 74, True, True)


def test_the_engine_is_asked_for_its_version(subject: Subject, database_url: str) -> None:
    with subject.home.settings_file.open("a") as file:
        file.write(f'[storage]\nurl = "{database_url}"\n')
    (found,) = (finding for finding in examine(replace(subject, offline=True)) if finding.check == "engine")
    engine = "PostgreSQL 1" if database_url.startswith("postgresql") else f"SQLite {sqlite3.sqlite_version}"
    assert (found.grade, found.found.startswith(engine)) == (Grade.OK, True)


def test_another_home_on_the_same_database_is_seen(subject: Subject) -> None:
    database = Database.open(subject.home.database_url)
    fill(database, 3)
    database.close()
    (trouble,) = of(examine(replace(subject, offline=True)), "database")
    assert "leased by another home: host:/home" in trouble.found


def test_a_name_that_is_not_found_is_a_warning(subject: Subject) -> None:
    subject.home.sources_file.write_text('[wire]\nurl = "https://no-such-host.invalid/feed"\n')
    findings = examine(subject)
    (trouble,) = of(findings, "network")
    assert (trouble.grade, "its name is not found" in trouble.found) == (Grade.WARN, True)
    assert exit_code(findings) == 0


def test_an_address_that_is_not_public_is_never_asked(subject: Subject) -> None:
    subject.home.settings_file.write_text('[fetch]\ncontact = "desk@example.org"\n')
    (trouble,) = of(examine(subject), "network")
    assert "127.0.0.1 is not public" in trouble.found


def test_a_mail_server_that_is_wanted_and_not_named_fails(subject: Subject) -> None:
    with subject.home.settings_file.open("a") as file:
        file.write('[profile.cert]\nto = ["cert@example.org"]\n')
    (trouble,) = of(examine(replace(subject, offline=True)), "mail")
    assert "profile cert is to be mailed" in trouble.found


def test_a_mail_server_that_does_not_answer_is_a_warning(subject: Subject) -> None:
    with subject.home.settings_file.open("a") as file:
        file.write('[mail]\nhost = "127.0.0.1"\nport = 1\nsender = "a@example.org"\n')
    (trouble,) = of(examine(subject), "mail")
    assert trouble.grade is Grade.WARN


def test_a_password_that_others_may_read_is_a_warning(subject: Subject) -> None:
    file = subject.home.settings_file
    file.write_text(file.read_text() + '[mail]\npassword = "canary"\n')
    for mode, count in ((0o644, 1), (0o600, 0)):
        file.chmod(mode)
        troubles = of(examine(replace(subject, offline=True)), "settings")
        assert len(troubles) == count
        assert "canary" not in str(troubles)


def test_a_damaged_model_fails(subject: Subject, tmp_path: Path) -> None:
    with subject.home.settings_file.open("a") as file:
        file.write(f'[gate]\nmodel = "{tmp_path / "model"}"\n')
    (trouble,) = of(examine(replace(subject, offline=True)), "model")
    assert trouble.exit is Exit.CONFIG


@pytest.mark.parametrize(
    ("free", "size", "grade"),
    [
        (10 * MIB, 0, Grade.FAIL),
        (500 * MIB, 0, Grade.WARN),
        (2000 * MIB, 3000 * MIB, Grade.WARN),
        (2000 * MIB, 0, Grade.OK),
    ],
)
def test_room_is_graded_by_what_the_database_has(free: int, size: int, grade: Grade) -> None:
    assert graded_room(free, Path("/srv"), size=size).grade is grade


def test_the_gravest_failure_gives_the_code() -> None:
    assert exit_code([warn("a", "b", "c")]) == Exit.OK
    assert exit_code([fail("a", "b", "c"), fail("a", "b", "c", Exit.STORAGE)]) == Exit.STORAGE


def test_only_a_few_hosts_are_asked_and_none_twice() -> None:
    sources = [Source(name=f"s{n}", url=f"https://h{n // 2}.example/{n}") for n in range(40)]
    sources.append(Source(name="old", url="file:///data/*.warc.gz"))
    assert sample(sources) == [("https", f"h{n}.example", 443) for n in (0, 6, 12)]
    assert sample([]) == []


def test_the_command_prints_a_screen_or_json(desk: Desk, subject: Subject) -> None:
    findings = examine(replace(subject, offline=True))
    assert len(report_text(findings).splitlines()) <= 24
    done = desk.run("doctor", "--json", "--offline")
    assert (done.code, done.json["ok"], done.json["exit_code"]) == (0, True, 0)
    assert [each["check"] for each in done.json["findings"]] == [
        each["check"] for each in report_json(findings)["findings"]
    ]


def test_a_team_that_no_digest_would_reach_is_named(subject: Subject) -> None:
    with subject.home.settings_file.open("a") as file:
        file.write('[profile.cert]\nto = ["desk@example.org"]\n[profile.press]\ntags = ["agency"]\n[profile.nobody]\n')
    findings = of(examine(subject), "profile")
    assert [(finding.grade, finding.found.split(":")[0]) for finding in findings] == [
        (Grade.FAIL, "[profile.cert] to"),
        (Grade.WARN, "nobody"),
        (Grade.FAIL, "[profile.press] tags"),
    ]
    assert exit_code(findings) == Exit.CONFIG
