"""No mail leaves without TLS, unless the settings say so; and no certificate is taken on trust."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.smtp import AuthResult

from tests.jobs.delivery.certificates import certificate
from tests.jobs.delivery.office import Office, Postbox, liar, server, to
from tests.jobs.delivery.test_smtp import answered

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, LoginPassword, Session


def let_in(_server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=mechanism in {"PLAIN", "LOGIN"} and data.password == b"hunter2!", handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # aiosmtpd sees no TLS from the first byte
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_through_tls_to_a_server_that_proves_its_name(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    context, public = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    office.add(*to("ada"))
    box, implicit = Postbox(), security == "tls"
    login = {"authenticator": let_in, "auth_required": True, "auth_require_tls": not implicit}
    with server(box, tls=context, implicit=implicit, require_starttls=not implicit, **login) as port:
        office.mail(port, security=security, user="digest", password="hunter2!")
        assert office.send().failures == []
    assert box.received() == ["ada@example.org"]


def test_a_reply_before_the_last_line_is_heard_through_tls(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, public = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))

    def talk(plain: socket.socket) -> None:
        with context.wrap_socket(plain, server_side=True) as line:
            line.sendall(b"220 mail\r\n")
            for reply in (b"250 mail\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 Go on\r\n552 Too much\r\n"):
                answered(line, reply)
            line.recv(65536)

    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port, security="tls")
        sent = office.send()
    assert office.states() == ["failed"]
    assert "before the end of the mail: 552 Too much" in sent.failures[0]


def test_a_wrong_password_waits_for_the_right_one(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, public = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    office.add(*to("ada"))
    with server(Postbox(), tls=context, require_starttls=True, authenticator=let_in, auth_required=True) as port:
        office.mail(port, security="starttls", user="digest", password="not it")
        sent = office.send()
        assert "does not let digest in" in sent.failures[0]
        assert "not it" not in sent.failures[0]
        office.mail(port, security="starttls", password="grün")
        assert "is not ASCII" in office.send(timedelta(hours=1)).failures[0]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({}, "self-signed certificate"),
        ({"name": "127.0.0.2"}, "IP address mismatch"),
        ({"days": 0}, "certificate has expired"),
    ],
    ids=["unknown", "another name", "expired"],
)
def test_a_server_that_cannot_prove_its_name_gets_nothing(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[str, object], words: str
) -> None:
    context, public = certificate(tmp_path, **made)  # type: ignore[arg-type]
    if made:
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
    office.add(*to("ada"))
    box = Postbox()
    for day, security in enumerate(("starttls", "tls")):
        with server(box, tls=context, implicit=security == "tls") as port:
            office.mail(port, security=security)
            sent = office.send(timedelta(days=day))
        assert (box.mails, office.states(), sent.exit) == ([], ["deferred"], 69)
        assert f"its certificate is not to be trusted: {words}" in sent.failures[0]


def test_a_server_without_starttls_gets_nothing(office: Office) -> None:
    office.add(*to("ada"))
    box = Postbox()
    with server(box) as port:
        office.mail(port, security="starttls", user="digest", password="hunter2!")
        sent = office.send()
    assert (box.mails, office.states()) == ([], ["deferred"])
    assert "offers no STARTTLS: without it nothing is sent; see [mail] port and security" in sent.failures[0]


@pytest.mark.parametrize(
    "reply",
    [b"454 Not now\r\n", b"250 Fine\r\n", b"220 Go on\r\n250 stripped\r\n"],
    ids=["refused", "waved through", "faked"],
)
def test_starttls_that_is_stripped_on_the_way_ends_it(office: Office, reply: bytes) -> None:
    said = []

    def talk(line: socket.socket) -> None:
        line.sendall(b"220 mail\r\n")
        said.append(answered(line, b"250-mail\r\n250 STARTTLS\r\n"))
        said.append(answered(line, reply))
        said.extend(answered(line, b"250 OK\r\n") for _ in range(3))

    office.add(*to("ada"))
    with liar(talk) as port:
        office.mail(port, security="starttls", user="digest", password="hunter2!", timeout=1)
        sent = office.send()
    assert (office.states(), sent.exit) == (["deferred"], 69)
    assert b"AUTH" not in b"".join(said)
    assert b"MAIL" not in b"".join(said)


def test_tls_to_a_server_that_speaks_none_ends_it(office: Office) -> None:
    office.add(*to("ada"))
    with server(Postbox()) as port:
        office.mail(port, security="tls", timeout=1)
        assert office.send().exit == 69
    assert office.states() == ["deferred"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_handshake_that_drips_has_an_end(office: Office, security: str) -> None:
    def talk(line: socket.socket) -> None:
        if security == "starttls":
            line.sendall(b"220 mail\r\n")
            answered(line, b"250-mail\r\n250 STARTTLS\r\n")
            answered(line, b"220 Go on\r\n")
        line.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")  # a ServerHello of 16 KiB begins
        while True:
            line.sendall(b"\0")
            sleep(0.1)

    office.add(*to("ada"))
    started = monotonic()
    with liar(talk) as port:
        office.mail(port, security=security, timeout=0.5)
        sent = office.send()
        took = monotonic() - started
    assert (office.states(), "no answer in time" in sent.failures[0]) == (["deferred"], True)
    assert took < 3
