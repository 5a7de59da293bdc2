"""Settings and sources: what may be said, where it comes from, and how a mistake is reported."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.discover import SourceKind
from jobs.catalogue import pick, read_sources
from jobs.digest.profiles import team
from jobs.exits import ConfigError, UsageError
from jobs.home import Home, find_home
from jobs.init import CATALOGUE, settings_template, write_home
from jobs.settings import Configuration, load_settings
from jobs.show import settings_text

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.sources import Source


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(config=tmp_path, data=tmp_path, state=tmp_path)


def load(home: Home, text: str = "", **environment: str) -> Configuration:
    home.settings_file.write_text(text)
    return load_settings(home, environment)


def test_everything_has_a_default(home: Home) -> None:
    settings = load_settings(home, {}).settings
    assert settings.fetch.allow_ports == (80, 443)
    assert settings.storage.url == f"sqlite:///{home.data}/spywire.db"
    assert settings.fetch.agent.startswith("spywire/")


def test_the_environment_overrides_the_file_and_the_origin_is_known(home: Home) -> None:
    configuration = load(home, "# settings\n[fetch]\ndelay = 5\ntimeout = 9\n", SPYWIRE_FETCH__DELAY="1.5")
    assert (configuration.settings.fetch.delay, configuration.settings.fetch.timeout) == (1.5, 9)
    assert configuration.origin("fetch", "delay") == "$SPYWIRE_FETCH__DELAY"
    assert configuration.origin("fetch", "timeout") == f"{home.settings_file}:4"
    assert configuration.origin("fetch", "contact") == "default"


@pytest.mark.parametrize("text", ["[8080, 8443]", "8080,8443", "8080, 8443"])
def test_a_list_in_the_environment_is_toml_or_commas(home: Home, text: str) -> None:
    assert load(home, SPYWIRE_FETCH__ALLOW_PORTS=text).settings.fetch.allow_ports == (8080, 8443)


def test_a_secret_can_lie_in_a_file_and_is_not_shown(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql+psycopg://spy:sesame@db/spywire\n")
    configuration = load(home, SPYWIRE_STORAGE__URL_FILE=str(secret))
    assert configuration.settings.storage.url == "postgresql+psycopg://spy:sesame@db/spywire"
    shown = " ".join(settings_text(configuration, home).split())
    assert "sesame" not in shown
    assert f"spy:***@db/spywire' # $SPYWIRE_STORAGE__URL_FILE -> {secret}" in shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fetch]\n\ndely = 3\n", r"spywire\.toml:3: unknown key dely in \[fetch\]; allowed are allow_.*delay"),
        (
            "[fech]\ndelay = 3\n",
            r"spywire\.toml:1: unknown section \[fech\]; allowed are .*digest, fetch, gate.*, watch",
        ),
        ("fetch = 3\n", r"spywire\.toml:1: \[fetch\] is a table"),
        ('[fetch]\ndelay = "soon"\n', r"spywire\.toml:2: \[fetch\] delay: .*number.*, not 'soon'"),
        ("[fetch]\ndelay = -1\n", r"spywire\.toml:2: \[fetch\] delay: .*greater than or equal to 0, not -1"),
        ('[fetch]\nallow_networks = ["here"]\n', r"spywire\.toml:2: \[fetch\] allow_networks"),
        ("[fetch]\nallow_ports = [80, 99999]\n", r"spywire\.toml:2: \[fetch\] allow_ports: .*65535, not 99999"),
        ('[profile.x]\nzone = "Mars/X"\n', r"spywire\.toml:2: \[profile\.x\] zone: no such time zone; write"),
        ("[profile.CERT]\n", r"spywire\.toml:1: \[profile\.CERT\]: a name has at most 60 small letters.*; write cert$"),
        ('[fetch]\n[channel."Our Wiki!"]\n', r"spywire\.toml:2: \[channel\.Our Wiki!\]: .*; write our-wiki$"),
        (
            '[channel.mail]\nkind = "folder"\n',
            r"spywire\.toml:1: \[channel\.mail\]: no channel is called mail, .*; give it another name, here and in",
        ),
        (
            '[profile.x]\nquiet_hours = "22-6"\n',
            r":2: \[profile\.x\] quiet_hours: write two times .*\"22:00-06:00\", not",
        ),
        ('[profile.x]\nquiet_hours = "25:00-06:00"\n', r":2: \[profile\.x\] quiet_hours: write two times"),
        (
            "[profile.x]\nweekdays = []\n",
            r":2: \[profile\.x\] weekdays: a digest is due on one day of the week at least",
        ),
        (
            '[profile.x]\nweekdays = ["monday"]\n',
            r":2: \[profile\.x\] weekdays: write days by .*: mon, tue, .*, not 'monday'",
        ),
        ('[profile.x]\ncountries = ["Germany"]\n', r":2: \[profile\.x\] countries: Germany is no country code"),
        ('[mail]\nhost = "mx.example:587"\n', r':2: \[mail\] host: write host = "mx\.example" and port = 587, not'),
        (
            '[mail]\nhost = "smtp://mx.example"\n',
            r":2: \[mail\] host: write the name of a mail server and nothing else",
        ),
        (
            '[watch]\nmetrics = "9464"\n',
            r":2: \[watch\] metrics: write a host and a port .*127\.0\.0\.1:9464, not '9464'",
        ),
        ('[site]\nbase_url = "example.org"\n', r":2: \[site\] base_url: write the whole web address, such as https://"),
        ("[fetch\ndelay = 3\n", r"spywire\.toml:1: not TOML"),
        ("[fetch]\ndelay = 3\ndelay = 4\n", r"spywire\.toml:3: not TOML"),
    ],
)
def test_a_mistake_is_reported_with_its_line(home: Home, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(home, text)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SPYWIRE_FETCH__DELY", "3", r"\$SPYWIRE_FETCH__DELY: unknown key dely in \[fetch\]"),
        ("SPYWIRE_FETCH__DELAY", "soon", r"\$SPYWIRE_FETCH__DELAY: \[fetch\] delay"),
        ("SPYWIRE_CHANNEL__MAIL__PATH", "out", r"\$SPYWIRE_CHANNEL__MAIL__PATH: \[channel\.mail\]: no channel is"),
        ("SPYWIRE_STORAGE__URL_FILE", "/nowhere", r"\$SPYWIRE_STORAGE__URL_FILE names /nowhere, which cannot be read"),
    ],
)
def test_a_mistake_in_the_environment_is_reported_with_its_name(
    home: Home, name: str, value: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load(home, **{name: value})


@pytest.mark.parametrize("host", ["mail_server", "mx.example.", "192.0.2.1", "::1", "fe80::1%eth0", "bücher.example"])
def test_a_mail_server_is_a_name_or_an_address(home: Home, host: str) -> None:
    assert load(home, f'[mail]\nhost = "{host}"\n').settings.mail.host == host


def test_a_profile_has_the_title_and_the_room_of_the_digest_unless_it_has_its_own(home: Home) -> None:
    text = '[digest]\ntitle = "Watch"\nmax_stories = 5\n[profile.a]\n[profile.b]\nmax_stories = 60\ntitle = "B"\n'
    settings = load(home, text).settings
    made = [team(settings, name, ()) for name in ("a", "b")]
    assert [(each.title, each.most_items) for each in made] == [("Watch", 5), ("B", 60)]
    alone = load(home, "[digest]\nmax_stories = 5\n").settings
    assert team(alone, "daily", ()).most_items == 5


def test_a_file_that_is_not_text_is_refused(home: Home) -> None:
    home.settings_file.write_bytes(b"[fetch]\ncontact = '\xff'\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_settings(home, {})


def test_a_relative_database_lies_beside_the_settings(home: Home) -> None:
    settings = load(home, '[storage]\nurl = "sqlite:///data/news.db"\n').settings
    assert settings.storage.url == f"sqlite:///{home.config}/data/news.db"


def test_the_home_is_the_one_that_is_named(tmp_path: Path) -> None:
    assert find_home(tmp_path / "a", {"SPYWIRE_HOME": str(tmp_path / "b")}).config == tmp_path / "a"
    assert find_home(None, {"SPYWIRE_HOME": str(tmp_path / "b")}).data == tmp_path / "b"


def test_without_a_name_the_home_is_in_the_xdg_folders(tmp_path: Path) -> None:
    home = find_home(None, {})
    assert home.settings_file == tmp_path / "xdg_config_home" / "spywire" / "spywire.toml"
    assert home.database_url == f"sqlite:///{tmp_path}/xdg_data_home/spywire/spywire.db"


def test_init_writes_once_and_what_it_writes_is_valid(home: Home) -> None:
    assert [written for _, written in write_home(home)] == [True, True]
    home.settings_file.write_text(home.settings_file.read_text() + "# mine\n")
    assert [written for _, written in write_home(home)] == [False, False]
    assert home.settings_file.read_text().endswith("# mine\n")
    load_settings(home, {})
    assert len(read_sources(home.sources_file)) >= 30


def test_every_commented_default_can_be_uncommented(home: Home) -> None:
    lines = settings_template().splitlines()
    keys = [line.removeprefix("# ") for line in lines if re.match(r"\[|# \[|# [a-z_]+ = ", line)]
    settings = load(home, "\n".join(keys).replace(".NAME]", ".name]")).settings
    assert settings == load(home, "[profile.name]\n[channel.name]\n").settings


def test_the_catalogue_gives_a_reason_for_every_source() -> None:
    sources = tomllib.loads(CATALOGUE.read_text())
    assert all(source["why"] for source in sources.values())
    assert len({source["language"] for source in sources.values()}) >= 8


def read(home: Home, text: str) -> tuple[Source, ...]:
    home.sources_file.write_text(text)
    return read_sources(home.sources_file)


def test_a_source_is_a_table(home: Home) -> None:
    text = '[one]\nurl = "https://example.org/feed"\nkind = "feed"\nevery = "90m"\ntags = ["cert"]\nwhy = "first"\n'
    (source,) = read(home, text)
    assert (source.name, source.kind, source.every) == ("one", SourceKind.FEED, timedelta(minutes=90))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[one]\nurl = "https://a.example/"\nevry = "1h"\n', r"sources\.toml:3: unknown key evry in \[one\]; .*every"),
        ('[one]\nwhy = "because"\n', r"sources\.toml:1: \[one\] has no url"),
        ('[one]\nurl = "ftp://a.example/"\n', r"sources\.toml:2: \[one\] url: a source is an http or https URL"),
        ('[one]\nurl = "https://a.example/"\nevery = "often"\n', r'sources\.toml:3: \[one\] every: .*such as "30m"'),
        ('[one]\nurl = "https://a.example/"\nkind = "blog"\n', r"sources\.toml:3: \[one\] kind: .*'feed'"),
        ('url = "https://a.example/"\n', r"sources\.toml:1: url is not a source"),
        ("", "names no source"),
    ],
)
def test_a_mistake_in_the_sources_is_reported_with_its_line(home: Home, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(home, text)


def test_without_sources_there_is_a_way_to_get_some(home: Home) -> None:
    with pytest.raises(ConfigError, match="`spywire init` writes one"):
        read_sources(home.sources_file)


def test_a_source_that_does_not_exist_is_answered_with_those_that_do(home: Home) -> None:
    sources = read(home, '[one]\nurl = "https://a.example/"\n[two]\nurl = "https://b.example/"\n')
    assert [source.name for source in pick(sources, ["two", "two"])] == ["two"]
    with pytest.raises(UsageError, match="there is no source three; there are one, two"):
        pick(sources, ["three"])
