"""Chats: a short text that no chat can misread, through apprise where it is installed."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.delivery.chat import brief, of_log, units
from storage.records import EditionKind
from tests.jobs.delivery.office import HEADLINE, Office, edition, free_port, item, liar, to
from tests.jobs.delivery.test_channels import HOUR, SECRET, hook
from tests.jobs.delivery.test_mail import HOSTILE, packed

if TYPE_CHECKING:
    import socket

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise's, on Python 3.11

TOKEN = "3ccdd113474722377935511fc85d3dd4"


def test_a_short_text_names_ten_stories_and_counts_the_rest() -> None:
    lines = brief(packed(edition(*(item(f"Story {n}", n) for n in range(1, 15)))), room=2000).split("\n")
    assert lines[0] == "Espionage watch 12, 2026-11-22: 14 stories"
    assert lines[1] == "S-20261122-01  Story 1"
    assert (len(lines), lines[-1]) == (12, "and 4 more")


@pytest.mark.parametrize(
    ("headline", "shown"),
    [
        ("<!channel> <@U123> <https://evil.example|bank>", "‹!channel› ‹＠U123› ‹https: //evil.example¦bank›"),
        ("@everyone [bank](https://evil.example)", "＠everyone (bank)(https: //evil.example)"),
        ("*bold* _it_ ~gone~ `code` \\*", "∗bold∗ ＿it＿ ∼gone∼ ˋcodeˋ ＼∗"),
        ("line\r\nbreak \u202eevil", "line break evil"),
    ],
)
def test_no_headline_is_markup_a_mention_or_a_masked_link(headline: str, shown: str) -> None:
    assert brief(packed(edition(item(headline))), room=2000).split("\n")[1] == f"S-20261122-01  {shown}"


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize("room", [20, 140, 2000])
def test_a_text_fits_its_room(number: int, room: int) -> None:
    many = edition(*(item(HOSTILE[number], n) for n in range(1, 30)), title=HOSTILE[number] or "Watch")
    for kind in EditionKind:
        assert units(brief(packed(many, kind), room=room)) <= room


@given(st.text(max_size=400))
def test_nothing_that_chats_act_on_is_left(headline: str) -> None:
    text = brief(packed(edition(item(headline))), room=2000)
    assert not set("<>@*_`[]~|\\") & set(text)
    assert "://" not in text


@pytest.mark.parametrize(
    ("log", "state"),
    [
        ("Failed to send Slack notification: Too many requests, error=429.", "deferred"),
        ("Failed to send Slack notification: Bad Request, error=400.", "failed"),
        ("Socket Exception: NewConnectionError: Connection refused", "deferred"),
        ("Socket Exception: Read timed out", "uncertain"),
        ("", "uncertain"),
    ],
)
def test_what_apprise_says_beside_its_no_decides(log: str, state: str) -> None:
    assert of_log("Slack", f"{log} https://hooks.example/{SECRET}", done=False).state == state
    assert SECRET not in of_log("Slack", f"{log} {SECRET}", done=False).words


def test_a_chat_gets_the_short_text(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("apprise")
    caplog.set_level(logging.DEBUG)
    office.add(*to(":chat"), kind=EditionKind.ALERT)
    with hook((200, {})) as (url, got):
        port = url.split(":")[2].split("/")[0]
        office.set("channel.chat", kind="chat", url=f"mmost://127.0.0.1:{port}/{TOKEN}")
        assert office.send().failures == []
    text = json.loads(got[0][1])["text"]
    assert text.splitlines() == [f"ALERT: {HEADLINE}", f"S-20261122-01  {HEADLINE}"]
    assert TOKEN not in caplog.text


def test_a_chat_that_fails_says_so_without_its_address(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("apprise")
    caplog.set_level(logging.DEBUG)
    office.add(*to(":chat"))
    with hook((503, {})) as (url, _):
        port = url.split(":")[2].split("/")[0]
        office.set("channel.chat", kind="chat", url=f"mmost://127.0.0.1:{port}/{TOKEN}")
        sent = office.send()
    assert sent.failures[0].endswith("Mattermost: HTTP 503")
    office.set("channel.chat", url=f"mmost://127.0.0.1:{free_port()}/{TOKEN}")
    later = office.send(HOUR)
    assert (later.exit, later.failures[0].endswith("Mattermost cannot be reached")) == (69, True)
    assert TOKEN not in f"{sent.failures} {later.failures} {caplog.text}"


def test_a_chat_that_hangs_up_is_uncertain(office: Office) -> None:
    pytest.importorskip("apprise")

    def talk(line: socket.socket) -> None:
        line.recv(65536)

    office.add(*to(":chat"))
    with liar(talk) as port:
        office.set("channel.chat", kind="chat", url=f"mmost://127.0.0.1:{port}/{TOKEN}", timeout=2)
        office.send()
    assert office.states() == ["uncertain"]


def test_a_chat_of_no_kind_that_is_known_is_refused_without_its_address(office: Office) -> None:
    pytest.importorskip("apprise")
    office.set("channel.chat", kind="chat", url=f"nonesuch://{TOKEN}")
    office.add(*to(":chat"))
    (failure,) = office.send().failures
    assert "[channel.chat] url is no address that apprise knows" in failure
    assert TOKEN not in failure


def test_without_apprise_one_is_told_how_to_get_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    office.set("channel.chat", kind="chat", url=f"mmost://127.0.0.1/{TOKEN}")
    office.add(*to(":chat"))
    assert "a channel of kind chat needs apprise: pip install 'spywire[chat]'" in office.send().failures[0]
