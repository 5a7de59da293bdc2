"""The edition for programs: schema version 1, documented in docs/digest.md."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobs.digest.plain import web_url

if TYPE_CHECKING:
    from jobs.digest.edition import Edition

SCHEMA = 1  # raised when a field changes its meaning or goes; a new field does not raise it


def as_json(edition: Edition) -> str:
    """Times in RFC 3339, UTC, to the second. An address that is not the web's is null."""
    document = {"schema": SCHEMA, **asdict(edition)}
    return json.dumps(_plain(document), ensure_ascii=False, indent=2) + "\n"


def _plain(value: object, name: str = "") -> object:
    """The value in JSON's own types."""
    if isinstance(value, dict):
        return {key: _plain(inner, key) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return web_url(value) if name == "url" and isinstance(value, str) else value
