"""Files into a folder: only those whose bytes changed, each in one step; those of ours that are over go."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from jobs.exits import BusyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "spywire-site.json"  # what is ours in the folder
LOCK = ".spywire-site.lock"
PART = ".spywire-site.part"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of a folder."""

    files: int
    written: int
    removed: int
    bytes: int


def publish(folder: Path, files: Mapping[str, bytes]) -> Written:
    """Make the folder hold these files, in their order. Nothing else in it is touched.

    Whatever moment it is stopped at, every file is whole and the next time puts it right. Raises `UsageError` for a
    folder that holds something else, `BusyError` when another process is at it.
    """
    from filelock import FileLock, Timeout

    _make(folder)
    try:
        with FileLock(folder / LOCK, timeout=0):
            return _publish(folder, files)
    except Timeout as error:
        raise BusyError(f"another `spywire site build` is writing {folder}; wait for it to end") from error
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or folder}: {error.strerror}; name another folder") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        inside = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise UsageError(f"cannot use {folder}: {error.strerror}; name another folder") from error
    if inside - {LOCK, PART} and MANIFEST not in inside:
        raise UsageError(f"{folder} holds files that are not ours; name an empty folder, or one that was built before")


def _publish(folder: Path, files: Mapping[str, bytes]) -> Written:
    before = _ours(folder)
    _note(folder, before | set(files))  # before the first of them is there: so none is ever forgotten
    changed = size = 0
    for name, content in files.items():
        changed += _put(folder, name, content)
        size += len(content)
    over = sorted(before - set(files))
    for name in over:
        _remove(folder, name)
    _note(folder, set(files))
    return Written(files=len(files), written=changed, removed=len(over), bytes=size)


def _ours(folder: Path) -> set[str]:
    """What we wrote before. A manifest that somebody changed can name nothing outside the folder."""
    try:
        names = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {name for name in names if isinstance(name, str) and _inside(name)}
    except FileNotFoundError:
        return set()
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / MANIFEST} is damaged ({error}); empty the folder and build it again") from error


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and path.parts != () and not {"..", "."} & set(path.parts) and "\\" not in name


def _note(folder: Path, names: set[str]) -> None:
    _put(folder, MANIFEST, (json.dumps({"files": sorted(names)}, indent=0) + "\n").encode())


def _put(folder: Path, name: str, content: bytes) -> bool:
    """Whether the file had to be written."""
    path = folder / name
    with suppress(FileNotFoundError):
        if path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = folder / PART
    part.write_bytes(content)
    part.replace(path)
    return True


def _remove(folder: Path, name: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    for parent in path.relative_to(folder).parents[:-1]:
        with suppress(OSError):  # not empty
            (folder / parent).rmdir()
