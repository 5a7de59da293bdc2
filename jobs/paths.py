"""Files and folders as the settings name them."""

from __future__ import annotations

from pathlib import Path

from jobs.exits import ConfigError


def settled_path(beside: Path, name: str) -> Path:
    """Where something lies that a setting names: beside the settings, in somebody's home (~/...), or anywhere.

    Raises `ConfigError` where nobody knows whose home is meant.
    """
    try:
        return beside / Path(name).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"nobody knows where {name} is; write a whole path such as /srv/spywire") from error
