"""What goes to standard error: a plain line for a person, or one JSON object a line for whoever collects logs.

Secrets are cut out of both, and out of run records: `hide` is told of each as soon as it is read.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "[hidden]"
SHORTEST = 3  # characters of a secret; what is shorter would cut words to pieces
LONGEST = 2000  # characters of a line
VARIABLE = "SPYWIRE_LOG"
QUIET = ("scrapy", "twisted", "asyncio", "py.warnings")  # whatever they would say is in the report of the crawl
LEVELS = ("debug", "info", "warning", "error")


class LogForm(StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


class Log:
    """One for a process. In text only warnings and errors are said; as JSON every event is."""

    def __init__(self) -> None:
        self.form = LogForm.TEXT
        self.job = ""
        self.verbose = False  # events too, where lines are text
        self.run: int | None = None
        self._secrets: set[str] = set()

    @property
    def structured(self) -> bool:
        """Whether lines are JSON."""
        return self.form is LogForm.JSON

    def hide(self, secrets: Iterable[str]) -> None:
        """Never let these be seen, nor as they look in a URL."""
        for secret in secrets:
            forms = {secret, quote(secret, safe=""), unquote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
            self._secrets |= {form for form in forms if len(form) >= SHORTEST}

    def redact(self, text: str) -> str:
        """The text without any secret."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def event(self, name: str, message: str = "", *, level: str = "info", source: str = "", **fields: Any) -> None:
        """Something happened. `message` is for a person; `fields` are for programs."""
        from crawler.text import clean_line

        message = clean_line(self.redact(message), limit=LONGEST)
        if self.structured:
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "level": level,
                "job": self.job,
                "run": self.run,
                "source": source or None,
                "event": name,
                **({"message": message} if message else {}),
                **{key: self.redact(value) if isinstance(value, str) else value for key, value in fields.items()},
            }
            sys.stderr.write(json.dumps(line, ensure_ascii=True, default=str) + "\n")
        elif message and (self.verbose or level in {"warning", "error"}):
            sys.stderr.write(f"spywire: {message}\n")
        else:
            return
        sys.stderr.flush()


LOG = Log()


class _Libraries(logging.Handler):
    """What the libraries have to say, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(QUIET):
            return
        try:
            message = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                message += f": {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            level = record.levelname.lower() if record.levelname.lower() in LEVELS else "error"
            LOG.event(f"log.{record.name}", message, level=level)
        except Exception:  # noqa: BLE001 - as every handler of the standard library
            self.handleError(record)


def start_log(form: str | None) -> None:
    """Begin to log in the form that was asked for, by option or by `SPYWIRE_LOG`. Raises `ValueError`."""
    LOG.form = LogForm(form or os.environ.get(VARIABLE) or LogForm.TEXT)
    if not any(isinstance(handler, _Libraries) for handler in logging.root.handlers):
        logging.root.addHandler(_Libraries(level=logging.WARNING))


def secrets_of(settings: Any) -> list[str]:
    """Every secret in the settings: what is typed as one, at any depth, and the password of the database."""
    from pydantic import BaseModel, SecretStr

    if isinstance(settings, SecretStr):
        return [settings.get_secret_value()]
    if isinstance(settings, BaseModel):
        found = [secret for _, value in settings for secret in secrets_of(value)]
        url = getattr(getattr(settings, "storage", None), "url", "")
        return found + [password for password in _passwords(url) if password]
    if isinstance(settings, dict):
        return [secret for value in settings.values() for secret in secrets_of(value)]
    if isinstance(settings, (list, tuple)):
        return [secret for value in settings for secret in secrets_of(value)]
    return []


def _passwords(url: str) -> list[str]:
    """Of a database: before its host, and as a parameter."""
    place, _, query = url.partition("://")[2].partition("?")
    before, at, _ = place.rpartition("@")
    given = parse_qs(query)
    return [before.partition(":")[2] if at else "", *given.get("password", []), *given.get("sslpassword", [])]
