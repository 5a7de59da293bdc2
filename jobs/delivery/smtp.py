"""Handing a mail to a server, step by step, so that it is known how far one came.

A server is not trusted: its replies have a length, a number of lines and a time, and all of them together have one too;
it proves its name by a certificate, and it never talks anybody out of TLS.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from base64 import b64encode
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

from jobs.delivery.deadline import cut_off
from jobs.delivery.outcome import Ending, deferred, failed, of_reply, uncertain
from jobs.exits import ConfigError
from jobs.settings import Security

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from threading import Event
    from typing import BinaryIO

    from jobs.delivery.mail import Envelope
    from jobs.settings import Mail

PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
PRELUDE = 6  # times the timeout, for all that comes before the text, TLS and its handshake included
LAST_WORD = 10  # times for the text and its reply, together
END_OF_TEXT = b".\r\n"
DONE, GO_ON = 2, 354  # the first digit of a yes; what DATA is answered
GOODBYE = 3.0  # seconds that QUIT is given
MOST_LINES = 100  # of one reply
LONGEST_LINE = 2_000  # RFC 5321 has 512
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\r?\n", re.DOTALL)


class ServerError(Exception):
    """The server does not do what is asked of it, whatever the mail; nothing was handed over."""


class SilentError(OSError):
    """The server is gone, too slow, or speaks no SMTP."""


def send_mail(envelope: Envelope, settings: Mail, begin: Callable[[], bool]) -> Ending | None:
    """Hand over one mail. `begin` is asked before its last line is sent, and may forbid it: None.

    Whatever ends before that line, nothing has arrived (RFC 5321, 4.1.1.4): the time in which nobody can know lasts
    from there to the server's reply, however long the text takes.

    Raises `ConfigError` where the settings cannot be used.
    """
    try:
        with _session(settings) as session:
            return _handed(session, envelope, begin)
    except ServerError as error:
        return deferred(str(error), down=True)
    except (OSError, smtplib.SMTPException) as error:  # nothing was handed over: `_texted` answers for what came after
        return deferred(f"{_place(settings)}: {_cause(error)}", down=True)


def greet(settings: Mail) -> None:
    """Connect, log in and say goodbye: what a mail would come upon first.

    Raises `ServerError` for a refusal, `OSError` where nobody answers, `ConfigError` for settings that cannot be used.
    """
    try:
        with _session(settings) as session:
            session.take_leave()
    except smtplib.SMTPException as error:
        raise ServerError(f"{_place(settings)}: {_cause(error)}") from error


def _handed(session: _Session, envelope: Envelope, begin: Callable[[], bool]) -> Ending | None:
    room, size = session.esmtp_features.get("size", ""), len(envelope.data)
    if room.isdecimal() and 0 < int(room) < size:
        session.take_leave()
        return failed(f"the server takes mails of {int(room):,} bytes, this one has {size:,}")
    told = f" SIZE={size}" if session.has_extn("size") else ""
    for command in (f"MAIL FROM:<{envelope.sender}>{told}", f"RCPT TO:<{envelope.recipient}>"):
        code, words = session.docmd(command)
        if code // 100 != DONE:
            session.take_leave()
            return _at(command.partition(":")[0], of_reply(code, _text(words)))
    code, words = session.docmd("DATA")
    if code != GO_ON:
        session.take_leave()
        return _at("DATA", of_reply(code, _text(words)))
    return _texted(session, _dotted(envelope.data), begin)


def _texted(session: _Session, text: bytes, begin: Callable[[], bool]) -> Ending | None:
    try:
        session.put(text)
    except (OSError, smtplib.SMTPException) as error:
        return deferred(f"the server was lost before it had the whole mail: {_cause(error)}")
    if not begin():
        return None
    try:
        early = session.early()
    except (OSError, smtplib.SMTPException) as error:
        return deferred(f"the server was lost before it had the whole mail: {_cause(error)}")
    if early is not None:
        return _at("before the end of the mail", of_reply(early[0], _text(early[1])))
    try:
        code, words = session.end()
    except (OSError, smtplib.SMTPException) as error:
        return uncertain(f"the server was lost while it took the mail: {_cause(error)}")
    session.take_leave()
    return of_reply(code, _text(words), after_data=True)


def _at(step: str, ending: Ending) -> Ending:
    return Ending(state=ending.state, words=f"{step}: {ending.words}", wait=ending.wait, down=ending.down)


class _Session(smtplib.SMTP):
    """A connection whose every reply has an end, and which has one itself. It has `patience` seconds for each step."""

    tls: ssl.SSLContext | None = None  # from the first byte on
    _host: str  # what starttls() compares the certificate with

    def __init__(self, *, patience: float) -> None:
        super().__init__(local_hostname=_own_name(), timeout=patience)
        self._patience = patience
        self._ends = monotonic() + PRELUDE * patience

    def host_is(self, name: str) -> None:
        """Whose certificate is asked for."""
        self._host = name

    def getreply(self) -> tuple[int, bytes]:
        return self._reply(self._left())

    def put(self, text: bytes) -> None:
        """Send the text of a mail, without the line that ends it."""
        self._patience *= LAST_WORD
        self._ends = monotonic() + self._patience
        self._line_to().settimeout(self._patience)  # holds for all of it, not for each part
        self.send(text)

    def early(self) -> tuple[int, bytes] | None:
        """What the server replies before the text has its end; whatever it says, it cannot have taken the mail.

        Raises `OSError` where a text cannot be ended: there is no time left, or no connection.
        """
        line, left = self._line_to(), self._left()
        line.settimeout(0)
        try:
            spoke = self.file is not None and self.file.peek(1)
        except ssl.SSLWantReadError:
            spoke = b""
        finally:
            line.settimeout(left)
        return self.getreply() if spoke else None

    def end(self) -> tuple[int, bytes]:
        """Send the line that ends a text; the reply to it."""
        self.send(END_OF_TEXT)
        return self.getreply()

    def take_leave(self) -> None:
        """Say goodbye. How the server takes it changes nothing any more."""
        self._patience, self._ends = min(self._patience, GOODBYE), monotonic() + GOODBYE
        with suppress(OSError, smtplib.SMTPException):
            self._line_to().settimeout(self._patience)
            self.docmd("QUIT")

    def _left(self) -> float:
        """What the next step may take."""
        left = min(self._patience, self._ends - monotonic())
        if left <= 0:
            raise SilentError("no end in time")
        return left

    def _reply(self, patience: float) -> tuple[int, bytes]:
        line, said = self._line_to(), []
        line.settimeout(patience)  # also for what comes next: a handshake has as long in all, not for each byte
        file = self.file = self.file or line.makefile("rb")
        with cut_off(line, after=patience) as over:
            for _ in range(MOST_LINES):
                code, more, words = _read(file, over)
                said.append(words)
                if not more:
                    return code, b"\n".join(said)
        raise SilentError(f"a reply has more than {MOST_LINES} lines")

    def _line_to(self) -> socket.socket:
        if self.sock is None:
            raise SilentError("the connection was closed")
        return self.sock

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        return self.tls.wrap_socket(plain, server_hostname=host) if self.tls else plain


def _read(file: BinaryIO, over: Event) -> tuple[int, bool, bytes]:
    """A line's code, whether more follow, and its words."""
    try:
        line = file.readline(LONGEST_LINE + 1)
    except TimeoutError as error:
        raise SilentError("no answer in time") from error
    if not line.endswith(b"\n"):
        if len(line) > LONGEST_LINE:
            raise SilentError("a reply has no end")
        raise SilentError("no answer in time" if over.is_set() else "the connection was closed")
    reply = _REPLY.fullmatch(line)
    if reply is None:
        raise SilentError(f"this is no SMTP: {_text(line[:80])}")
    return int(reply[1]), reply[2] == b"-", (reply[3] or b"").strip()


