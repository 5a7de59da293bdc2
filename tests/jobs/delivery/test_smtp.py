"""Mail servers as they are: what each of them does to an edition, and that nothing is lost and nothing sent twice."""

from __future__ import annotations

import socket
import struct
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jobs.crawl import owner
from jobs.delivery.mail import Envelope
from jobs.delivery.smtp import send_mail
from jobs.settings import load_settings
from storage.records import DeliveryState
from tests.jobs.delivery.office import AT, Office, Postbox, free_port, liar, server, to

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = timedelta(hours=1)


def test_each_recipient_gets_one_mail_and_no_second(office: Office) -> None:
    office.add(*to("ada", "bob"))
    box = Postbox()
    with server(box) as port:
        office.mail(port)
        assert (office.send().failures, office.send(HOUR).counts) == ([], {})
    assert box.received() == ["ada@example.org", "bob@example.org"]
    assert office.states() == ["sent", "sent"]
    assert box.message(0)["Message-ID"] != box.message(1)["Message-ID"]


def test_one_bad_address_resends_to_nobody_else(office: Office) -> None:
    office.add(*to("ada", "gone", "bob"))
    box = Postbox(replies={"gone@example.org": ["550 5.1.1 No such user"]})
    with server(box) as port:
        office.mail(port)
        sent = office.send()
        office.send(24 * HOUR)
    assert box.received() == ["ada@example.org", "bob@example.org"]
    assert office.states() == ["sent", "failed", "sent"]
    assert (sent.exit, sent.failures) == (
        1,
        ["daily digest 1 to gone@example.org: failed: RCPT TO: 550 5.1.1 No such user"],
    )


def test_a_greylisted_mail_arrives_at_the_fourth_attempt(office: Office) -> None:
    office.add(*to("ada"))
    box = Postbox(replies={"RCPT": ["450 4.7.1 Greylisted"] * 3})
    with server(box) as port:
        office.mail(port)
        waits = []
        for hours in range(5):
            office.send(hours * HOUR)
            found = office.one()
            waits.append(found.next_at and found.next_at - hours * HOUR)
            if not box.mails:
                assert (found.state, "Greylisted" in found.detail) == ("deferred", True)
    assert [wait and wait.minute for wait in waits] == [5, 15, 30, None, None]
    assert (box.received(), office.one().attempts) == (["ada@example.org"], 4)


def test_nobody_is_asked_again_before_the_time(office: Office) -> None:
    office.add(*to("ada"))
    box = Postbox(replies={"RCPT": ["450 4.7.1 Greylisted"]})
    with server(box) as port:
        office.mail(port)
        office.send()
        office.send(timedelta(minutes=4))
        assert (box.mails, office.one().attempts) == ([], 1)
        office.send(timedelta(minutes=6))
    assert office.states() == ["sent"]


def test_a_server_that_closes_down_is_not_asked_for_everybody(office: Office) -> None:
    office.add(*to("ada", "bob", "eve"))
    box = Postbox(replies={"MAIL": ["421 4.3.2 Shutting down", "500 you should not have come back"]})
    with server(box) as port:
        office.mail(port)
        sent = office.send()
        assert (office.states(), sent.exit) == (["deferred"] * 3, 69)
        box.replies.clear()
        office.send(HOUR)
    assert len(box.received()) == 3


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_mail_that_may_have_arrived_is_sent_once_more_under_its_own_name(office: Office, how: str) -> None:
    office.add(*to("ada"))
    box = Postbox(hang_up=[how])
    with server(box) as port:
        office.mail(port)
        office.send()
        assert (office.states(), "lost while it took the mail" in office.one().detail) == (["uncertain"], True)
        for hours in range(1, 30):
            office.send(hours * HOUR)
    assert office.states() == ["sent"]
    assert len(box.mails) == (1 if how == "before" else 2)
    assert {box.message(n)["Message-ID"] for n in range(len(box.mails))} == {office.one().message_id}


def test_a_mail_that_may_have_arrived_twice_is_not_sent_a_third_time(office: Office) -> None:
    office.add(*to("ada"))
    box = Postbox(hang_up=["after"] * 9)
    with server(box) as port:
        office.mail(port)
        sent = [office.send(hours * HOUR) for hours in range(9)]
    assert (len(box.mails), office.states()) == (2, ["failed"])
    assert "sent twice, and it is not known whether it arrived" in sent[1].failures[0]


def test_a_mail_that_was_cut_off_twice_is_given_up_aloud(office: Office) -> None:
    office.add(*to("ada"))
    office.mail(free_port())
    for _ in range(2):  # as a sender does that is killed on the way
        held = office.outbox.claim(owner="killed", at=AT, lease=HOUR)
        assert held is not None
        assert office.outbox.begin(held, owner="killed", at=AT)
        assert not office.send(timedelta(minutes=1)).counts, "it is in another sender's hands"
        sent = office.send(2 * HOUR) if held.state == "uncertain" else None
        office.outbox.release(owner="killed", at=AT)
    assert sent is not None
    assert (sent.exit, office.states()) == (1, ["failed"])
    assert "cut off twice while it was on its way" in sent.failures[0]


