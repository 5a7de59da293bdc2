"""Chats: a short text that no chat can misread, through apprise where it is installed."""

from __future__ import annotations

import json
import logging
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.delivery.chat import MARKUPS, brief, of_log, units
from storage.records import EditionKind
from tests.jobs.delivery.office import HEADLINE, Office, edition, free_port, item, liar, to
from tests.jobs.delivery.test_channels import HOUR, SECRET, hook
from tests.jobs.delivery.test_mail import HOSTILE, packed

if TYPE_CHECKING:
    import socket

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise's, on Python 3.11

TOKEN = "3ccdd113474722377935511fc85d3dd4"


def test_a_short_text_tells_ten_stories_and_counts_the_rest() -> None:
    lines = brief(packed(edition(*(item(f"Story {n}", n) for n in range(1, 15)))), room=4000).split("\n")
    assert lines[0] == "Espionage watch 12, 2026-11-22: 14 stories"
    assert lines[1:3] == [
        "S-20261122-01  Story 1",
        "1 article, 1 origin, score 0.97, Example Times: https://example.org/1",
    ]
    assert (len(lines), lines[-1]) == (1 + 2 * 10 + 1, "and 4 more")


def test_an_alert_says_its_headline_once_and_how_far_it_can_be_believed() -> None:
    story = replace(item(), articles=14, origins=3)
    told = replace(edition(story), tlp="AMBER")
    assert brief(packed(told, EditionKind.ALERT), room=2000).split("\n") == [
        "(TLP:AMBER) Espionage watch: ALERT",
        f"S-20261122-01  {HEADLINE}",
        "14 articles, 3 origins, score 0.97, Example Times: https://example.org/1",
    ]


def test_what_has_no_room_is_counted_and_an_alert_keeps_its_headline_longest() -> None:
    many = packed(edition(*(item(f"Story {n}", n) for n in range(1, 15))))
    for room in (1000, 300, 140, 70):
        lines = brief(many, room=room).split("\n")
        told = sum(line.startswith("S-") for line in lines)
        assert lines[-1] == (f"and {14 - told} more" if told else "14 in the digest")
    alert = packed(kind=EditionKind.ALERT)
    assert brief(alert, room=140).endswith("1 article, 1 origin, score 0.97, Example Times"), "its link had no room"
    assert brief(alert, room=60) == f"ALERT: {HEADLINE}"


def linked(url: str, form: str) -> str:
    return brief(packed(edition(replace(item(), url=url))), room=4000, markup=MARKUPS[form]).rpartition("Times: ")[2]


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("text", "https://news.example/a_(b)?x=1&y=*"),
        ("markdown", "[news.example](https://news.example/a_(b)?x=1&y=*)"),
        ("html", '<a href="https://news.example/a_(b)?x=1&amp;y=*">news.example</a>'),
    ],
)
def test_a_link_leads_where_it_should_in_every_markup(form: str, shown: str) -> None:
    signs = {"(b)": "%28b%29", "*": "%2A"}
    told = linked("https://ada@news.example/a_(b)?x=1&y=*", form)
    for sign, number in signs.items():
        assert sign not in told.replace("](", "").removesuffix(")")
        shown = shown.replace(sign, number)
    assert told == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://[2001:db8::1]:8443/(x)", "https://[2001:db8::1]:8443/%28x%29"),
        ("http://news.example?a=(b)//c", "http://news.example?a=%28b%29//c"),
        ("http://news.example//a/(b)", "http://news.example//a/%28b%29"),
        ("http://news.example", "http://news.example"),
    ],
)
def test_only_what_follows_the_host_is_written_in_numbers(url: str, shown: str) -> None:
    assert linked(url, "text") == shown


def test_what_is_no_web_address_is_no_link() -> None:
    assert "javascript" not in linked("javascript:alert(1)", "text")


@pytest.mark.parametrize(
    ("headline", "shown"),
    [
        ("<!channel> <@U123> <https://evil.example|bank>", "‹!channel› ‹＠U123› ‹https: //evil․example¦bank›"),
        ("@everyone [bank](https://evil.example)", "＠everyone (bank)(https: //evil․example)"),
        ("www.evil.example and 3.5 million, A&B &lt;b&gt;", "www․evil․example and 3.5 million, A&B ＆lt;b＆gt;"),
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
def test_nothing_that_chats_act_on_is_left_but_our_own_link(headline: str) -> None:
    text = brief(packed(edition(item(headline, outlet=headline))), room=4000).replace("https://example.org/1", "")
    assert not set("<>@*_`[]~|\\") & set(text)
    assert "://" not in text
    assert not re.search(r"\w\.[^\W\d_]", text)


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
    assert text.splitlines() == [
        "Espionage watch: ALERT",
        f"S-20261122-01  {HEADLINE}",
        "1 article, 1 origin, score 0.97, Example Times: https://example.org/1",
    ]
    assert TOKEN not in caplog.text


NASTY = replace(item("<!here> @channel &amp; *AT&T*"), url="https://example.org/a_b?x=1&y=(2)")
ADDRESS = "https://example.org/a_b?x=1&y=%282%29"


@pytest.mark.parametrize(
    ("kind", "url", "told"),
    [
        ("slack", "slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}/#general", "<{SAFE}|example.org>"),
        ("tgram", "tgram://123456789:abcdefg_hijklmnop/12315544/", '<a href="{SAFE}">example.org</a>'),
        ("workflows", "workflow://127.0.0.1:443/643e69f83c8944/NJBUSNBJhaAS", "[example.org]({ADDRESS})"),
        ("mmost", "mmost://127.0.0.1/{TOKEN}", "Times: {ADDRESS}"),
    ],
)
def test_each_chat_is_escaped_for_in_its_own_way(kind: str, url: str, told: str) -> None:
    apprise = pytest.importorskip("apprise")
    plugin = apprise.Apprise.instantiate(
        url.replace("{TOKEN}", "TIiajkdnlazkcOXrIdevi7FQ" if kind == "slack" else TOKEN)
    )
    form = plugin.resolve_format()
    text = plugin.dialect_convert(
        brief(packed(edition(NASTY)), room=4000, markup=MARKUPS[form.value]), body_format=form
    )
    assert told.replace("{SAFE}", ADDRESS.replace("&", "&amp;")).replace("{ADDRESS}", ADDRESS) in text
    assert ("AT&amp;T" in text) is (kind in {"slack", "tgram"})
    assert not {"<!", "@", "*"} & set(re.findall(r"<!|[@*]", text))


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
    assert "[channel.chat] kind: a chat needs apprise: pip install 'spywire[chat]'" in office.send().failures[0]
