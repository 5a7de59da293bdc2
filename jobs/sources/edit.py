"""Writes tables at the end of `sources.toml`. Not a byte of what stands there is touched."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from crawler.urls import url_key
from jobs.exits import ConfigError
from jobs.home import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawler.sources import Source
    from jobs.home import Home

PATIENCE = timedelta(seconds=10)  # for somebody else who writes


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A table to be written, its values as they stand in the file. `remark` becomes a comment behind the URL."""

    name: str
    url: str
    kind: str | None = None
    every: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    why: str = ""
    expect_per_day: float | str | None = None
    render: bool | str = False
    keep_flagged: str | None = None
    keep_rejected: str | None = None
    excerpt: int | str | None = None
    family: str | None = None
    remark: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The keys that say something: an excerpt of 0 does."""
        said = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in {"name", "remark"}}
        said["tags"] = list(self.tags)
        return {key: value for key, value in said.items() if value or (key == "excerpt" and value is not None)}


def named_by_url(sources: Iterable[Source]) -> dict[str, str]:
    """The name of the source at each URL's identity."""
    return {identity(source.url): source.name for source in sources}


def identity(url: str) -> str:
    """What two spellings of one source's URL have in common. An archive on this machine is its own."""
    return url if url.startswith("file:") else url_key(url)


@contextmanager
def editing(home: Home) -> Iterator[Path]:
    """The home's catalogue, to be read, decided upon and written by nobody else meanwhile. Raises `BusyError`."""
    with locked(home, "sources", wait=PATIENCE):
        yield home.sources_file


def toml_of(entry: Entry) -> str:
    """The table as it is written."""
    table = tomlkit.table()
    for key, value in entry.values.items():
        table.add(key, value)
    if entry.remark:
        table["url"].comment(entry.remark)
    document = tomlkit.document()
    document.add(entry.name, table)
    return tomlkit.dumps(document)


def append(path: Path, entries: Sequence[Entry]) -> None:
    """Add the tables, or leave the file as it was. Raises `ConfigError` when it cannot be written."""
    try:
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
        newline = "\r\n" if "\r\n" in before else "\n"
        if before and not before.endswith("\n"):
            before += newline
        added = "\n".join(toml_of(entry) for entry in entries).replace("\n", newline)
        _replace(path, (before + newline if before else "") + added)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    """In one step: whoever reads the file meanwhile sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()  # a link to a shared catalogue stays a link
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
