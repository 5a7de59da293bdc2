"""What is printed for cron, systemd and Kubernetes: it goes by what is in force where it was printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.exits import ConfigError
from jobs.home import Home
from jobs.schedule.children import arguments
from jobs.schedule.configured import Configuring
from jobs.schedule.plan import Job
from jobs.schedule.units import Kind, this_place, units
from jobs.schedule.variables import Variables, variables_of
from jobs.settings import Settings
from tests.jobs.test_contract import SECRETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.newsdesk import Desk

PLAIN = {
    "SPYWIRE_STORAGE__URL_FILE": "/run/secrets/url",
    "SPYWIRE_FETCH__DELAY": "3",
    "SPYWIRE_DIGEST__TITLE": 'A "title" of 100 %',
    "SPYWIRE_LOG": "json",
    "XDG_CONFIG_HOME": "/srv/config",
    "XDG_DATA_HOME": "/srv/data",
}
ELSEWHERE = {"PATH": "/bin", "SPYWIRE_KEPT": "/x", "SPYWIRE_HOME": "/srv/home", "SPYWIRE_TEST_POSTGRES": "x"}


def apart(folder: Path) -> Home:
    return Home(config=folder / "config", data=folder / "data", state=folder / "state")


def printed(kind: Kind, home: Home, environment: dict[str, str], settings: Settings | None = None) -> str:
    variables = variables_of(environment, home, ())
    return units(kind, this_place(home, settings, version="1.2", variables=variables))


def test_a_unit_is_given_the_variables_that_are_in_force_where_it_was_printed(tmp_path: Path) -> None:
    text = printed(Kind.SYSTEMD, apart(tmp_path), PLAIN | ELSEWHERE)
    for line in (
        'Environment="SPYWIRE_STORAGE__URL_FILE=/run/secrets/url"',
        'Environment="SPYWIRE_DIGEST__TITLE=A \\"title\\" of 100 %%"',
        'Environment="SPYWIRE_LOG=json"',
        'Environment="XDG_DATA_HOME=/srv/data"',
    ):
        assert text.count(f"\n{line}\n") == 2, "once for each service"
    assert not any(name in text for name in ELSEWHERE if name != "PATH")


def test_cron_is_given_them_too_before_the_line_that_needs_them(tmp_path: Path) -> None:
    lines = printed(Kind.CRONTAB, apart(tmp_path), PLAIN | ELSEWHERE).splitlines()
    assert 'SPYWIRE_DIGEST__TITLE=A "title" of 100 %' in lines
    assert lines.index("XDG_CONFIG_HOME=/srv/config") < next(n for n, line in enumerate(lines) if line[0] == "*")
    quoted = printed(Kind.CRONTAB, apart(tmp_path), {"SPYWIRE_FETCH__CONTACT": '"me" '})
    assert "SPYWIRE_FETCH__CONTACT='\"me\" '\n" in quoted


def test_a_home_that_is_named_needs_no_folders_from_the_environment(tmp_path: Path) -> None:
    assert "XDG_" not in printed(Kind.SYSTEMD, Home(config=tmp_path, data=tmp_path, state=tmp_path), PLAIN)


@pytest.mark.parametrize("kind", [Kind.CRONTAB, Kind.SYSTEMD])
@pytest.mark.parametrize("keys", [*SECRETS, ("storage", "url")], ids=".".join)
def test_no_secret_is_printed_and_its_cure_is(kind: Kind, keys: tuple[str, ...], tmp_path: Path) -> None:
    name = f"SPYWIRE_{'__'.join(keys).upper()}"
    secret = "postgresql://me:c4nary@db/news" if keys[0] == "storage" else "https://c4nary.example/"
    text = printed(kind, apart(tmp_path), {name: secret})
    assert "c4nary" not in text
    assert f"# {name} is set where this was printed and is a secret" in text
    assert f"{name}_FILE, and print this again" in text


def test_an_address_without_a_password_is_no_secret(tmp_path: Path) -> None:
    environment = {"SPYWIRE_STORAGE__URL": "postgresql+psycopg://db/news"}
    assert "SPYWIRE_STORAGE__URL=postgresql+psycopg://db/news\n" in printed(Kind.CRONTAB, apart(tmp_path), environment)


@given(
    values=st.dictionaries(st.sampled_from([*PLAIN, *ELSEWHERE, "SPYWIRE_MAIL__USER"]), st.text(max_size=30)),
    secret=st.text(min_size=3, max_size=9),
)
def test_whatever_is_set_no_line_is_broken_and_no_known_secret_told(values: dict[str, str], secret: str) -> None:
    from pathlib import Path

    found: Variables = variables_of(values, apart(Path("/srv")), [secret])
    told = {name: value for name, value in found.values.items() if not name.endswith("_FILE") and name[:4] != "XDG_"}
    assert all(value.isprintable() for value in found.values.values())
    assert not any(secret in value for name, value in told.items() if "__" in name)
    assert not found.values.keys() & {*found.secrets, *found.broken}


def test_printing_makes_the_folders_that_the_unit_may_write(desk: Desk, tmp_path: Path) -> None:
    desk.configure()
    (desk.folder / "spywire.toml").write_text('[backup]\nfolder = "~/bk"\n[site]\nfolder = "site"\n')
    result = desk.run("schedule", "--print", "systemd", HOME=str(tmp_path / "me"))
    assert f"ReadWritePaths=-{desk.folder} -{tmp_path}/me/bk\n" in result.out
    assert (tmp_path / "me" / "bk").is_dir()
    assert (desk.folder / "site").is_dir() is False, "a job may make it: it lies in the home"


def test_folders_of_somebodys_home_are_found_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings.model_validate({"backup": {"folder": "~/bk"}})
    words = arguments(Job.BACKUP, Home(config=tmp_path, data=tmp_path, state=tmp_path), settings, seconds=7200)
    assert f"{tmp_path}/bk/" in words
    nobody = Settings.model_validate({"backup": {"folder": "~nobody-at-all/bk"}})
    with pytest.raises(ConfigError, match="nobody knows where ~nobody-at-all/bk is; write a whole path"):
        arguments(Job.BACKUP, Home(config=tmp_path, data=tmp_path, state=tmp_path), nobody, seconds=7200)


@pytest.mark.parametrize(("deadline", "seconds"), [("2h", 36_300), ("10m", 3_300)])
def test_kubernetes_ends_nothing_that_still_has_time_by_its_own_deadline(
    deadline: str, seconds: int, tmp_path: Path
) -> None:
    settings = Settings.model_validate({"schedule": {"deadline": deadline}, "storage": {"url": "sqlite:////srv/x.db"}})
    text = units(Kind.KUBERNETES, this_place(apart(tmp_path), settings, version="1"))
    assert f"      activeDeadlineSeconds: {seconds}\n" in text


def test_a_deadline_in_which_no_crawl_does_anything_is_refused_with_its_place(tmp_path: Path) -> None:
    home = Home(config=tmp_path, data=tmp_path, state=tmp_path)
    home.sources_file.write_text('[wire]\nurl = "https://example.org/feed"\n')
    home.settings_file.write_text('[schedule]\ndeadline = "119s"\n')
    with pytest.raises(ConfigError) as caught:
        Configuring(home, {}).read()
    said = f'{home.settings_file}:2: [schedule] deadline: 119s is too short for a crawl; write "2m" or more'
    assert str(caught.value) == said
    home.settings_file.write_text('[schedule]\ndeadline = "2m"\n')
    assert Configuring(home, {}).read().settings.schedule.deadline == "2m"
    assert "60s" in arguments(Job.CRAWL, home, Settings(), seconds=120)
