"""What a mail looks like, whatever the headlines try."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP, default
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.delivery.addresses import mailbox
from jobs.delivery.mail import COLUMNS, envelope
from jobs.delivery.parcel import Parcel, header_line, parcel, subject
from jobs.digest.columns import columns
from jobs.digest.edition import Day
from jobs.digest.render import render
from jobs.exits import ConfigError
from jobs.settings import Mail, load_settings
from storage.records import EditionKind, StoredEdition
from tests.jobs.delivery.office import AT, DAY, HEADLINE, Office, edition, item
from tests.jobs.digest_edition import quiet

if TYPE_CHECKING:
    from email.message import EmailMessage

    from jobs.digest.edition import Edition

SETTINGS = Mail(host="mail.example.org", sender="Espionage watch <digest@example.org>")
ID = "<digest.0123456789abcdef0123456789abcdef@spywire.invalid>"
HOSTILE = [
    "Evil\r\nBcc: all@example.org\r\n\r\nBody",
    "Evil\u2028Bcc: all@example.org\u2029\x85\x0b\x0c\x1c",
    "\u202egpj.exe\u202c \u2066hidden\u2069",
    "x" * 10_000,
    "词" * 10_000,
    "🕵️‍♀️" * 500,
    "half \ud83d a pair \udc00",
    "=?utf-8?q?=0D=0ABcc=3A_all=40example=2Eorg?=",
    "\x00\x1b[31m",
    "",
]


def stored(kind: EditionKind = EditionKind.DIGEST) -> StoredEdition:
    window = {"since": AT - DAY, "until": AT, "due_at": AT, "composed_at": AT}
    return StoredEdition(id=1, number=12, profile="daily", kind=kind, key="k", body={}, **window)


def packed(composed: Edition | None = None, kind: EditionKind = EditionKind.DIGEST) -> Parcel:
    shown = composed or edition()
    return parcel(stored(kind), shown, ID, lambda form: render(shown, form, kind=kind))


def posted(composed: Edition | None = None, settings: Mail = SETTINGS, kind: EditionKind = EditionKind.DIGEST) -> bytes:
    return envelope(packed(composed, kind), "ada@example.org", settings).data


def read(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=default)


def test_text_comes_first_and_html_second() -> None:
    message = read(posted())
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert [line.rstrip() for line in text.get_content().splitlines()] == [
        line.rstrip() for line in render(edition(), "text").splitlines()
    ]
    assert HEADLINE.partition("'")[2] in html.get_content()


def test_the_headers_say_what_it_is_and_how_to_be_rid_of_it() -> None:
    message = read(posted())
    assert {name: str(message[name]) for name in message if name not in {"MIME-Version", "Content-Type"}} == {
        "From": "Espionage watch <digest@example.org>",
        "To": "ada@example.org",
        "Subject": "Espionage watch 12, 2026-11-22: 1 story",
        "Date": "Sun, 22 Nov 2026 07:00:00 +0000",
        "Message-ID": ID,
        "List-Id": "<daily.spywire.example.org>",
        "List-Unsubscribe": "<mailto:digest@example.org?subject=unsubscribe%20daily>",
        "Auto-Submitted": "auto-generated",
    }


def test_the_same_edition_for_the_same_reader_is_the_same_bytes() -> None:
    assert posted() == posted()
    assert envelope(packed(), "bob@example.org", SETTINGS).data != posted()


def test_one_click_is_promised_only_where_it_can_be_kept() -> None:
    link = "https://example.org/unsubscribe/" + "x" * 300
    message = read(posted(settings=SETTINGS.model_copy(update={"unsubscribe": link, "reply_to": "desk@example.org"})))
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Reply-To"] == "desk@example.org"


def test_an_alert_says_so_in_its_subject() -> None:
    message = read(posted(kind=EditionKind.ALERT))
    assert message["Subject"] == f"ALERT: {HEADLINE}"


def test_a_subject_tells_a_profile_that_asked_for_none_of_it_from_a_world_without_any() -> None:
    ends = [subject(replace(quiet(), left_out=n), kind=EditionKind.DIGEST, number=3).split(": ")[1] for n in (0, 14)]
    assert ends == ["nothing flagged", "nothing for this profile"]


def test_a_blind_day_and_the_traffic_light_stand_in_the_subject() -> None:
    blind = replace(edition(day=Day.BLIND), tlp="AMBER+STRICT")
    assert subject(blind, kind=EditionKind.DIGEST, number=3) == (
        "[TLP:AMBER+STRICT] Espionage watch 3, 2026-11-22: BLIND DAY, 1 story"
    )


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize("kind", list(EditionKind))
def test_no_headline_breaks_a_mail(number: int, kind: EditionKind) -> None:
    hostile = HOSTILE[number]
    data = posted(edition(item(hostile, outlet="=cmd()"), title=hostile), kind=kind)
    check(data)
    message = read(data)
    assert "Bcc" not in message
    assert columns(message["Subject"]) <= 120


@settings(max_examples=50)
@given(st.text(max_size=300), st.text(max_size=80))
def test_no_text_breaks_a_mail(headline: str, outlet: str) -> None:
    check(posted(edition(item(headline, outlet=outlet), title=headline)))
    check(posted(edition(item(headline, outlet=outlet)), kind=EditionKind.ALERT))


def check(data: bytes) -> None:
    """Seven bits, short lines, CRLF alone, the headers that we wrote and no other, and bytes that come back equal."""
    assert data.isascii()
    lines = data.split(b"\r\n")
    assert not [line for line in lines if b"\r" in line or b"\n" in line or b"\0" in line]
    head = lines[: lines.index(b"")]
    long = [line for line in lines if len(line) > 78 and not line.startswith((b"List-", b"Message-ID"))]
    assert not long, long
    message = read(data)
    assert not [part.defects for part in message.walk() if part.defects]
    assert len(message.keys()) == 10
    assert len([line for line in head if not line.startswith((b" ", b"\t"))]) == 10
    assert len(list(message.iter_parts())) == 2
    assert message_from_bytes(data, policy=SMTP).get_payload(0).get_content_type() == "text/plain"  # type: ignore[union-attr]


WORDS = (
    "خبر عاجل تجسس على وزارة الخارجية في الدولة",
    "외교부 이메일 해킹 러시아 정보기관 배후로 지목",
    "Υπουργείο Εξωτερικών κατασκοπεία από χάκερ",
    "Хакеры ГРУ взломали министерство иностранных дел",
    "Norway’s ministry was read for 14 months — report, says: “x” (2) =?utf-8?q?x?= a;b",
    "外交部郵件遭駭 🕵️‍♀️ नमस्ते दुनिया",
    "x" * 90,
)
SHUFFLED = st.sampled_from(WORDS).flatmap(lambda words: st.permutations(words.split())).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.one_of(SHUFFLED.map("[TLP:AMBER] ALERT: {}".format), st.text(max_size=200)))
@example("[TLP:AMBER] ALERT: على عاجل خبر في الخارجية وزارة تجسس الدولة")  # the library's own folding joins two words
@example("[TLP:AMBER] ALERT: 배후로 해킹 외교부 이메일 러시아 지목 정보기관")
def test_a_subject_is_read_as_it_was_written(text: str) -> None:
    told = header_line(text)
    letter = replace(packed(), subject=told, write=lambda _: "")
    data = envelope(letter, "ada@example.org", SETTINGS).data
    raw = str(message_from_bytes(data)["Subject"])
    assert (str(read(data)["Subject"]), unfolded(raw)) == (told, told)
    assert all(len(line) <= COLUMNS for line in f"Subject: {raw}".splitlines())
    assert len(read(data).keys()) == 10
    assert data == envelope(letter, "ada@example.org", SETTINGS).data


@settings(max_examples=40, deadline=None)
@given(SHUFFLED.map(lambda text: text.replace("=?", "").replace("\u200d", "")))
def test_a_sender_s_name_is_read_as_it_was_written(name: str) -> None:
    sender = f'"{name}" <digest@example.org>'
    letter = replace(packed(), write=lambda _: "")
    data = envelope(letter, "ada@example.org", SETTINGS.model_copy(update={"sender": sender})).data
    raw = str(message_from_bytes(data)["From"])
    shown, _, address = raw.rpartition(" <")
    assert (unfolded(shown).removeprefix('"').removesuffix('"'), address) == (name, "digest@example.org>")
    assert str(read(data)["From"].addresses[0].addr_spec) == "digest@example.org"
    assert all(len(line) <= COLUMNS for line in f"From: {raw}".splitlines())


def unfolded(raw: str) -> str:
    """As RFC 5322, 2.2.3 and RFC 2047 have it. The library's newer parser puts spaces into names."""
    return str(make_header(decode_header(raw.replace("\r\n", ""))))


