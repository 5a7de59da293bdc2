"""An edition as a JSON document, and back: what is stored, and what programs are given. Schema 2 of docs/forms.md."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from jobs.digest.edition import Edition
from jobs.digest.plain import web_url
from jobs.exits import CommandError, Exit
from storage.records import DateSource, LinkState, PollState

SCHEMA = 2  # raised when a field changes its meaning or goes; a new field does not raise it

# What the fields' types are called in a module that imports them for the type checker only.
_TYPES = {"datetime": datetime, "DateSource": DateSource, "LinkState": LinkState, "PollState": PollState}


class DocumentError(CommandError):
    """A document is no edition that this version can read."""

    exit = Exit.STORAGE


def to_document(edition: Edition) -> dict[str, Any]:
    """The edition in JSON's own types. `from_document` gives an equal one.

    Times are RFC 3339 in UTC. An address that is not the web's is null in `url`; where `url` is not what the page
    wrote, `address` has that, as text that is not to be followed.
    """
    return {"schema": SCHEMA, **_written(edition)}


def from_document(document: dict[str, Any]) -> Edition:
    """The edition of a document. Names it does not know are left alone, missing ones are as in a new edition."""
    schema = document.get("schema")
    if not isinstance(schema, int) or not 1 < schema <= SCHEMA:
        raise DocumentError(f"an edition of schema {schema}, this spywire reads {SCHEMA}: install the newer spywire")
    try:
        edition: Edition = _read(Edition, document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DocumentError(f"no edition: {error!r}; it was not written by spywire, or was changed since") from error
    return edition


def _written(value: Any) -> Any:
    if is_dataclass(value):
        found = {field.name: _written(getattr(value, field.name)) for field in fields(value)}
        return found | _address(found["url"]) if "url" in found else found
    if isinstance(value, tuple):
        return [_written(inner) for inner in value]
    if isinstance(value, datetime):
        return _moment(value)
    return str(value) if isinstance(value, StrEnum) else value


def _address(url: str) -> dict[str, str | None]:
    safe = web_url(url)
    return {"url": safe} if safe == url else {"url": safe, "address": url}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, localns=_TYPES)


def _read(kind: Any, document: dict[str, Any]) -> Any:
    hints, values = _hints(kind), dict[str, Any]()
    for field in fields(kind):
        if field.name in document:
            values[field.name] = _value(hints[field.name], document[field.name])
        elif field.default is MISSING:
            raise KeyError(field.name)
    if "address" in document:
        values["url"] = document["address"]
    return kind(**values)


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is UnionType:
        return None if value is None else _value(get_args(hint)[0], value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], inner) for inner in value)
    if is_dataclass(hint):
        return _read(hint, value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is str and value is None:  # an address beside which `address` stands
        return ""
    return hint(value)
