"""The environment that another scheduler has to give us: what is set here and nowhere else would be missing there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.log import secrets_of
from jobs.settings import Settings, Storage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from jobs.home import Home

SETTING = re.compile(r"SPYWIRE_[A-Z0-9_]+?__[A-Z0-9_-]+", re.IGNORECASE)
FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")  # where a home is that nobody named
TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # whose certificates are believed
LOGS = "SPYWIRE_LOG"
FILE = "_FILE"
SECRET = ("password", "secret", "ping_url", "url")  # keys


@dataclass(frozen=True, kw_only=True)
class Variables:
    """What may be written down, and the names of what may not, since others could read it there."""

    values: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()  # they hold a line break, which no unit can


NONE = Variables(values={})


def variables_of(environment: Mapping[str, str], home: Home, secrets: Collection[str]) -> Variables:
    """The variables that are set, and that a job in this home goes by. `secrets` are those of the settings in force."""
    own = () if home.config == home.data == home.state else FOLDERS
    names = sorted(name for name in environment if SETTING.fullmatch(name) or name in (*own, *TRUST, LOGS))
    hidden = tuple(name for name in names if _is_secret(name, environment[name], secrets))
    broken = tuple(name for name in names if name not in hidden and not environment[name].isprintable())
    values = {name: environment[name] for name in names if name not in (*hidden, *broken)}
    paths = {name: str(Path(value).absolute()) for name, value in values.items() if value and _is_path(name)}
    return Variables(values=values | paths, secrets=hidden, broken=broken)


def _is_path(name: str) -> bool:
    return name in (*FOLDERS, *TRUST) or name.endswith(FILE)


def _is_secret(name: str, value: str, secrets: Collection[str]) -> bool:
    """By its name, or because a secret stands in it. The address of a database is one when it holds a password."""
    if _is_path(name) or not SETTING.fullmatch(name):
        return False
    if any(secret in value for secret in secrets if secret):
        return True
    if name.upper() == "SPYWIRE_STORAGE__URL":
        return any(secrets_of(Settings(storage=Storage(url=value))))
    return name.lower().rpartition("__")[2] in SECRET
