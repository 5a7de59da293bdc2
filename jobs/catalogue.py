"""The sources an operator wrote down."""

from __future__ import annotations

import re
from datetime import timedelta  # noqa: TC003 - pydantic reads it
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    ValidationInfo,
)

from crawler.sources import Source, SourceKind
from crawler.urls import absolute_url
from jobs.exits import ConfigError, UsageError
from jobs.spans import kept, span
from jobs.toml import read_toml
from storage.records import FOREVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jobs.toml import TomlFile

NO_BROWSER = (
    "source {name}: render = true needs the extra `render`, which is not installed: "
    "pip install 'spywire[render]', or take render out"
)
ROOT = "https://catalogue.invalid/"  # what a relative URL would be resolved against: nothing


def _url(value: Any, table: ValidationInfo) -> Any:
    if table.data.get("kind") is SourceKind.ARCHIVE:
        return _archive_url(value)
    if not isinstance(value, str) or not re.match(r"https?://[^/]", value) or absolute_url(ROOT, value) is None:
        raise ValueError("a source is an http or https URL")
    return value


def _archive_url(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("file:///"):
        raise ValueError("an archive is a file, a folder or a pattern on this machine, such as file:///data/*.warc.gz")
    return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SourceKind | None = None  # before `url`, which goes by it
    url: Annotated[str, BeforeValidator(_url)]
    every: Annotated[timedelta | None, BeforeValidator(span)] = None
    language: str | None = Field(None, pattern="^[a-z]{2,3}$")
    expect_per_day: float | None = Field(None, gt=0)
    render: StrictBool = False
    tags: tuple[str, ...] = ()
    why: str = ""
    keep_flagged: Annotated[timedelta | None, BeforeValidator(kept)] = None
    keep_rejected: Annotated[timedelta | None, BeforeValidator(kept)] = None
    excerpt: StrictInt | None = Field(None, ge=0, le=100_000)
    family: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")


def read_sources(path: Path) -> tuple[Source, ...]:
    """Every source of the file, in its order. Raises `ConfigError` with file, line, key and what is allowed."""
    if not path.exists():
        raise ConfigError(f"there is no {path}: `spywire init` writes one with sources to start from")
    sources = known_sources(path)
    if not sources:
        raise ConfigError(f"{path} names no source: add a table with a url")
    return sources


def known_sources(path: Path) -> tuple[Source, ...]:
    """The same, where a file without a source, or none at all, is a beginning and no mistake."""
    sources, broken = sound_sources(path)
    if broken:
        raise ConfigError(next(iter(broken.values())))
    return sources


def sound_sources(path: Path) -> tuple[tuple[Source, ...], dict[str, str]]:
    """The sources that are well, and by name what is wrong with each of the others: one mistake stops one source.

    Raises `ConfigError` if the file cannot be read at all.
    """
    if not path.exists():
        return (), {}
    file = read_toml(path)
    sources, broken = [], {}
    for name, table in file.values.items():
        try:
            sources.append(_source(file, name, table))
        except ConfigError as error:
            broken[name] = str(error)
    return tuple(sources), broken


def pollable_sources(path: Path) -> tuple[tuple[Source, ...], dict[str, str]]:
    """The same, where a source that needs a browser is not well while the extra for it is not installed."""
    sources, broken = sound_sources(path)
    if any(source.render for source in sources) and find_spec("scrapy_playwright") is None:
        broken |= {source.name: NO_BROWSER.format(name=source.name) for source in sources if source.render}
        sources = tuple(source for source in sources if not source.render)
    return sources, broken


def guarded_sources(path: Path) -> tuple[tuple[Source, ...], dict[str, str]]:
    """The same as `sound_sources`, with a stand-in for each source that is not well.

    What was agreed about its text cannot be read, and may have been the strictest: it is kept for ever, and none of it
    is shown to others.
    """
    sources, broken = sound_sources(path)
    if not broken:
        return sources, broken
    tables = read_toml(path).values
    return (*sources, *(_stand_in(name, tables.get(name)) for name in broken)), broken


def _stand_in(name: str, table: Any) -> Source:
    """A source of which only kind and tags are believed."""
    known = table if isinstance(table, dict) else {}
    tags = known.get("tags")
    return Source(
        name=name,
        url=ROOT,
        kind=SourceKind.ARCHIVE if _of_files(known) else None,
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        keep_flagged=FOREVER,
        keep_rejected=FOREVER,
        excerpt=0,
    )


def _of_files(table: dict[str, Any]) -> bool:
    return table.get("kind") == SourceKind.ARCHIVE or str(table.get("url", "")).lower().startswith("file:")


def _source(file: TomlFile, name: str, table: Any) -> Source:
    if not isinstance(table, dict):
        raise ConfigError(f"{file.where(name)}: {name} is not a source; a source is a table: [{name}] with a url")
    try:
        parsed = _Table.model_validate(table)
    except ValidationError as error:
        raise ConfigError(_first_mistake(error, name, file.where)) from error
    return Source(name=name, **dict(parsed))


def mistake(table: Mapping[str, Any]) -> str | None:
    """What is wrong with the table of a source, in words; None if nothing is."""
    try:
        _Table.model_validate(dict(table))
    except ValidationError as error:
        first = error.errors()[0]
        return f"{first['loc'][0]}: {_said(first['msg'])}"
    return None


def pick(sources: Sequence[Source], names: Sequence[str]) -> tuple[Source, ...]:
    """The sources of these names, or all. Raises `UsageError` for a name there is not."""
    known = {source.name: source for source in sources}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no source {name}; there are {', '.join(sorted(known))}")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else tuple(sources)


def _first_mistake(error: ValidationError, name: str, where: Any) -> str:
    found = error.errors()  # a key that nobody knows may be the one that another mistake misses, with a slip in it
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_Table.model_fields))
        return f"{where(name, key)}: unknown key {key} in [{name}]; allowed are {allowed}"
    if first["type"] == "missing":
        return f"{where(name)}: [{name}] has no {key}"
    return f"{where(name, key)}: [{name}] {key}: {_said(first['msg'])}, not {first['input']!r}"


def _said(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:]