def test_a_resend_that_was_refused_is_still_owed(office: Office) -> None:
    office.add(*to("ada"))
    box = Postbox(hang_up=["before"])
    with server(box) as port:
        office.mail(port)
        office.send()
        box.replies["DATA"] = ["451 4.3.0 Disk full"]
        office.send(HOUR)
        assert office.states() == ["uncertain"]
        office.send(2 * HOUR)
    assert (box.received(), office.states()) == (["ada@example.org"], ["sent"])


def test_a_refusal_of_the_text_is_final_or_passes_as_the_server_says(office: Office) -> None:
    office.add(*to("ada", "bob"))
    box = Postbox(replies={"DATA": ["554 5.7.1 Looks like spam", "452 4.2.2 Mailbox full"]})
    with server(box) as port:
        office.mail(port)
        office.send()
        assert office.states() == ["failed", "deferred"]
        office.send(HOUR)
    assert (office.states(), box.received()) == (["failed", "sent"], ["bob@example.org"])


def test_a_mail_larger_than_the_server_takes_is_not_sent(office: Office) -> None:
    office.add(*to("ada"))
    with server(Postbox(), data_size_limit=500) as port:
        office.mail(port)
        sent = office.send()
    assert office.states() == ["failed"]
    assert "the server takes mails of 500 bytes, this one has " in sent.failures[0]


def test_a_server_that_is_not_there_is_tried_for_days_and_then_given_up(office: Office) -> None:
    office.add(*to("ada"))
    office.mail(free_port())
    sent = [office.send(hours * HOUR) for hours in range(0, 25 * 13, 25)]
    assert (sent[0].exit, "nobody listens there" in sent[0].failures[0]) == (69, True)
    assert (office.states(), office.one().attempts) == (["failed"], 12)
    assert "given up after 12 attempts" in office.one().detail


def test_a_login_that_is_refused_keeps_the_mail_and_the_password(office: Office) -> None:
    def talk(line: socket.socket) -> None:
        line.sendall(b"220 mail\r\n")
        answered(line, b"250-mail\r\n250 AUTH PLAIN LOGIN\r\n")
        for _ in range(4):
            answered(line, b"535 5.7.8 hunter2! AGRpZ2VzdABodW50ZXIyIQ== aHVudGVyMiE=\r\n")

    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port, user="digest", password="hunter2!")
        sent = office.send()
    assert office.states() == ["deferred"]
    assert "does not let digest in: see [mail] user and password; it says 535 5.7.8 *** *** ***" in sent.failures[0]


def test_a_password_is_never_sent_in_the_clear(office: Office) -> None:
    office.add(*to("ada"))
    office.mail(25, host="mail.example.org", user="digest", password="hunter2!")
    sent = office.send()
    assert "[mail] security = none would send the password" in sent.failures[0]


def test_a_server_that_is_slow_at_every_step_does_not_hold_the_line_for_ever(office: Office) -> None:
    import time

    steps = [b"220 mail", b"250-mail\r\n250 AUTH PLAIN LOGIN", b"535 No", b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6"]

    def talk(line: socket.socket) -> None:
        for number, reply in enumerate([*steps, b"235 Welcome", b"250 OK", b"250 OK", b"354 Go on", b"250 Taken"]):
            if number:
                line.recv(1 << 20)
            time.sleep(0.4)  # each reply is in time
            line.sendall(reply + b"\r\n")

    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port, user="digest", password="hunter2!", timeout=0.5)
        sent = office.send()
    assert (office.states(), sent.exit) == (["deferred"], 69)
    assert "in time" in sent.failures[0]


def answered(line: socket.socket, reply: bytes) -> bytes:
    """What was said, after which this is replied."""
    said = line.recv(65536)
    line.sendall(reply)
    return said


def until_data(line: socket.socket) -> None:
    line.sendall(b"220 mail\r\n")
    for reply in (b"250 mail\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 Go on\r\n"):
        answered(line, reply)


def said_all(line: socket.socket) -> None:
    said = b""
    while not said.endswith(b"\r\n.\r\n"):
        said += line.recv(65536)


