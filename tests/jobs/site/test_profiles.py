"""Whose editions a site shows: by name, and the latest of those."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jobs.exits import ConfigError, Exit
from jobs.settings.sections import Settings
from jobs.site.build import build, read
from storage.database import Database
from storage.records import EditionKind
from tests.jobs.digest_edition import alert, edition, quiet
from tests.jobs.site.desk import DAY, add

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.newsdesk import Desk


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Two editions and an alert of `embassies`, and then twelve editions of `cert`."""
    opened = Database.open(f"sqlite:///{tmp_path / 'spywire.db'}")
    for day in range(14):
        until = quiet().until + day * DAY
        team: dict[str, Any] = {"profile": "embassies" if day < 2 else "cert", "since": until - DAY, "until": until}
        add(opened, replace(quiet(), **team, composed_at=until))
    add(opened, replace(alert(), profile="embassies", until=until, composed_at=until), kind=EditionKind.ALERT)
    yield opened
    opened.close()


def settings(**tables: object) -> Settings:
    return Settings.model_validate(tables)


def shown(database: Database, **site: object) -> list[str]:
    return [page.path for page in read(database, settings(site=site)).pages]


def test_a_profile_that_there_is_not_is_refused_and_the_site_stays(database: Database, tmp_path: Path) -> None:
    build(database, settings(site={"profiles": ["embassies"]}), tmp_path / "www")
    before = {path: path.read_bytes() for path in (tmp_path / "www").rglob("*") if path.is_file()}
    said = r"\[site\] profiles: 'embassys' is no profile and has no edition; there are cert, daily, embassies$"
    with pytest.raises(ConfigError, match=said):
        build(database, settings(site={"profiles": ["embassies", "embassys"]}, profile={"daily": {}}), tmp_path / "www")
    assert {path: path.read_bytes() for path in (tmp_path / "www").rglob("*") if path.is_file()} == before


def test_a_profile_of_the_settings_may_be_without_an_edition_yet(database: Database) -> None:
    site = {"profiles": ["daily"]}
    assert read(database, settings(site=site, profile={"daily": {}})).pages == ()


def test_the_latest_editions_are_those_of_the_profiles_that_are_named(database: Database) -> None:
    mine = ["editions/embassies/alert-1.html", "editions/embassies/2.html", "editions/embassies/1.html"]
    assert shown(database, profiles=["embassies"], editions=5) == mine
    assert shown(database, profiles=["embassies", "embassies"], editions=2) == mine[:2]
    assert shown(database, profiles=["embassies", "cert"]) == shown(database)
    assert shown(database, profiles=["embassies", "cert"], editions=4) == shown(database, editions=4)


def test_the_command_refuses_a_name_that_is_written_wrongly(desk: Desk, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{desk.folder / 'spywire.db'}")
    add(database, edition())
    database.close()
    (desk.folder / "spywire.toml").write_text('[site]\nprofiles = ["cret"]\n')
    done = desk.run("site", "build", str(tmp_path / "www"))
    assert done.code == Exit.CONFIG
    assert "'cret' is no profile and has no edition; there are cert, daily" in done.err
    assert not (tmp_path / "www").exists()
