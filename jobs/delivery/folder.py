"""Editions as files. Writing the same one again changes nothing, so a folder knows no doubt."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.delivery.outcome import Ending, deferred, failed, sent
from jobs.exits import ConfigError
from jobs.paths import settled_path
from jobs.settings import Form

if TYPE_CHECKING:
    from jobs.delivery.parcel import Parcel

OWN = "digests"  # where a folder without a path is: beside the settings
ENDINGS = {Form.TEXT: "txt", Form.HTML: "html", Form.MARKDOWN: "md", Form.JSON: "json"}


def folder_of(path: str, beside: Path) -> Path:
    """Where a channel's files go: relative to the settings, or to somebody's home. Raises `ConfigError`."""
    try:
        return settled_path(beside, path or OWN)
    except ConfigError as error:
        raise ConfigError(f"[channel] path: {error}") from error


def put_into(folder: Path, parcel: Parcel, form: Form) -> Ending:
    """Write the edition's file: whole or not at all. Another edition under its name is never written over."""
    path = folder / f"{parcel.name}.{ENDINGS[form]}"
    data = parcel.write(form).encode("utf-8", "replace")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file() and parcel.kind != "test":  # a test is to see whether it can be written
            if path.read_bytes() == data:
                return sent(f"{path} is there already")
            return failed(f"{path} is there and is another edition; move it away, then `spywire digest resend`")
        _write(path, data)
    except OSError as error:
        return deferred(f"cannot write {path}: {error.strerror}; see [channel] path")
    return sent(str(path))


def _write(path: Path, data: bytes) -> None:
    """Beside its place, to the disk, then into its place: whoever looks sees all of it, or nothing yet."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
