"""Reading the settings; every mistake is told with its place."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from jobs.exits import ConfigError
from jobs.paths import settled_path
from jobs.settings.sections import Settings, Storage
from jobs.settings.teams import Channel, ChannelKind, Profile
from jobs.toml import TomlFile, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.home import Home

PREFIX = "SPYWIRE_"
FILE = "_FILE"
DAILY, DIGESTS = "daily", "digests"  # the profile and the channel that are there when no profile is
NAMED = {"profile": Profile, "channel": Channel}  # sections that hold a table for each name


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings in force, and where each one that is not a default comes from."""

    settings: Settings
    origins: dict[tuple[str, ...], str]

    def origin(self, *keys: str) -> str:
        """`default`, a file with its line, or an environment variable."""
        return self.origins.get(keys, "default")


_Tables = list[tuple[tuple[str, ...], dict[str, Any]]]


def load_settings(home: Home, environment: Mapping[str, str]) -> Configuration:
    """Read the settings of a home. Raises `ConfigError` with place, key and what is allowed."""
    file = read_toml(home.settings_file) if home.settings_file.exists() else None
    values: dict[str, Any] = {}
    origins: dict[tuple[str, ...], str] = {}
    begun: dict[tuple[str, ...], str] = {}  # where a table is written down first
    tables = _tables(file) if file else []
    for path, _ in tables:
        _put(values, path, {})  # a profile may be its defaults and nothing else
        begun[path] = file.where(*path) if file else ""
    for keys, value, origin in [*_from_file(file, tables), *_from_environment(environment)]:
        _check_known(keys, origin)
        _put(values, keys, value)
        origins[keys] = origin
        begun.setdefault(keys[:-1], origin)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_first_mistake(error, begun | origins)) from error
    return Configuration(settings=_anchored(settings, home), origins=origins)


def _put(values: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        values = values.setdefault(key, {})
    values[keys[-1]] = value


def _from_file(file: TomlFile | None, tables: _Tables) -> list[tuple[tuple[str, ...], Any, str]]:
    if file is None:
        return []
    return [((*path, key), value, file.where(*path, key)) for path, table in tables for key, value in table.items()]


def _tables(file: TomlFile) -> _Tables:
    """The tables of keys: `[digest]`, and `[profile.cert]` for sections that hold one for each name."""
    found: _Tables = []
    for section, table in file.values.items():
        _check_known((section,), file.where(section))
        _check_table(file, (section,), table)
        if section in NAMED:
            for name, inner in table.items():
                _check_table(file, (section, name), inner)
                found.append(((section, name), inner))
        else:
            found.append(((section,), table))
    return found


def _check_table(file: TomlFile, path: tuple[str, ...], table: Any) -> None:
    if not isinstance(table, dict):
        hint = f"; write [{path[0]}.NAME] and the keys under it" if path[0] in NAMED else ""
        raise ConfigError(f"{file.where(*path)}: [{'.'.join(path)}] is a table of keys, not a single value{hint}")


def _from_environment(environment: Mapping[str, str]) -> list[tuple[tuple[str, ...], Any, str]]:
    found: list[tuple[tuple[str, ...], Any, str]] = []
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX) or "__" not in name:
            continue
        keys = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if name.endswith(FILE) and keys[-1] not in _keys(keys[0]):
            keys = (*keys[:-1], keys[-1].removesuffix(FILE.lower()))
            found.append((keys, _secret(name, text), f"${name} -> {text}"))
        else:
            found.append((keys, _value(text), f"${name}"))
    return found


def _secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"${name} names {path}, which cannot be read: {error}") from error


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _keys(section: str) -> list[str]:
    field = Settings.model_fields.get(section)
    model: Any = NAMED.get(section) or (field.annotation if field else None)
    return sorted(model.model_fields) if model else []


def _check_known(keys: tuple[str, ...], origin: str) -> None:
    sections = sorted(Settings.model_fields)
    if keys[0] not in sections:
        raise ConfigError(f"{origin}: unknown section [{keys[0]}]; allowed are {', '.join(sections)}")
    depth = 3 if keys[0] in NAMED else 2
    if len(keys) > 1 and (len(keys) != depth or keys[-1] not in _keys(keys[0])):
        section = ".".join(keys[: depth - 1])
        raise ConfigError(
            f"{origin}: unknown key {'.'.join(keys[depth - 1 :]) or keys[-1]} in [{section}]; "
            f"allowed are {', '.join(_keys(keys[0]))}"
        )


def _first_mistake(error: ValidationError, places: Mapping[tuple[str, ...], str]) -> str:
    mistake = error.errors()[0]
    keys = tuple(str(part) for part in mistake["loc"][: 3 if mistake["loc"][0] in NAMED else 2])
    said = mistake["msg"]
    ours = mistake["type"] == "value_error"
    message = said.removeprefix("Value error, ") if ours else said[0].lower() + said[1:]
    if keys[-1] == "[key]":  # the name of a table, as pydantic has it
        return f"{places.get(keys[:-1], 'settings')}: [{'.'.join(keys[:-1])}]: {message}"
    shown = "" if _is_secret(keys) else f", not {mistake['input']!r}"
    return f"{places.get(keys, 'settings')}: [{'.'.join(keys[:-1])}] {keys[-1]}: {message}{shown}"


def _is_secret(keys: tuple[str, ...]) -> bool:
    return keys[-1] in {"url", "secret", "password", "ping_url"}


def _anchored(settings: Settings, home: Home) -> Settings:
    url = settings.storage.url or home.database_url
    path = url.removeprefix("sqlite:///")
    if path != url and not path.startswith("/") and path != ":memory:":
        url = f"sqlite:///{home.config / path}"
    gate = settings.gate
    if gate.model:
        gate = gate.model_copy(update={"model": str(settled_path(home.config, gate.model))})
    return _with_a_profile(settings.model_copy(update={"storage": Storage(url=url), "gate": gate}), home)


def _with_a_profile(settings: Settings, home: Home) -> Settings:
    """Without a profile there is one that asks for everything and is written into a folder of the home."""
    if settings.profile:
        return settings
    daily = Profile(channels=(DIGESTS,))
    folder = settings.channel.get(DIGESTS) or Channel(kind=ChannelKind.FOLDER, path=str(home.data / DIGESTS))
    return settings.model_copy(
        update={"profile": {DAILY: daily}, "channel": settings.channel | {DIGESTS: folder}},
    )