@contextmanager
def _session(settings: Mail) -> Iterator[_Session]:
    check_server(settings)
    session = _Session(patience=settings.timeout)
    try:
        _open(session, settings)
        _introduce(session, settings)
        yield session
    finally:
        session.close()


def _open(session: _Session, settings: Mail) -> None:
    context = ssl.create_default_context()
    if settings.security is Security.TLS:
        session.tls = context
    session.host_is(settings.host)
    _expect("greeting", *session.connect(settings.host, settings.port or PORTS[settings.security]), settings)
    _expect("EHLO", *session.ehlo(), settings)
    if settings.security is not Security.STARTTLS:
        return
    if not session.has_extn("starttls"):
        cure = "without it nothing is sent; see [mail] port and security"
        raise ServerError(f"{_place(settings)} offers no STARTTLS: {cure}")
    try:
        session.starttls(context=context)
    except smtplib.SMTPResponseException as error:  # whatever is not 220, a friendly 250 among them
        raise ServerError(f"{_place(settings)}: STARTTLS: {error.smtp_code} {_text(error.smtp_error)}") from error
    _expect("EHLO", *session.ehlo(), settings)


def _introduce(session: _Session, settings: Mail) -> None:
    if not settings.user:
        return
    place, password = _place(settings), settings.password.get_secret_value()
    try:
        session.login(settings.user, password)
    except smtplib.SMTPAuthenticationError as error:
        told = _masked(f"{error.smtp_code} {_text(error.smtp_error)}", settings.user, password)
        cure = "see [mail] user and password"
        raise ServerError(f"{place} does not let {settings.user} in: {cure}; it says {told}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise ServerError(f"{place} offers no login that is known here: see [mail] user, port and security") from error
    except ValueError as error:  # its text may hold the password
        raise ServerError(f"{place}: no login: its challenge, or [mail] user or password, is not ASCII") from error


def _masked(words: str, user: str, password: str) -> str:
    """A server may repeat what it was given: the password, or the line in which it was encoded."""
    for said in (password, f"\0{user}\0{password}"):
        for secret in (said, b64encode(said.encode()).decode()):
            words = words.replace(secret, "***") if password else words
    return words


def check_server(settings: Mail) -> None:
    """Raises `ConfigError` for settings with which no server can be used. Nobody is asked."""
    if not settings.host:
        raise ConfigError("[mail] host is empty, and mail is to be sent; write the server's name into spywire.toml")
    if settings.user and settings.security is Security.NONE and settings.host not in LOOPBACK:
        raise ConfigError("[mail] security = none would send the password for everybody to read; use starttls or tls")


def _expect(step: str, code: int, words: bytes | str, settings: Mail) -> None:
    """Before a mail is named, every refusal is of us and not of it: it may be lifted for all of them."""
    if code // 100 != DONE:
        raise ServerError(f"{_place(settings)}: {step}: {code} {_text(words)}")


def _dotted(data: bytes) -> bytes:
    """RFC 5321, 4.5.2; every line ends in CRLF, and none is a lone dot before the last."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    lines = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines)


def _own_name() -> str:
    """What EHLO says. Asking the resolver for a full name may take half a minute."""
    import socket

    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name) else "[127.0.0.1]"


def _place(settings: Mail) -> str:
    return f"{settings.host}:{settings.port or PORTS[settings.security]}"


def _text(words: bytes | str) -> str:
    return words.decode("ascii", "replace") if isinstance(words, bytes) else words


def _cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
