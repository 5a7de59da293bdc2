"""`spywire digest test-delivery|outbox|resend`, as an operator uses them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.exits import CommandError, ConfigError, UsageError
from storage.records import DeliveryState
from tests.jobs.delivery.office import AT, Office, Postbox, free_port, server, to
from tests.jobs.delivery.test_channels import SECRET, hook

if TYPE_CHECKING:
    from typer.testing import Result


def run(office: Office, *arguments: str) -> Result:
    done = CliRunner().invoke(app, ["--home", str(office.folder), "digest", *arguments])
    if isinstance(done.exception, CommandError):
        raise done.exception
    return done


def test_a_test_goes_through_every_channel_and_past_the_outbox(office: Office) -> None:
    box = Postbox(replies={"gone@example.org": ["550 No such user"]})
    with server(box) as port, hook() as (url, got):
        office.mail(port)
        office.set("profile.daily", to=["ada@example.org", "gone@example.org"], channels=["files", "hook"])
        office.set("channel.files", kind="folder")
        office.set("channel.hook", kind="webhook", url=url, secret=SECRET)
        done = run(office, "test-delivery")
    assert (done.exit_code, done.output.splitlines()) == (
        1,
        [
            "daily: ada@example.org: sent: 250 OK",
            "daily: gone@example.org: NOT SENT (failed): RCPT TO: 550 No such user",
            f"daily: [channel.files]: sent: {office.folder / 'digests' / 'daily-test.html'}",
            "daily: [channel.hook]: sent: HTTP 204",
        ],
    )
    assert box.message()["Subject"] == "Test: Espionage watch (daily)"
    assert json.loads(got[0][1])["kind"] == "test"
    assert office.outbox.counts() == {}


def test_a_test_writes_its_file_each_time(office: Office) -> None:
    office.set("profile.daily", channels=["files"])
    office.set("channel.files", kind="folder", path="out")
    assert run(office, "test-delivery").output.endswith("daily-test.html\n")
    (office.folder / "out" / "daily-test.html").write_text("of last year")
    assert run(office, "test-delivery").output.endswith("daily-test.html\n")
    assert "This is a test" in (office.folder / "out" / "daily-test.html").read_text()


def test_nothing_is_tried_while_a_profile_names_a_channel_that_is_not_there(office: Office) -> None:
    office.set("profile.daily", channels=["files"])
    office.set("profile.later", channels=["nowhere"])
    office.set("channel.files", kind="folder", path="out")
    with pytest.raises(ConfigError, match=r"\[profile.later\] channels: there is no \[channel.nowhere\]"):
        run(office, "test-delivery")
    assert not (office.folder / "out").exists()


def test_a_test_to_one_address_goes_to_nobody_else(office: Office) -> None:
    box = Postbox()
    with server(box) as port:
        office.mail(port)
        office.set("profile.daily", to=["ada@example.org"])
        assert run(office, "test-delivery", "--to", "eve@example.org").exit_code == 0
        with pytest.raises(UsageError, match=r"--to .* is no mail address: it holds a line break"):
            run(office, "test-delivery", "--to", "eve@example.org\nBcc: all@example.org")
    assert box.received() == ["eve@example.org"]


def test_a_test_that_reaches_nobody_ends_with_69(office: Office) -> None:
    office.mail(free_port())
    office.set("profile.daily", to=["ada@example.org"])
    done = run(office, "test-delivery")
    assert (done.exit_code, "NOT SENT (deferred)" in done.output, "nobody listens there" in done.output) == (
        69,
        True,
        True,
    )


def test_the_outbox_shows_what_is_owed_and_what_failed(office: Office) -> None:
    office.add(*to("ada", "bob"))
    box = Postbox(replies={"ada@example.org": ["550 No such user"], "bob@example.org": ["450 Later"]})
    with server(box) as port:
        office.mail(port)
        office.send()
    later = "next attempt 2026-11-22 07:05 UTC: RCPT TO: 450 Later"
    assert run(office, "outbox").output.splitlines() == [
        f"daily digest 1 to bob@example.org: deferred after 1 attempt, {later}",
        "daily digest 1 to ada@example.org: failed after 1 attempt: RCPT TO: 550 No such user",
        "1 deferred, 1 failed",
    ]
    shown = json.loads(run(office, "outbox", "--json").output)
    assert shown["counts"]["deferred"] == 1
    assert [each["recipient"] for each in shown["deliveries"]] == ["bob@example.org", "ada@example.org"]


def test_what_is_under_way_says_since_when_and_how_long_it_is_held(office: Office) -> None:
    office.add(*to("ada"))
    delivery = office.outbox.claim(owner="another machine", at=AT + timedelta(hours=1), lease=timedelta(minutes=10))
    assert delivery is not None
    assert office.outbox.begin(delivery, owner="another machine", at=AT + timedelta(hours=1, minutes=2))
    line, _ = run(office, "outbox").output.splitlines()
    assert line.endswith(": sending since 2026-11-22 08:02 UTC, held until 2026-11-22 08:10 UTC at most")
    (shown,) = json.loads(run(office, "outbox", "--json").output)["deliveries"]
    assert (shown["next_at"], shown["sending_since"], shown["lease_until"]) == (
        None,
        "2026-11-22T08:02:00+00:00",
        "2026-11-22T08:10:00+00:00",
    )


def test_an_edition_is_sent_again_only_to_whom_it_is_said(office: Office) -> None:
    office.add(*to("ada", "bob"))
    box = Postbox()
    with server(box) as port:
        office.mail(port)
        office.send()
        done = run(office, "resend", "1", "--profile", "daily", "--to", "bob@example.org")
        assert (done.exit_code, done.output) == (0, "1 sent\n")
        assert run(office, "resend", "1", "--profile", "daily").output == "2 sent\n"
    assert box.received() == [f"{name}@example.org" for name in ("ada", "bob", "bob", "ada", "bob")]
    assert len({box.message(n)["Message-ID"] for n in range(5)}) == 2
    with pytest.raises(UsageError, match=r"--to eve: that edition is not for it; it is for ada@example\.org, bob"):
        run(office, "resend", "1", "--profile", "daily", "--to", "eve")
    with pytest.raises(CommandError, match="there is no digest 7 of daily; `spywire digest list` names them"):
        run(office, "resend", "7", "--profile", "daily")


def test_an_edition_that_is_on_its_way_is_not_sent_again(office: Office) -> None:
    office.add(*to("ada"))
    now = datetime.now(UTC)
    delivery = office.outbox.claim(owner="another machine", at=now, lease=timedelta(hours=1))
    assert delivery is not None
    assert office.outbox.begin(delivery, owner="another machine", at=now)
    office.mail(free_port())
    with pytest.raises(CommandError, match="digest 1 of daily is on its way"):
        run(office, "resend", "1", "--profile", "daily")
    assert office.one().state is DeliveryState.SENDING


def test_answers_by_mail_count_from_readers_of_the_settings_or_from_anyone(office: Office) -> None:
    office.set("profile.daily", to=["Ada <Ada@example.org>"])
    box = office.folder / "replies.mbox"
    box.write_text("".join(f"From x\nFrom: {who}@example.org\n\nA-17 flag\n" for who in ("ada", "eve")))
    given = CliRunner().invoke(app, ["--home", str(office.folder), "labels", "import", str(box)])
    assert given.exit_code == 1
    assert "mail 1: there is no article 17" in given.stderr
    assert "mail 2: answers from eve@example.org, to whom no profile is sent; --anyone takes them" in given.stderr
    given = CliRunner().invoke(app, ["--home", str(office.folder), "labels", "import", "--anyone", str(box)])
    assert "mail 2: there is no article 17" in given.stderr
