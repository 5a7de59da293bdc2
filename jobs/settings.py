"""Every setting, read once at the edge: defaults, then `spywire.toml`, then the environment, then `*_FILE` secrets."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network  # noqa: TC003 - pydantic reads it
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from jobs.exits import ConfigError
from jobs.spans import kept_text
from jobs.toml import TomlFile, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.home import Home

PREFIX = "SPYWIRE_"
FILE = "_FILE"


def _listed(value: Any) -> Any:
    """A list in an environment variable may be written with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Section(BaseModel):
    """A table of the file. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Fetch(Section):
    """How pages are fetched."""

    contact: str = Field("", description="An e-mail address or URL, sent with every request: who to ask about it.")
    user_agent: str = Field(
        "", description="Sent with every request. Empty: spywire/VERSION, with the contact if there is one."
    )
    delay: float = Field(2.0, ge=0, le=3600, description="Seconds between two requests to the same host.")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds until a request is given up.")
    concurrency: int = Field(32, ge=1, le=1000, description="Requests under way at once, to different hosts.")
    max_bytes: int = Field(16 * 1024 * 1024, ge=1024, description="Longest answer that is read, in bytes, unpacked.")
    pages_per_source: int = Field(
        500, ge=1, le=100_000, description="Pages of one source that a crawl fetches; the rest waits for the next one."
    )
    allow_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_listed)] = Field(
        (), description="Networks that may be reached though they are not public, such as 10.0.0.0/8."
    )
    allow_ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], BeforeValidator(_listed)] = Field(
        (80, 443), description="Ports that may be reached."
    )
    browser: str = Field(
        "", description="Path of a Chromium, for sources with `render = true`. Empty: the one Playwright brings."
    )

    @property
    def agent(self) -> str:
        """The user agent as it is sent."""
        contact = f" (+{self.contact})" if self.contact else ""
        return self.user_agent or f"spywire/{version('spywire')}{contact}"


class Storage(Section):
    """Where everything is remembered."""

    url: str = Field(
        "",
        description="sqlite:///FILE (relative to the settings) or postgresql+psycopg://HOST/NAME. Empty: spywire.db.",
    )


class Gate(Section):
    """Who judges."""

    model: str = Field("", description="The folder of a model of your own. Empty: the one that came with the program.")
    processes: int = Field(0, ge=0, le=256, description="Worker processes. 0: one per core.")
    deadline: float = Field(10.0, gt=0, le=600, description="Seconds until a page's extraction and judging is killed.")
    memory_mb: int = Field(1536, ge=512, description="Memory a worker may have, in MiB.")


class Digest(Section):
    """What the digest shows."""

    title: str = Field("Espionage watch", description="Its headline.")
    max_stories: int = Field(60, ge=1, le=1000, description="Stories shown in full; the rest is counted.")


class Retention(Section):
    """How long what is stored is kept."""

    keep_flagged: Annotated[str, AfterValidator(kept_text)] = Field(
        "forever",
        description="Text of articles that were flagged, held or labelled: 2y, 30d, forever. A source may differ.",
    )
    keep_rejected: Annotated[str, AfterValidator(kept_text)] = Field(
        "30d", description="Text of rejected articles. Their metadata and verdicts always stay."
    )
    keep_polls: Annotated[str, AfterValidator(kept_text)] = Field(
        "90d", description="Records of polls that brought nothing."
    )


class Settings(Section):
    """Everything an operator can set."""

    fetch: Fetch = Field(default_factory=Fetch)
    storage: Storage = Field(default_factory=Storage)
    gate: Gate = Field(default_factory=Gate)
    digest: Digest = Field(default_factory=Digest)
    retention: Retention = Field(default_factory=Retention)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The settings in force, and where each one that is not a default comes from."""

    settings: Settings
    origins: dict[tuple[str, ...], str]

    def origin(self, *keys: str) -> str:
        """`default`, a file with its line, or an environment variable."""
        return self.origins.get(keys, "default")


def load_settings(home: Home, environment: Mapping[str, str]) -> Configuration:
    """Read the settings of a home. Raises `ConfigError` with place, key and what is allowed."""
    file = read_toml(home.settings_file) if home.settings_file.exists() else None
    values: dict[str, Any] = {}
    origins: dict[tuple[str, ...], str] = {}
    for keys, value, origin in [*_from_file(file), *_from_environment(environment)]:
        _check_known(keys, origin)
        values.setdefault(keys[0], {})[keys[1]] = value
        origins[keys] = origin
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_first_mistake(error, origins)) from error
    return Configuration(settings=_anchored(settings, home), origins=origins)


def _from_file(file: TomlFile | None) -> list[tuple[tuple[str, ...], Any, str]]:
    if file is None:
        return []
    found: list[tuple[tuple[str, ...], Any, str]] = []
    for section, table in file.values.items():
        _check_known((section,), file.where(section))
        if not isinstance(table, dict):
            raise ConfigError(f"{file.where(section)}: [{section}] is a table of keys, not {table!r}")
        found.extend(((section, key), value, file.where(section, key)) for key, value in table.items())
    return found


def _from_environment(environment: Mapping[str, str]) -> list[tuple[tuple[str, ...], Any, str]]:
    found: list[tuple[tuple[str, ...], Any, str]] = []
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX) or "__" not in name:
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        if name.endswith(FILE) and key not in _keys(section):
            key = key.removesuffix(FILE.lower())
            found.append(((section, key), _secret(name, text), f"${name} -> {text}"))
        else:
            found.append(((section, key), _value(text), f"${name}"))
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
    return sorted(field.annotation.model_fields) if field and field.annotation else []


def _check_known(keys: tuple[str, ...], origin: str) -> None:
    sections = sorted(Settings.model_fields)
    if keys[0] not in sections:
        raise ConfigError(f"{origin}: unknown section [{keys[0]}]; allowed are {', '.join(sections)}")
    if len(keys) > 1 and keys[1] not in _keys(keys[0]):
        allowed = ", ".join(_keys(keys[0]))
        raise ConfigError(f"{origin}: unknown key {keys[1]} in [{keys[0]}]; allowed are {allowed}")


def _first_mistake(error: ValidationError, origins: Mapping[tuple[str, ...], str]) -> str:
    mistake = error.errors()[0]
    keys = tuple(str(part) for part in mistake["loc"][:2])
    message = mistake["msg"][0].lower() + mistake["msg"][1:]
    shown = "" if keys == ("storage", "url") else f", not {mistake['input']!r}"
    return f"{origins.get(keys, 'settings')}: [{keys[0]}] {'.'.join(keys[1:])}: {message}{shown}"


def _anchored(settings: Settings, home: Home) -> Settings:
    url = settings.storage.url or home.database_url
    path = url.removeprefix("sqlite:///")
    if path != url and not path.startswith("/") and path != ":memory:":
        url = f"sqlite:///{home.config / path}"
    gate = settings.gate
    if gate.model:
        gate = gate.model_copy(update={"model": str(home.config / Path(gate.model).expanduser())})
    return settings.model_copy(update={"storage": Storage(url=url), "gate": gate})
