"""An edition to a program on the web: signed, dated, and with a name of its own (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobs.delivery.deadline import cut_off
from jobs.delivery.outcome import Ending, deferred, of_status, retry_after, uncertain
from jobs.exits import ConfigError
from jobs.settings import Form

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from urllib.parse import SplitResult

    from jobs.delivery.parcel import Parcel
    from jobs.settings import Channel

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
ENCODED = "whsec_"  # before a secret in base64


def post(channel: Channel, parcel: Parcel, begin: Callable[[], bool], *, at: datetime) -> Ending | None:
    """POST an edition. Raises `ConfigError` where the address or the secret cannot be used.

    The address may be private: it stands in the operator's settings, nobody else's words lead there, and no redirect
    leads away from it.
    """
    parts = _checked(channel.url.get_secret_value())
    body = payload(parcel, channel.form)
    headers = {"Content-Type": "application/json", "User-Agent": f"spywire/{version('spywire')}"}
    headers |= signed(channel.secret.get_secret_value(), parcel.message_id, at, body)
    connection = _connection(parts, channel.timeout)
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        return deferred(f"{parts.hostname} cannot be reached: {_cause(error)}", down=True)
    try:
        if not begin():
            return None
        with cut_off(connection.sock, after=channel.timeout):
            target = parts.path or "/"
            connection.request("POST", f"{target}?{parts.query}" if parts.query else target, body, headers)
            answer = connection.getresponse()
        return of_status(answer.status, retry_after=retry_after(answer.headers["Retry-After"], at=at))
    except (OSError, HTTPException) as error:
        return uncertain(f"{parts.hostname} was lost before it answered: {_cause(error)}")
    finally:
        connection.close()


def check_webhook(channel: Channel) -> None:
    """Raises `ConfigError` where the address or the secret cannot be used. Nobody is asked."""
    _checked(channel.url.get_secret_value())
    _key(channel.secret.get_secret_value())


def payload(parcel: Parcel, form: Form) -> bytes:
    """What is posted. In JSON form `body` is the edition's document, otherwise its text."""
    text = parcel.write(form)
    content = {
        "id": parcel.message_id.strip("<>"),
        "kind": parcel.kind,
        "profile": parcel.profile,
        "number": parcel.number,
        "subject": parcel.subject,
        "composed_at": parcel.composed_at.isoformat(),
        "form": form,
        "body": json.loads(text) if form is Form.JSON else text,
    }
    return json.dumps(content).encode("ascii")


def signed(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove who sent this body, and when; without a secret they only name it."""
    name, moment = message_id.strip("<>"), str(int(at.timestamp()))
    headers = {"webhook-id": name, "webhook-timestamp": moment, "Idempotency-Key": name}
    if secret:
        digest = hmac.digest(_key(secret), f"{name}.{moment}.".encode() + body, "sha256")
        headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode("ascii")
    return headers


def _key(secret: str) -> bytes:
    if not secret.startswith(ENCODED):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(ENCODED), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(f"[channel] secret begins with {ENCODED} and is no base64 after it") from None


def _checked(url: str) -> SplitResult:
    """The address, never shown whole: it may hold a token."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError("[channel] url is no address; write https://HOST/PATH") from None
    if not host or parts.scheme not in {"http", "https"} or port == 0 or not url.isascii() or not url.isprintable():
        raise ConfigError("[channel] url is no web address; write https://HOST/PATH")
    if parts.username is not None or " " in url:
        raise ConfigError("[channel] url holds a user or a space; prove who sends with [channel] secret instead")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ConfigError(f"[channel] url: http to {host} would be read on the way; write https")
    return parts


def _connection(parts: SplitResult, timeout: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return HTTPSConnection(host, parts.port, timeout=timeout, context=ssl.create_default_context())
    return HTTPConnection(host, parts.port, timeout=timeout)


def _cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or type(error).__name__
