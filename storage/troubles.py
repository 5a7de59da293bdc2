"""A database that fails: its address without a secret, the cause in a line, and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.errors import StorageError

if TYPE_CHECKING:
    from sqlalchemy import URL

_SECRETS = frozenset({"password", "passfile", "sslpassword"})  # parameters of libpq
_ROOM = "make room on its disk, then run the same again"
_BACKUP = "`spywire db check` says what is left; `spywire db restore FILE` puts a backup back"
_RIGHTS = "give the user that runs spywire the right to write the file and its folder"
_CURES = {
    "disk is full": _ROOM,
    "no space left": _ROOM,
    "not a database": _BACKUP,
    "malformed": _BACKUP,
    "readonly": _RIGHTS,
    "read-only": _RIGHTS,
    "permission denied": _RIGHTS,
    "unable to open": "see that its folder is there, that you may write it, and that its disk has room",
}


def shown(url: URL) -> str:
    """The URL without its password, wherever that stands."""
    hidden = {name: "***" for name in url.query if name.lower() in _SECRETS}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


def shown_text(url: str) -> str:
    """The same of a URL as it is written."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return shown(make_url(url))
    except (ArgumentError, ValueError):
        return "(not a database URL)"


def cause(error: Exception) -> str:
    """What the database said, in one line."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def cure(error: Exception, otherwise: str) -> str:
    """What to do about it."""
    said = cause(error).lower()
    return next((remedy for sign, remedy in _CURES.items() if sign in said), otherwise)


def cannot_open(url: URL, error: Exception, *, named_by: str = "[storage] url") -> StorageError:
    """The error of a database that does not open."""
    remedy = cure(error, f"check {named_by}")
    return StorageError(f"cannot open the database {shown(url)}: {cause(error)}; {remedy}")
