"""What is owed, to whom, and where it is put: once for each address, and under a name of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from jobs.cli import app
from jobs.delivery.parcel import Parcel
from jobs.digest.profiles import addresses
from jobs.settings import load_settings
from tests.jobs.delivery.office import AT, Office, Postbox, server, to

if TYPE_CHECKING:
    import pytest
    from typer.testing import Result


def test_one_who_is_written_twice_has_one_mail(office: Office) -> None:
    office.set("profile.daily", to=["Ada <ada@example.org>", "ada@example.ORG"])
    box = Postbox()
    with server(box) as port:
        office.mail(port)
        office.add(*addresses(load_settings(office.home, {}).settings, "daily"))
        office.send()
    assert box.received() == ["ada@example.org"]


def test_what_is_put_off_is_told_as_owed(office: Office) -> None:
    office.set(
        "profile.nobody", channels=[], weekdays=[f"{datetime.now(UTC) + timedelta(days=3):%a}"]
    )  # nothing is due
    office.add(*to("ada", "bob"))
    with server(Postbox(replies={"RCPT": ["450 Later"] * 9})) as port:
        office.mail(port)
        office.send()
        said = "2 deliveries are owed, 2 of them now; `spywire digest outbox` names them"
        assert said in run(office, "send", "--dry-run").output
        done = run(office, "send", "-v")
    assert "deliveries: 2 put off" in done.output
    assert "2 deliveries are owed, next attempt 20" in done.output
    told = run(office, "send", "-v").output
    assert told.startswith("nothing is due\n2 deliveries are owed, next attempt 20"), told
    assert "2 deliveries are owed, next attempt 20" in run(office, "send", "--dry-run").output


def run(office: Office, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(office.folder), "digest", *arguments])


def test_the_home_folder_of_a_path_is_that_of_the_operator(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(office.folder / "ada"))
    office.set("channel.files", kind="folder", path="~/digests")
    office.add(*to(":files"))
    assert office.send().failures == []
    assert [path.name for path in (office.folder / "ada" / "digests").iterdir()] == ["daily-00001.html"]
    assert not (office.folder / "~").exists()


def parcel(profile: str, kind: str, number: int) -> Parcel:
    return Parcel(
        profile=profile, kind=kind, number=number, subject="", composed_at=AT, message_id="", write=lambda _: ""
    )


def test_the_files_of_ordinary_profiles_are_called_as_ever() -> None:
    known = [parcel("cert", kind, 12).name for kind in ("digest", "alert", "test")]
    assert known == ["cert-00012", "cert-alert-00012", "cert-test"]
    assert parcel("cert-alert", "digest", 12).name == "cert-alert.00012"


NAMES = st.from_regex(r"\A[a-z](-alert|-digest|-test|-0000[1-3]|[a-z0-9_-]){0,3}\Z")
EDITIONS = st.tuples(NAMES, st.sampled_from(["digest", "alert", "test"]), st.integers(1, 3))


@given(EDITIONS, EDITIONS)
def test_no_two_editions_have_a_file_of_one_name(one: tuple[str, str, int], other: tuple[str, str, int]) -> None:
    one, other = (each if each[1] != "test" else (each[0], "test", 0) for each in (one, other))
    assert (parcel(*one).name == parcel(*other).name) is (one == other)
