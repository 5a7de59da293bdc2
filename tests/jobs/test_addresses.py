"""To whom editions are owed, and what is told of ways that nothing can go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.digest.profiles import addresses, mistakes, unserved
from jobs.doctor.examine import examine
from jobs.doctor.finding import Grade, Subject
from jobs.exits import Exit
from jobs.settings import Channel, Mail, Profile, Settings
from tests.jobs.digest_archive import SEVEN, Newsroom, newsroom

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise's, on Python 3.11


def settings(**known: object) -> Settings:
    """A profile of these keys, with a mail server and a channel that are sound."""
    return Settings(
        mail=Mail(host="mx.example", sender="digest@example.org"),
        channel={"shelf": Channel()},
        profile={"cert": Profile.model_validate(known)},
    )


def recipients(*written: str) -> list[str]:
    return [address.recipient for address in addresses(settings(to=written), "cert")]


def test_an_address_gets_one_mail_however_often_and_in_whatever_ways_it_is_written() -> None:
    ada = ("Ada <ada@example.org>", "ada@example.org", "ada@EXAMPLE.org", '"A. L." <ada@Example.Org>')
    assert recipients(*ada) == ["Ada <ada@example.org>"]
    assert recipients("j@bücher.example", "j@xn--bcher-kva.example") == ["j@bücher.example"]


def test_the_case_before_the_at_is_the_server_s_to_read() -> None:
    assert recipients("Ada@example.org", "ada@example.org") == ["Ada@example.org", "ada@example.org"]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"kind": "webhook"}, "[channel.way] url is no web address; write https://HOST/PATH"),
        ({"kind": "webhook", "url": "http://example.org/x"}, "[channel.way] url: http to example.org would be read"),
        ({"kind": "webhook", "url": "https://a.example/", "secret": "whsec_?"}, "[channel.way] secret begins with"),
        ({"kind": "command"}, '[channel.way] command is empty; write a list such as ["/usr/local/bin/deliver"]'),
        ({"kind": "command", "command": [""]}, "[channel.way] command is empty"),
        ({"kind": "folder", "path": "~nobody-of-this-name/x"}, "[channel.way] path: nobody knows where ~nobody"),
        ({"kind": "chat"}, "[channel.way] url is no address that apprise knows"),
        ({"kind": "chat", "url": "nope://x"}, "[channel.way] url is no address that apprise knows"),
    ],
)
def test_a_channel_over_which_nothing_can_go_is_a_mistake_of_whoever_names_it(
    channel: dict[str, object], said: str
) -> None:
    if channel["kind"] == "chat":
        pytest.importorskip("apprise")
    known = settings().model_copy(update={"channel": {"way": Channel.model_validate(channel)}})
    profiles = {name: Profile(channels=("way",)) for name in ("cert", "soc")}
    told = [str(error) for error in mistakes(known.model_copy(update={"profile": profiles}), profiles, ())]
    assert (len(told), told[0].startswith(said)) == (1, True), told
    assert mistakes(known, ["cert"], ()) == [], "what nobody names harms nobody"


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        ({"host": "mx.example"}, "[mail] sender is empty; write one into spywire.toml"),
        ({"host": "mx.example", "security": "none", "user": "a", "sender": "a@b.example"}, "[mail] security = none"),
        ({}, "[profile.cert] to: mail needs a server; set [mail] host and sender"),
    ],
)
def test_mail_that_cannot_be_sent_is_a_mistake_of_whoever_wants_it(mail: dict[str, object], said: str) -> None:
    known = settings(to=["a@b.example"]).model_copy(update={"mail": Mail.model_validate(mail)})
    (told,) = mistakes(known, ["cert"], ())
    assert str(told).startswith(said)


def test_every_mistake_of_a_profile_is_told_and_not_only_the_first() -> None:
    known = settings(to=["a@b.example"], channels=["nowhere", "shelf"], tags=["none"])
    told = [str(error) for error in mistakes(known, ["cert"], ())]
    assert [each.partition(":")[0] for each in told] == ["[profile.cert] tags", "[profile.cert] channels"]


def test_who_is_served_by_nobody_is_told_unless_it_says_so() -> None:
    known = Settings(profile={"cert": Profile(), "site": Profile(channels=()), "soc": Profile(to=("a@b.example",))})
    assert unserved(known, known.profile) == ["cert"]


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return newsroom(tmp_path, "[profile.daily]\nchannels = []\n")


def digest(room: Newsroom, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(room.home.config), "digest", *arguments])


def test_a_dry_run_finds_a_way_that_leads_nowhere_before_a_digest_is_due(room: Newsroom) -> None:
    room.send(SEVEN)
    room.home.settings_file.write_text('[profile.daily]\nchannels = ["hook"]\n[channel.hook]\nkind = "webhook"\n')
    done = digest(room, "send", "--dry-run")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert (done.exit_code, "[channel.hook] url is no web address" in done.stderr) == (Exit.CONFIG, True)


def test_a_digest_that_nobody_gets_says_so(room: Newsroom) -> None:
    room.home.settings_file.write_text("[profile.daily]\n")
    said = "[profile.daily] nobody gets its editions: write `to` or `channels`, or channels = [] if that is meant"
    for arguments in (["--now"], ["--dry-run"]):
        done = digest(room, "send", *arguments)
        assert (done.exit_code, said in done.stderr) == (0, True), done.output
    room.home.settings_file.write_text("[profile.daily]\nchannels = []\n")
    assert said not in digest(room, "send", "--dry-run").stderr


def test_the_doctor_says_what_a_dry_run_says(room: Newsroom) -> None:
    room.home.settings_file.write_text(
        '[profile.a]\nchannels = ["x"]\n[profile.b]\nchannels = ["x"]\n[channel.x]\nkind = "command"\n'
    )
    found = examine(Subject(home=room.home, environment={}, now=SEVEN, offline=True))
    told = [(each.grade, each.found) for each in found if each.check == "profile"]
    assert [(grade, words.partition(";")[0]) for grade, words in told] == [(Grade.FAIL, "[channel.x] command is empty")]