def test_a_tower_of_accents_is_no_subject() -> None:
    shown = header_line("Z" + "\u0336\u0317\u0348" * 20 + " was here")
    assert (shown[0], shown[-9:], len(shown)) == ("Z", " was here", 1 + 4 + 9)
    assert header_line("Tiếng Việt " + "ả" * 5) == "Tiếng Việt " + "ả" * 5


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.org\nBcc: all@example.org",
        "ada@example.org\r\n",
        "ada@example.org\u2028",
        "ada@example.org, bob@example.org",
        "Ada <ada@example.org> <bob@example.org>",
        "ada@example.org> RCPT TO:<bob@example.org",
        "ada bob@example.org",
        "ada",
        "@example.org",
        "ada@",
        "ada@exa mple.org",
        "ada@-example.org",
        "ädä@example.org",
        "ada@" + "x" * 64 + ".org",
        "a" * 250 + "@example.org",
        '"a\\"b"@example.org',
        "group: ada@example.org;",
        "\ud800@example.org",
        "=?utf-8?q?=0D=0ABcc=3A?= <ada@example.org>",
    ],
)
def test_what_is_not_one_mail_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        mailbox(text)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ada@example.org", "", "ada@example.org"),
        ("Ada Example <ada+digest@example.org>", "Ada Example", "ada+digest@example.org"),
        ('"Example, Ada" <ada@example.org>', "Example, Ada", "ada@example.org"),
        ("Jürgen <j@bücher.example>", "Jürgen", "j@xn--bcher-kva.example"),
        ("root@localhost", "", "root@localhost"),
        ("ada@[192.0.2.1]", "", "ada@[192.0.2.1]"),
    ],
)
def test_a_mail_address_is_read_in_its_usual_forms(text: str, name: str, address: str) -> None:
    found = mailbox(text)
    assert (found.name, found.address) == (name, address)


def test_a_sender_of_any_script_is_written_so_that_every_server_takes_it() -> None:
    data = posted(settings=SETTINGS.model_copy(update={"sender": "Wächter \U0001f575 <digest@bücher.example>"}))
    check(data)
    assert str(read(data)["From"]) == "Wächter \U0001f575 <digest@xn--bcher-kva.example>"


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("profile.daily", {"to": ["ada@example.org\nBcc: all@example.org"]}),
        ("mail", {"sender": "a@example.org, b@example.org"}),
        ("mail", {"reply_to": "nobody"}),
        ("mail", {"unsubscribe": "https://example.org/>\r\nBcc: all@example.org"}),
    ],
)
def test_settings_with_a_bad_address_are_refused_with_their_place(
    office: Office, section: str, values: dict[str, object]
) -> None:
    office.set(section, **values)
    with pytest.raises(ConfigError, match=rf"spywire\.toml:2: \[{section}\] {next(iter(values))}: .*"):
        load_settings(office.home, {})


def test_a_mail_without_a_sender_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"\[mail\] sender is empty; write one into spywire.toml"):
        posted(settings=Mail(host="mail.example.org"))