def no_smtp(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 400 \x1b[31mBad\x1b[0m\r\n\r\n")


def endless_banner(line: socket.socket) -> None:
    while True:
        line.sendall(b"220-Welcome\r\n" * 1000)


def endless_line(line: socket.socket) -> None:
    while True:
        line.sendall(b"220 " + b"x" * 10_000)


def drip(line: socket.socket) -> None:
    import time

    while True:
        line.sendall(b"2")
        time.sleep(0.2)


def silence(line: socket.socket) -> None:
    line.recv(1)


def hang_up_at_once(line: socket.socket) -> None:
    line.close()


def no_reply_code(line: socket.socket) -> None:
    line.sendall(b"220 mail\r\n")
    answered(line, b"99 bottles of beer\r\n")


def refuse_everybody(line: socket.socket) -> None:
    line.sendall(b"554 No SMTP service here\r\n")


def yes_too_early(line: socket.socket) -> None:
    line.sendall(b"220 mail\r\n")
    for reply in (b"250 mail\r\n", b"250 OK\r\n", b"250 OK\r\n", b"250 I have it already\r\n"):
        answered(line, reply)


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (no_smtp, "this is no SMTP: HTTP/1.1 400 [31mBad[0m"),
        (endless_banner, "a reply has more than 100 lines"),
        (endless_line, "a reply has no end"),
        (drip, "no answer in time"),
        (silence, "no answer in time"),
        (hang_up_at_once, "the connection was closed"),
        (no_reply_code, "this is no SMTP: 99 bottles"),
        (refuse_everybody, "greeting: 554 No SMTP service here"),
        (yes_too_early, "DATA: the server does not keep to the protocol: 250 I have it already"),
    ],
)
def test_a_server_that_lies_before_it_has_the_mail_only_delays_it(
    office: Office, talk: Callable[[socket.socket], None], words: str
) -> None:
    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port, timeout=0.5)
        sent = office.send()
    assert (office.states(), sent.exit) == (["deferred"], 69)
    assert words in sent.failures[0]
    box = Postbox()
    with server(box) as port:
        office.mail(port)
        office.send(HOUR)
    assert box.received() == ["ada@example.org"]


@pytest.mark.parametrize(
    "last",
    [b"", b"Thanks!\r\n", b"354 More, please\r\n", b"250-Taken\r\n" * 200, b"250 " + b"x" * 5000],
    ids=["silence", "garbage", "more", "endless", "long"],
)
def test_a_server_that_lies_once_it_has_the_mail_leaves_it_uncertain(office: Office, last: bytes) -> None:
    def talk(line: socket.socket) -> None:
        until_data(line)
        said_all(line)
        line.sendall(last)

    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port, timeout=0.2)
        office.send()
        assert office.states() == ["uncertain"]
        office.send(HOUR)
        assert office.states() == ["failed"]


@pytest.mark.parametrize(
    ("early", "state"),
    [
        (b"250 I have it already\r\n", "deferred"),
        (b"452 4.2.2 Mailbox full\r\n", "deferred"),
        (b"552 5.3.4 Too much of it\r\n", "failed"),
    ],
)
def test_a_reply_before_the_last_line_is_heard_and_never_a_yes(office: Office, early: bytes, state: str) -> None:
    def talk(line: socket.socket) -> None:
        line.sendall(b"220 mail\r\n")
        for reply in (b"250 mail\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 Go on\r\n" + early):
            answered(line, reply)
        text.append(b"".join(iter(lambda: line.recv(65536), b"")))

    text: list[bytes] = []
    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port)
        sent = office.send()
    assert office.states() == [state]
    assert "before the end of the mail: " in sent.failures[0]
    assert early[:-2].decode() in sent.failures[0]
    assert b"\r\n.\r\n" not in text[0], "so it cannot have been taken"


def test_a_server_that_is_lost_before_the_last_line_cannot_have_taken_the_mail(office: Office) -> None:
    def talk(line: socket.socket) -> None:
        until_data(line)
        line.recv(1000)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not a goodbye

    mail = Envelope(sender="digest@example.org", recipient="ada@example.org", data=b"Word of it.\r\n" * 3_000_000)
    with liar(talk) as port:
        office.mail(port)
        ending = send_mail(mail, load_settings(office.home, {}).settings.mail, begin=lambda: pytest.fail("begun"))
    assert ending is not None
    assert ending.state is DeliveryState.DEFERRED
    assert "lost before it had the whole mail" in ending.words


def test_a_mail_that_another_sender_took_over_while_it_was_handed_over_is_not_ended(office: Office) -> None:
    office.add(*to("ada"))

    def talk(line: socket.socket) -> None:
        line.sendall(b"220 mail\r\n")
        for reply in (b"250 mail\r\n", b"250 OK\r\n", b"250 OK\r\n"):
            answered(line, reply)
        line.recv(65536)
        office.outbox.release(owner=owner(office.home), at=AT)
        assert office.outbox.claim(owner="another", at=AT, lease=HOUR)
        line.sendall(b"354 Go on\r\n")
        text.append(b"".join(iter(lambda: line.recv(65536), b"")))

    text: list[bytes] = []
    with liar(talk) as port:
        office.mail(port)
        office.send()
    assert len(text[0]) > 1000
    assert b"\r\n.\r\n" not in text[0], "whoever took it over sends it"
    assert office.states() == ["pending"]


def test_a_slow_server_has_its_time(office: Office) -> None:
    import time

    def talk(line: socket.socket) -> None:
        time.sleep(0.5)
        until_data(line)
        said_all(line)
        time.sleep(1.2)  # longer than any other reply may take: the mail is in its hands
        line.sendall(b"250 Taken\r\n")

    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port, timeout=1)
        assert office.send().failures == []
